"""Do the words of a figure lie beside each other, and inside it?"""

from collections.abc import Iterator
from itertools import combinations

from matplotlib.figure import Figure
from matplotlib.text import Text

_SLACK = 1.5  # pixels: boxes are a little larger than letters


def faults(figure: Figure) -> list[str]:
    """Words that overlap or leave a figure that was laid out."""
    figure.draw_without_rendering()  # a figure that was saved has the places of another resolution
    boxes = [(text.get_text(), text.get_window_extent()) for text in _shown(figure)]
    width, height = figure.bbox.width, figure.bbox.height
    found = [
        f"{words!r} leaves the figure"
        for words, box in boxes
        if min(box.x0, box.y0, width - box.x1, height - box.y1) < -_SLACK
    ]
    for (words, one), (others, two) in combinations(boxes, 2):
        across = min(one.x1, two.x1) - max(one.x0, two.x0)
        up = min(one.y1, two.y1) - max(one.y0, two.y0)
        if min(across, up) > _SLACK:
            found.append(f"{words!r} overlaps {others!r}")
    return found


def _shown(figure: Figure) -> Iterator[Text]:
    """The visible words of a figure; an axis keeps labels of ticks beyond its ends."""
    beyond = set()
    for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)):
        shown = axis._update_ticks()  # what matplotlib draws; it has no public name for it
        hidden = [tick for tick in axis.get_major_ticks() if tick not in shown]
        beyond |= {id(label) for tick in hidden for label in (tick.label1, tick.label2)}
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip() and id(text) not in beyond:
            yield text
