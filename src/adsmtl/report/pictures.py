"""Figures as the page holds them: pixels, words and size."""

import base64
from dataclasses import dataclass
from pathlib import Path

from adsmtl.figures import style
from adsmtl.figures.drawing import Drawing

_SCALE = 0.7  # of a figure's pixels to those of a page on a wide screen


@dataclass(frozen=True)
class Picture:
    """A figure; `png` is base64, `width` in pixels of the page."""

    name: str
    title: str
    reading: str
    caption: str
    png: str
    width: int


def read(root: Path, one: Drawing, source: str) -> Picture:
    """The figure as it was drawn below `root/figures`.

    Args:
        source: the end of every caption, which the page says once; see `provenance.sentence`.

    Raises:
        UserError: it has not been drawn.
    """
    pixels, caption = style.saved(root / "figures", one.name, "draw the figures before the report")
    # Figures share one scale, so that their text has one size.
    width = round(_SCALE * int.from_bytes(pixels[16:20]))
    png = base64.b64encode(pixels).decode()
    own = caption.removesuffix(source).rstrip()
    return Picture(one.name, one.title, one.reading, own, png, width)
