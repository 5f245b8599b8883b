"""What training two tasks together gains, against how their gradients agree (claim C9)."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from adsmtl.analysis import contrasts, statistics
from adsmtl.figures import style


def points(final: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Gain and cosine of every plain pair of tasks and seed, on all training data.

    Args:
        final: as `runs.final_frame` returns it.
        history: as `runs.history_frame` returns it.

    Returns:
        arm, tasks, seed, cosine (of the tasks' gradients on the shared layer, mean over
        epochs), gain (a fraction, see `contrasts.gains`). Pairs whose gradients were not
        recorded, or whose tasks have no single-task runs, are left out.
    """
    pairs = contrasts.plain(final)
    pairs = pairs[(pairs["train_fraction"] == 1) & (pairs["tasks"].str.count(r"\+") == 1)]
    pairs = pairs.drop_duplicates(["arm", "seed"])[["arm", "tasks", "seed"]]
    cosine = history.groupby(["arm", "seed"], sort=False)["cosine"].mean().reset_index()
    merged = pairs.merge(cosine, on=["arm", "seed"])
    return merged.merge(contrasts.gains(final), on=["arm", "seed"]).dropna()


def draw(pairs: pd.DataFrame) -> Figure:
    """A small open marker per seed, and a large one per pair with intervals both ways.

    Args:
        pairs: as `points` returns it.
    """
    if pairs.empty:
        return style.nothing("No pair has both recorded gradients and single-task references.")
    figure = Figure(figsize=(5.2, 3.4), layout="constrained")
    ax = figure.subplots()
    ax.axhline(0, color="black", linewidth=0.7)
    ax.axvline(0, color="black", linewidth=0.7)
    for index, (tasks, of_pair) in enumerate(pairs.groupby("tasks", sort=False)):
        look = {
            "color": style.COLOURS[index % len(style.COLOURS)],
            "marker": style.MARKERS[index % len(style.MARKERS)],
            "linestyle": "none",
        }
        x, y = of_pair["cosine"].to_numpy(), 100 * of_pair["gain"].to_numpy()
        ax.plot(x, y, **look, markersize=3.5, markerfacecolor="none", alpha=0.7)
        across, up = statistics.mean_interval(x), statistics.mean_interval(y)
        centre = (across.mean, up.mean)
        bars = {"xerr": _half(across), "yerr": _half(up)}
        ax.errorbar(*centre, **bars, color=look["color"], linestyle="none")
        ax.plot(
            *centre,
            **look,
            markersize=8,
            markeredgecolor="black",
            markeredgewidth=0.7,
            label=" and ".join(str(tasks).split("+")),
        )
    ax.set_xlabel("cosine of the tasks' gradients on the shared layer")
    ax.set_ylabel("gain over single-task training (pp)")
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def _half(estimate: statistics.Estimate) -> float:
    return np.nan if estimate.high is None else estimate.high - estimate.mean
