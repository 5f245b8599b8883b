"""`report.html`: the whole of a results folder on one page that needs no other file."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import adsmtl
from adsmtl.analysis import products, provenance, runs, tables
from adsmtl.errors import UserError
from adsmtl.files import write_text

TITLES = {
    "accuracy": "Test accuracy of every arm and seed",
    "gap": "Overfitting: train-test gap",
    "rates": "Dropout rates during training",
    "learning-curves": "Learning curves",
}


@dataclass(frozen=True)
class Section:
    """A part of the report; `html` is inserted as it stands, so escape what is not yours."""

    id: str
    title: str
    html: str


def write(
    root: Path,
    order: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    first: Sequence[Section] = (),
) -> Path:
    """Write `root/report.html`; without dates, so equal inputs give equal bytes.

    Args:
        root: a results folder whose figures have been drawn, such as `results/quick`.
        order: arms in the order of the tables; all arms on disk if None.
        seeds: seeds that every arm must have; whichever are finished if None.
        first: sections to put before all others, such as the claims ledger.

    Raises:
        UserError: runs are missing or malformed, a figure has not been drawn, or the folder
            cannot be written.
    """
    loaded = runs.select(root, order, seeds)
    environment = Environment(
        loader=PackageLoader("adsmtl.analysis"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    built = tables.build(loaded)
    page = environment.get_template("report.html.j2").render(
        first=[Section(one.id, one.title, Markup(one.html)) for one in first],
        preset=provenance.preset(loaded),
        embedded=provenance.embedded(loaded),
        seeds=sorted({run.seed for run in loaded}),
        arms=list({run.arm: run.metrics["label"] for run in loaded}.values()),
        tasks=_tasks(loaded),
        tables=[built[name][1] for name in products.TABLES],
        figures=[_figure(root, name) for name in products.FIGURES],
        training=_listed(run.metrics["config"].get("training", {}) for run in loaded),
        devices=provenance.devices(loaded),
        versions=_listed(run.metrics["versions"] for run in loaded),
        data=provenance.data_sets(loaded),
        hours=sum(run.metrics["seconds"].get("total", 0) for run in loaded) / 3600,
        version=adsmtl.__version__,
    )
    path = root / products.REPORT
    write_text(path, page)
    return path


def _figure(root: Path, name: str) -> dict[str, str]:
    picture = root / "figures" / f"{name}.png"
    caption = root / "figures" / f"{name}.{products.CAPTION}"
    for path in (picture, caption):
        if not path.is_file():
            raise UserError(f"{path} is missing; draw the figures before the report")
    return {
        "name": name,
        "title": TITLES[name],
        "caption": caption.read_text(encoding="utf-8").strip(),
        "png": base64.b64encode(picture.read_bytes()).decode(),
    }


def _tasks(loaded: Sequence[runs.Run]) -> dict[str, dict[str, Any]]:
    """Every task as its first run describes it: data set, target, classes, examples."""
    found: dict[str, dict[str, Any]] = {}
    for run in loaded:
        for name, task in run.metrics["tasks"].items():
            found.setdefault(name, task)
    return found


def _listed(mappings) -> dict[str, str]:
    """Every key with all its values over runs, so that differences between runs show."""
    found: dict[str, set[str]] = {}
    for mapping in mappings:
        for key, value in mapping.items():
            found.setdefault(key, set()).add(str(value))
    return {key: ", ".join(sorted(values)) for key, values in found.items()}
