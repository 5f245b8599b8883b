"""Draws the figures of a study, each with a caption that stands alone."""

from pathlib import Path

from adsmtl import outputs
from adsmtl.collected import provenance
from adsmtl.collected.reading import Collected
from adsmtl.figures import drawing, style


def write_all(collected: Collected, root: Path) -> list[Path]:
    """Write every figure that the study has as PDF, PNG and caption below `root/figures`.

    Raises:
        UserError: `listing.json` is malformed, or the folder cannot be written.
    """
    material = drawing.Material(collected)
    source = provenance.sentence(collected)
    for one in drawing.of_study(collected.traits):
        caption = f"{one.caption} {source}"
        style.save(root / "figures", one.name, lambda one=one: one.draw(material), caption)
    return outputs.figures(root, collected.traits)
