"""`report.html`: the whole of a results folder on one page that needs no other file."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

import adsmtl
from adsmtl import outputs, paths
from adsmtl.collected import provenance
from adsmtl.collected.reading import Collected
from adsmtl.figures import drawing, style
from adsmtl.figures.drawing import Drawing
from adsmtl.files import write_text
from adsmtl.report import citation, facts, template
from adsmtl.tables import build as tables
from adsmtl.tables import groups

_SCALE = 0.7  # of a figure's pixels to those of a page on a wide screen


@dataclass(frozen=True)
class Section:
    """A part of the report; `html` is inserted as it stands, so escape what is not yours."""

    id: str
    title: str
    html: str


def write(collected: Collected, root: Path, first: Sequence[Section] = ()) -> Path:
    """Write `root/report.html`; without dates, so equal inputs give equal bytes.

    Args:
        root: the folder whose figures have been drawn, such as `results/quick`.
        first: sections to put before all others, such as the claims ledger.

    Raises:
        UserError: a figure has not been drawn, `CITATION.cff` is not there, or the folder
            cannot be written.
    """
    traits = collected.traits
    built = tables.build(collected)
    stand_in = " with stand-in data" if provenance.embedded(collected) else ""
    page = template.render(
        "report.html.j2",
        first=[Section(one.id, one.title, Markup(one.html)) for one in first],
        preset=provenance.preset(collected),
        embedded=provenance.embedded(collected),
        seeds=collected.seeds,
        arms=len(traits),
        epochs=", ".join(map(str, sorted(collected.runs["epochs"].unique()))),
        tasks=facts.tasks(collected),
        groups=facts.arms(collected),
        main=built["main"][1],
        comparisons=built["comparisons"][1],
        more=[
            {"id": name, "title": groups.title(collected.runs, group), "table": built[name][1]}
            for group in outputs.more_groups(traits)
            for name in (outputs.group_table(group),)
        ],
        figures=[_figure(root, one) for one in drawing.of_study(traits)],
        devices=provenance.devices(collected),
        data=facts.data(collected),
        environment=facts.environment(collected),
        time=facts.time(collected),
        hours=collected.per_run["seconds_total"].sum() / 3600,
        runs=len(collected.per_run),
        citation=citation.read(
            paths.CITATION, f"results of preset {provenance.preset(collected)}{stand_in}"
        ),
        version=adsmtl.__version__,
    )
    write_text(root / outputs.REPORT, page)
    return root / outputs.REPORT


def _figure(root: Path, one: Drawing) -> dict[str, Any]:
    folder, remedy = root / "figures", "draw the figures before the report"
    pixels, caption = style.saved(folder, one.name, remedy)
    return {
        "name": one.name,
        "title": one.title,
        "reading": one.reading,
        "caption": caption,
        "png": base64.b64encode(pixels).decode(),
        # Figures share one scale, so that their text has one size.
        "width": round(_SCALE * int.from_bytes(pixels[16:20])),
    }
