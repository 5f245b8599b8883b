"""The report's tables of facts: what was trained, on what, where, and how long it took."""

from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from adsmtl.collected import provenance
from adsmtl.collected.reading import Collected
from adsmtl.tables import groups
from adsmtl.tables.numbers import MISSING
from adsmtl.tables.render import TextTable


def tasks(collected: Collected) -> TextTable:
    """Every task with data set, target, classes and examples, whose number folds can change."""
    rows = []
    for task, runs in collected.runs.groupby("task", sort=False):
        own = runs[runs["train_fraction"] == runs["train_fraction"].max()]
        stated = [str(own[name].iloc[0]) for name in ("dataset", "target", "classes")]
        sizes = [_spanned(own[f"examples_{part}"]) for part in ("train", "val", "test")]
        rows.append([task, *stated, *sizes])
    columns = ["Task", "Data set", "Target", "Classes", "Training", "Validation", "Test examples"]
    return TextTable("tasks", "", columns, rows, left=3)


def _spanned(counts: Iterable[float]) -> str:
    """Whole numbers as one, or as the smallest and the largest."""
    low, high = int(min(counts)), int(max(counts))
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def arms(collected: Collected) -> TextTable:
    """The arms of every group."""
    rows = [
        [groups.title(own, group), "; ".join(own["label"].unique())]
        for group, own in collected.runs.groupby("group", sort=False)
    ]
    return TextTable("arms", "", ["Group", "Arms"], rows, left=2, wrap=[0, 1])


def data(collected: Collected) -> TextTable:
    """Where the data of every task came from."""
    rows = [
        [
            name,
            one.get("origin") or MISSING,
            one.get("provenance") or MISSING,
            Markup("<code>{}…</code>").format((one.get("digest") or MISSING)[:16]),
        ]
        for name, one in provenance.data_sets(collected).items()
    ]
    columns = ["Data set", "Origin", "Provenance", "SHA-256 of the prepared files"]
    return TextTable("data", "", columns, rows, left=4, wrap=[2])


def environment(collected: Collected) -> TextTable:
    """Devices, code, libraries and settings; where runs differ, every value met."""
    environments = collected.environments.values()
    facts = {"device": "; ".join(provenance.devices(collected))}
    code = _listed(one["code"] or {} for one in environments)
    if "describe" in code:
        facts["code revision"] = code["describe"]
    facts |= _listed(one["versions"] for one in environments)
    training = _listed(own.get("training", {}) for own in collected.configs.values())
    facts |= {f"training: {name}": value for name, value in training.items()}
    rows = list(facts.items())
    return TextTable("environment", "", ["Setting or library", "Value"], rows, left=2, wrap=[1])


def time(collected: Collected) -> TextTable:
    """Arms, runs and hours of every group."""
    rows = []
    for group, own in collected.per_run.groupby("group", sort=False):
        seconds, runs = own["seconds_total"].sum(), len(own)
        counts = [str(own["arm"].nunique()), str(runs)]
        hours, each = f"{seconds / 3600:.2f}", f"{seconds / runs:.0f}"
        rows.append([groups.title(own, group), *counts, hours, each])
    return TextTable("time", "", ["Group", "Arms", "Runs", "Hours", "Seconds per run"], rows)


def _listed(mappings: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Every key with all its values, so that differences between runs show."""
    found: dict[str, set[str]] = {}
    for mapping in mappings:
        for key, value in mapping.items():
            found.setdefault(key, set()).add(str(value))
    return {key: ", ".join(sorted(values)) for key, values in found.items()}
