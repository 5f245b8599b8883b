"""The measurements as Markdown tables."""

from typing import Any

from adsmtl.analysis.markup import TextTable, markdown

_AXES = {
    "replicas": ("R", "How cost grows with the replicas trained at once (vision and speech)"),
    "batch": ("batch", "How cost grows with the batch (vision)"),
    "tasks": ("tasks", "How cost grows with the number of tasks"),
    "data": ("images", "How cost grows with the amount of data (vision)"),
}


def render(result: dict[str, Any]) -> str:
    """The whole page."""
    machine = result["machine"]
    title = "# Benchmarks" + (", quick mode: the numbers mean nothing" if result["quick"] else "")
    where = (
        f"{machine['name']}, {machine['threads']} threads for every contender, products in "
        f"{machine['precision']}; load average {_number(result['load_average']['before'])} before."
    )
    parts = [title, where, _versions(result), _note(result)]
    parts += [markdown(_comparison(group)).strip() for group in result["comparisons"]]
    parts += [markdown(_series(group)).strip() for group in result["series"]]
    return "\n\n".join(parts) + "\n"


def _versions(result: dict[str, Any]) -> str:
    found: dict[str, str] = {"Python": result["machine"]["python"]}
    for group in result["comparisons"] + result["series"]:
        for record in group["records"]:
            found |= (record["facts"] or {}).get("versions", {})
    return "Versions: " + ", ".join(f"{name} {version}" for name, version in found.items()) + "."


def _note(result: dict[str, Any]) -> str:
    data = ", ".join(result["data"])
    return (
        f"Data: {data}. Median (smallest to largest) over n repetitions; contenders take turns. "
        "Speed-ups are medians of ratios within a round. The share is the contender's training "
        "FLOPs, counted from the shapes, over the rate of large products measured in the same "
        "round. Memory is the largest resident memory of the contender's process."
    )


def _comparison(group: dict[str, Any]) -> TextTable:
    columns = ["", "examples/s", "times plain", "share of products", "memory (MiB)", "n", "device"]
    rows, products = [], None
    for record in group["records"]:
        if record["contender"] == "products":
            products = record
            continue
        if record["reason"]:
            rows.append([record["label"], record["reason"], "", "", "", "", ""])
            continue
        rows.append(
            [
                record["label"],
                _spread(record["examples_per_second"]),
                _spread(record["times_plain"]),
                _spread(record["share_of_products"], 100, " %"),
                _memory(record),
                str(record["seconds"]["n"]),
                record["facts"]["device"],
            ]
        )
    notes = [] if products is None else [_products(products)]
    return TextTable(group["name"], f"## {group['title']}", columns, rows, notes)


def _products(record: dict[str, Any]) -> str:
    facts = record["facts"]
    rates = "; ".join(
        f"{kind} {_spread(value, 1e-9, ' GFLOP/s')} at {facts['sizes'][kind]} x "
        f"{facts['sizes'][kind]}"
        for kind, value in record["rates"].items()
    )
    hardware = "in hardware" if facts["bf16_hardware"] else "emulated"
    return f"Products of square matrices: {rates} (bf16 {hardware})."


def _series(group: dict[str, Any]) -> TextTable:
    name, title = _AXES[group["axis"]]
    columns = ["", name, "seconds per pass", "ms per step", "examples/s", "memory (MiB)", "n"]
    rows = [
        [
            record["label"].split(",")[0],
            f"{record['value']:g}",
            _spread(record["seconds"]),
            _number(1e3 * record["seconds"]["median"] / record["steps"]),
            _spread(record["examples_per_second"]),
            _memory(record),
            str(record["seconds"]["n"]),
        ]
        for record in sorted(group["records"], key=lambda one: (one["contender"], one["value"]))
    ]
    return TextTable(group["name"], f"## {title}", columns, rows)


def _memory(record: dict[str, Any]) -> str:
    memory = record["peak_memory"]
    text = f"{memory['rss_mib']:.0f}"
    if memory["device_mib"] is not None:
        text += f" + {memory['device_mib']:.0f} on the device"
    return text


def _spread(value: dict[str, float] | None, factor: float = 1, unit: str = "") -> str:
    if value is None:
        return "-"
    median, low, high = (_number(factor * value[key]) for key in ("median", "min", "max"))
    return f"{median}{unit} ({low} to {high})"


def _number(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
