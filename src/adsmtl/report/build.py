"""`report.html`: the whole of a results folder on one page that needs no other file."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

import adsmtl
from adsmtl import outputs, paths
from adsmtl.collected import provenance, runs
from adsmtl.errors import UserError
from adsmtl.files import write_text
from adsmtl.report import citation, template
from adsmtl.tables import build as tables

# Title of every figure, and what to look for in it.
FIGURES = {
    "forest": (
        "Effects of all planned comparisons",
        "Right of the line the named arm did better than the one it is compared with. A bar that"
        " crosses the line leaves the direction open; a mean within the faint bar is smaller than"
        " what this number of seeds can find reliably.",
    ),
    "accuracy": (
        "Test accuracy of every seed",
        "Higher is better. Arms are compared seed by seed, so overlapping bars do not yet mean"
        " that there is no difference; the comparisons tell.",
    ),
    "gap": (
        "Overfitting: train-test gap",
        "A gap of 0 would mean that the network does as well on new data as on its training data."
        " Dropout is meant to move the diamonds to the left.",
    ),
    "rate-heatmap": (
        "Which fixed rate is best, and where",
        "If multi-task training needed a dropout strategy of its own, the frames would stand in"
        " different columns for single- and multi-task training, or for the tasks.",
    ),
    "rates": (
        "Dropout rates and difficulty during training",
        "Under every arm's rates stand the difficulties of its tasks. ADSMTL gives the more"
        " difficult task the lower rate. The controls keep some of its rates and break their link"
        " to difficulty.",
    ),
    "schedules": (
        "Dropout rates of the other arms",
        "These arms change their rates by another rule; arms of one row differ in one parameter.",
    ),
    "data-curves": (
        "How much training data does it need?",
        "If multi-task training needs less data, its line lies above, most of all at the left. The"
        " horizontal distance between the lines is the data that it saves.",
    ),
    "calibration": (
        "Calibration, and dropout at test time",
        "A small calibration error means that the network is right as often as it is confident."
        " Dropping units at test time is consistent where its accuracy stays the same and its sd"
        " over repeats is small.",
    ),
    "relatedness": (
        "Do related tasks gain more?",
        "If related tasks help each other, pairs further to the right, whose gradients agree more,"
        " stand higher. Above the horizontal line a pair does better together than alone.",
    ),
    "learning-curves": (
        "Learning curves",
        "Where the solid line turns away from the dashed one, the network begins to overfit. Where"
        " both still rise at the last epoch, training was short.",
    ),
}

_SCALE = 0.7  # of a figure's pixels to those of a page on a wide screen


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
        UserError: runs are missing or malformed, a figure has not been drawn, `CITATION.cff`
            is not there, or the folder cannot be written.
    """
    loaded = runs.select(root, order, seeds)
    traits = runs.traits(loaded)
    built = tables.build(loaded)
    more = outputs.more_groups(traits)
    titles = {run.metrics["group"]: run.metrics["group_title"] for run in loaded}
    stand_in = " with stand-in data" if provenance.embedded(loaded) else ""
    page = template.render(
        "report.html.j2",
        first=[Section(one.id, one.title, Markup(one.html)) for one in first],
        preset=provenance.preset(loaded),
        embedded=provenance.embedded(loaded),
        seeds=sorted({run.seed for run in loaded}),
        arms=len(traits),
        epochs=_listed({"epochs": run.metrics.get("epochs")} for run in loaded)["epochs"],
        groups=_groups(loaded),
        tasks=_tasks(loaded),
        main=built["main"][1],
        comparisons=built["comparisons"][1],
        more=[
            {"id": name, "title": titles[group], "table": built[name][1]}
            for group in more
            for name in (outputs.group_table(group),)
        ],
        figures=[_figure(root, name) for name in outputs.figure_names(traits)],
        training=_listed(run.metrics["config"].get("training", {}) for run in loaded),
        devices=provenance.devices(loaded),
        code=_listed(run.metrics.get("code") or {} for run in loaded),
        versions=_listed(run.metrics["versions"] for run in loaded),
        data=provenance.data_sets(loaded),
        citation=citation.read(
            paths.CITATION, f"results of preset {provenance.preset(loaded)}{stand_in}"
        ),
        version=adsmtl.__version__,
    )
    path = root / outputs.REPORT
    write_text(path, page)
    return path


def _figure(root: Path, name: str) -> dict[str, Any]:
    picture = root / "figures" / f"{name}.png"
    caption = root / "figures" / f"{name}.{outputs.CAPTION}"
    for path in (picture, caption):
        if not path.is_file():
            raise UserError(f"{path} is missing; draw the figures before the report")
    title, reading = FIGURES[name]
    pixels = picture.read_bytes()
    return {
        "name": name,
        "title": title,
        "reading": reading,
        "caption": caption.read_text(encoding="utf-8").strip(),
        "png": base64.b64encode(pixels).decode(),
        # Figures share one scale, so that their text has one size.
        "width": round(_SCALE * int.from_bytes(pixels[16:20])),
    }


def _groups(loaded: Sequence[runs.Run]) -> list[dict[str, Any]]:
    """Every group of arms: title, labels of its arms, number of runs, seconds of training."""
    found: dict[str, dict[str, Any]] = {}
    for run in loaded:
        group = run.metrics["group"]
        title = run.metrics["group_title"]
        own = found.setdefault(group, {"title": title, "labels": {}, "runs": 0, "seconds": 0.0})
        own["labels"][run.arm] = run.metrics["label"]
        own["runs"] += 1
        own["seconds"] += run.metrics["seconds"].get("total", 0.0)
    return [one | {"labels": list(one["labels"].values())} for one in found.values()]


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
