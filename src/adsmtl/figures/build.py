"""Draws the figures of a study, each with a caption that stands alone."""

from pathlib import Path

from adsmtl import outputs
from adsmtl.collected import diverged, provenance
from adsmtl.collected.reading import Collected
from adsmtl.data.fetch import progress
from adsmtl.figures import drawing, style
from adsmtl.figures.lazy import Figure


def write_all(collected: Collected, root: Path) -> list[Path]:
    """Write every figure that the study has as PDF, PNG and caption below `root/figures`.

    Raises:
        UserError: `listing.json` is malformed, or the folder cannot be written.
    """
    material = drawing.Material(collected)
    source = provenance.sentence(collected)
    trained = drawing.of_study(collected.traits)
    lost = ", ".join(diverged.lost_arms(collected).values())
    every = diverged.attempted_traits(collected)
    for one in progress.track(drawing.of_study(every), "figures"):
        caption = f"{one.caption} {source}"

        def draw(one: drawing.Drawing = one) -> Figure:
            if one in trained:
                return one.draw(material)
            return style.nothing(f"Nothing to draw: every run of {lost} diverged.")

        style.save(root / "figures", one.name, draw, caption)
    return outputs.figures(root, every)
