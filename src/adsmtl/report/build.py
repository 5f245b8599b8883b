"""`report.html`: the whole of a results folder on one page that needs no other file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from markupsafe import Markup

import adsmtl
from adsmtl import outputs, paths
from adsmtl.collected import diverged, provenance
from adsmtl.collected.reading import Collected
from adsmtl.collected.remarks import remarks
from adsmtl.figures import drawing
from adsmtl.files import write_text
from adsmtl.report import analyses, citation, facts, pictures, runs, template
from adsmtl.report.data_cards import DataCard
from adsmtl.report.section import Section
from adsmtl.tables import build as tables
from adsmtl.tables import groups, numbers
from adsmtl.tables.render import TextTable

_BLOCK = 4  # seeds that have every fold once


def write(
    collected: Collected,
    root: Path,
    first: Sequence[Section] = (),
    last: Sequence[Section] = (),
    cards: Sequence[DataCard] = (),
) -> Path:
    """Write `root/report.html`; without dates, so equal inputs give equal bytes.

    Args:
        root: the folder whose figures have been drawn, such as `results/quick`.
        first: sections to put before all others, such as the claims ledger.
        last: sections to put after the study's own, such as measured speeds.
        cards: of the data sets.

    Raises:
        UserError: a figure has not been drawn, `CITATION.cff` is not there, or the folder
            cannot be written.
    """
    traits = collected.traits
    built = tables.build(collected)
    stand_in = " with stand-in data" if provenance.embedded(collected) else ""
    source = provenance.sentence(collected)
    texts = {
        name: runs.linked(_without(source, text), collected) for name, (_, text) in built.items()
    }
    comparisons = texts["comparisons"]
    apart = min(comparisons.breaks, default=len(comparisons.rows))
    cited = root / paths.CITATION.name  # of an archive
    page = template.render(
        "report.html.j2",
        first=_safe(first),
        last=_safe(last),
        folder=root.name,
        missing=_missing(collected),
        analyses=analyses.of_study(collected, root, texts, cards),
        interim=provenance.interim(collected),
        remarks=remarks(collected),
        preset=provenance.preset(collected),
        embedded=provenance.embedded(collected),
        seeds=provenance.seeds_per_arm(collected),
        which_seeds=_which_seeds(collected),
        arms=len(traits),
        epochs=", ".join(map(str, sorted(collected.runs["epochs"].unique()))),
        tasks=facts.tasks(collected),
        groups=facts.arms(collected),
        source=source,
        main=texts["main"],
        comparisons=replace(comparisons, rows=comparisons.rows[:apart], breaks=()),
        on_tasks=replace(
            comparisons,
            caption="",
            rows=comparisons.rows[apart:],
            breaks=[row - apart for row in comparisons.breaks if row > apart],
            notes=(),
        ),
        more=[
            {"id": name, "title": groups.title(collected.runs, group), "table": texts[name]}
            for group in outputs.more_groups(traits)
            for name in (outputs.group_table(group),)
        ],
        figures=[
            pictures.read(root, one, source)
            for one in drawing.of_study(traits)
            if one.section == "figures"
        ],
        devices=provenance.devices(collected),
        data=facts.data(collected),
        data_cards=cards,
        environment=facts.environment(collected),
        time=facts.time(collected),
        hours=collected.per_run["seconds_total"].sum() / 3600,
        runs=len(collected.per_run),
        every_run=runs.by_group(collected),
        citation=citation.read(
            cited if cited.is_file() else paths.CITATION,
            f"results of preset {provenance.preset(collected)}{stand_in}",
        ),
        version=adsmtl.__version__,
    )
    write_text(root / outputs.REPORT, page)
    return root / outputs.REPORT


def _which_seeds(collected: Collected) -> str:
    """The seeds of all arms, such as `0-15`, or of each group where groups differ."""
    found: dict[str, list[str]] = {}
    for group, own in collected.runs.groupby("group", sort=False):
        spans = numbers.spans(sorted(int(seed) for seed in own["seed"].unique()))
        found.setdefault(spans, []).append(groups.title(own, group))
    if len(found) == 1:
        return next(iter(found))
    return "; ".join(f"{spans} for {', '.join(titles)}" for spans, titles in found.items())


def _missing(collected: Collected) -> str:
    """The first block of seeds that lack a run, such as 4-7; nothing of a complete study."""
    attempted = diverged.attempted(collected)
    seeds = {
        seed
        for arm, planned in collected.planned.items()
        for seed in planned
        if seed not in attempted.get(arm, [])
    }
    first = min(seeds, default=0) // _BLOCK
    block = [seed for seed in seeds if seed // _BLOCK == first]
    return numbers.spans(block).replace(" ", "")


def _without(source: str, table: TextTable) -> TextTable:
    """The table as the page shows it, which says once where all numbers come from."""
    return replace(table, caption=table.caption.removesuffix(source).rstrip())


def _safe(sections: Sequence[Section]) -> list[Section]:
    return [Section(one.id, one.title, Markup(one.html)) for one in sections]
