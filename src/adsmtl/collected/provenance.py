"""Where numbers come from, in words: every table and figure carries these sentences."""

from collections.abc import Sequence

from adsmtl.collected.runs import Run


def preset(runs: Sequence[Run]) -> str:
    """The preset's name, or names joined by "and" where runs of several are mixed."""
    return _join(sorted({run.metrics["preset"] for run in runs}))


def embedded(runs: Sequence[Run]) -> bool:
    """Whether any run used the stand-in data that install with the package."""
    return any(data.get("embedded") for run in runs for data in run.metrics["data"].values())


def devices(runs: Sequence[Run]) -> list[str]:
    """Every device and precision met, such as `NVIDIA H100 (cuda, bf16)`."""
    found = {
        f"{device.get('name')} ({device.get('type')}, {device.get('precision')})"
        for device in (run.metrics["device"] for run in runs)
    }
    return sorted(found)


def data_sets(runs: Sequence[Run]) -> dict[str, dict[str, str]]:
    """Name of every data set to its digest, origin and provenance.

    Where runs of one folder saw different contents under one name, the name is followed by
    the start of the digest, so that none hides another.
    """
    met: dict[str, dict[str, dict[str, str]]] = {}
    for run in runs:
        for name, data in run.metrics["data"].items():
            met.setdefault(name, {})[str(data.get("digest"))] = data
    named = {}
    for name, versions in sorted(met.items()):
        for digest, data in sorted(versions.items()):
            named[name if len(versions) == 1 else f"{name} @{digest[:8]}"] = data
    return named


def seeds_per_arm(runs: Sequence[Run]) -> str:
    """Seeds per arm as words: `3`, or `2 to 3` where arms differ."""
    counts = {
        arm: len({run.seed for run in runs if run.arm == arm}) for run in runs for arm in (run.arm,)
    }
    low, high = min(counts.values()), max(counts.values())
    return str(low) if low == high else f"{low} to {high}"


def sentence(runs: Sequence[Run]) -> str:
    """Preset, data and their provenance, n and device: the tail of every caption."""
    sets = _join(
        [
            f"{name} ({data.get('origin')}: {str(data.get('provenance')).rstrip('.')})"
            for name, data in data_sets(runs).items()
        ]
    )
    warning = (
        " These are stand-in data that install with the package, not the paper's data sets."
        if embedded(runs)
        else ""
    )
    return (
        f"Preset {preset(runs)}; data: {sets}.{warning} n = {seeds_per_arm(runs)} seeds per arm;"
        f" device: {_join(devices(runs))}."
    )


def _join(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
