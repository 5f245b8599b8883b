"""Types of libraries that are loaded only when something is drawn, for annotations."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from pandas import DataFrame

    from adsmtl.collected.reading import Collected
else:
    Axes = Collected = DataFrame = Figure = SubFigure = Any

__all__ = ["Axes", "Collected", "DataFrame", "Figure", "SubFigure"]
