"""What `python -m benchmarks` measured, as tables of text and as a section of the report."""

import base64
from pathlib import Path
from typing import Any

from adsmtl.errors import UserError
from adsmtl.figures import style
from adsmtl.files import read_json
from adsmtl.report import template
from adsmtl.report.section import Section
from adsmtl.tables import numbers
from adsmtl.tables.render import TextTable

Result = dict[str, Any]

# The figures, with their titles and the part of the result that they show.
FIGURES = {
    "speed": ("Training speed", "comparisons"),
    "growth": ("How cost grows", "series"),
}
_AXES = {
    "replicas": ("R", "How cost grows with the replicas trained at once (vision and speech)"),
    "batch": ("batch", "How cost grows with the batch (vision)"),
    "tasks": ("tasks", "How cost grows with the number of tasks"),
    "data": ("images", "How cost grows with the amount of data (vision)"),
}
_HEADLINE = "vision-128"


def section(folder: Path) -> Section | None:
    """The finished benchmarks of a folder: sentences, tables and figures; None without any.

    Results of quick mode are passed over, because their numbers mean nothing.

    Args:
        folder: such as `results/benchmarks`, with the files that `docs/benchmarks.md` describes.

    Raises:
        UserError: a file cannot be understood, or a figure is missing; names it.
    """
    parts = [part for path in sorted(folder.glob("*.json")) if (part := _part(path))]
    return Section("speed", "Speed", "".join(parts)) if parts else None


def _part(path: Path) -> str:
    """One result as HTML; empty if it was quick mode."""
    result = read_json(path)
    try:
        if result["quick"]:
            return ""
        sentences = [conditions(result), *headline(result), *result["not_judged"]]
        tables = [comparison(group) for group in result["comparisons"]]
        drawn = [name for name, (_, shown) in FIGURES.items() if result[shown]]
    except (KeyError, TypeError) as error:
        raise UserError(
            f"{path} is no result of the benchmarks ({error!r}); delete it, or run "
            "`python -m benchmarks` again"
        ) from error
    remedy = f"run `python -m benchmarks` again, or delete {path}"
    return template.render(
        "speed.html.j2",
        name=path.stem,
        text=" ".join(sentences),
        tables=tables,
        figures=[_figure(path, name, remedy) for name in drawn],
    )


def _figure(path: Path, name: str, remedy: str) -> dict[str, str]:
    picture, caption = style.saved(path.parent, f"{path.stem}-{name}", remedy)
    return {
        "title": FIGURES[name][0],
        "png": base64.b64encode(picture).decode(),
        "caption": caption,
    }


def conditions(result: Result) -> str:
    """On what was measured, in a sentence."""
    machine, before = result["machine"], result["load_average"]["before"]
    load = "-" if before is None else numbers.three_digits(before)
    data = ", ".join(result["data"])
    stand_in = " (stand-in data)" if result["embedded"] else ""
    return (
        f"{machine['name']}, {machine['threads']} threads for every contender, products in "
        f"{machine['precision']}, load average {load} before; data: {data}{stand_in}."
    )


def headline(result: Result) -> list[str]:
    """How the engine compares in the comparison that counts most; empty without comparisons."""
    groups = {group["name"]: group for group in result["comparisons"]}
    if not groups:
        return []
    group = groups.get(_HEADLINE, result["comparisons"][0])
    engine = next(one for one in group["records"] if one["contender"] == "engine")
    beside = {"the plain PyTorch loop": "times_plain", "Keras": "times_keras"}
    ratios = [
        f"{_spread(engine[key])} times as fast as {other}"
        for other, key in beside.items()
        if engine[key] is not None
    ]
    if not ratios:
        return []
    return [f"On {group['title']}, the engine with R = 1 trained {' and '.join(ratios)}."]


def comparison(group: dict[str, Any]) -> TextTable:
    """Contenders side by side: a row each, their products as a note."""
    columns = [
        "", "examples/s", "times plain", "times Keras", "share of products", "memory (MiB)",
        "n", "device",
    ]  # fmt: skip
    rows = [_row(one, len(columns)) for one in group["records"] if one["contender"] != "products"]
    notes = [_rates(one) for one in group["records"] if one["contender"] == "products"]
    title = group["title"]
    return TextTable(group["name"], title[:1].upper() + title[1:], columns, rows, notes)


def _row(record: dict[str, Any], columns: int) -> list[str]:
    if record["reason"]:
        return [record["label"], record["reason"], *[""] * (columns - 2)]
    return [
        record["label"],
        _spread(record["examples_per_second"]),
        _spread(record["times_plain"]),
        _spread(record["times_keras"]),
        _spread(record["share_of_products"], 100, " %"),
        _memory(record),
        str(record["seconds"]["n"]),
        record["facts"]["device"],
    ]


def _rates(record: dict[str, Any]) -> str:
    sizes = record["facts"]["sizes"]
    rates = "; ".join(
        f"{kind} {_spread(value, 1e-9, ' GFLOP/s')} at {sizes[kind]} x {sizes[kind]}"
        for kind, value in record["rates"].items()
    )
    return f"Products of square matrices: {rates}."


def series(group: dict[str, Any]) -> TextTable:
    """How cost grows: a row per contender and value of what is varied."""
    name, title = _AXES[group["axis"]]
    columns = ["", name, "seconds per pass", "ms per step", "examples/s", "memory (MiB)", "n"]
    rows = [
        [
            record["label"].split(",")[0],
            f"{record['value']:g}",
            _spread(record["seconds"]),
            numbers.three_digits(1e3 * record["seconds"]["median"] / record["steps"]),
            _spread(record["examples_per_second"]),
            _memory(record),
            str(record["seconds"]["n"]),
        ]
        for record in sorted(group["records"], key=lambda one: (one["contender"], one["value"]))
    ]
    return TextTable(group["name"], title, columns, rows)


def _memory(record: dict[str, Any]) -> str:
    memory = record["peak_memory"]
    text = f"{memory['rss_mib']:.0f}"
    if memory["device_mib"] is not None:
        text += f" + {memory['device_mib']:.0f} on the device"
    return text


def _spread(value: dict[str, float] | None, factor: float = 1, unit: str = "") -> str:
    """Median and range, such as `93.6 (82 to 105)`; a dash where nothing was measured."""
    if value is None:
        return "-"
    shown = [numbers.three_digits(factor * value[key]) for key in ("median", "min", "max")]
    median, low, high = shown
    return f"{median}{unit} ({low} to {high})"
