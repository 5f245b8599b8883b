"""The ADSMTL rule: the rate of each task follows its difficulty (section 3.1.2 of the paper).

    p_i(t+1) = clip(p0 + kappa * (d(t) - d_i(t)), p_min, p_max)

d_i(t) is the smoothed difficulty of task i after epoch t and d(t) the mean over tasks. With
kappa > 0 a task harder than the mean drops fewer units: the paper gives harder tasks "more of
the computation". kappa < 0 reverses the direction.
"""

from collections.abc import Sequence


def adsmtl_rates(
    difficulties: Sequence[float], p0: float, kappa: float, p_min: float, p_max: float
) -> list[float]:
    """Dropout rate of every task from the tasks' difficulties.

    Args:
        difficulties: smoothed d_i(t), one per task, on a common scale.
        p0: rate of a task of mean difficulty.
        kappa: change of the rate per unit of difficulty below the mean.
        p_min, p_max: bounds, 0 <= p_min <= p_max < 1.

    Returns:
        p_i(t+1), one per task, each within the bounds. A single task has the rate p0.
    """
    mean = sum(difficulties) / len(difficulties)
    return [min(max(p0 + kappa * (mean - own), p_min), p_max) for own in difficulties]


def smoothed(values: Sequence[float], smoothing: float) -> float:
    """Exponential moving average s_t = smoothing * s_{t-1} + (1 - smoothing) * d_t, s_1 = d_1.

    Args:
        values: d_1 … d_t, at least one.
        smoothing: in [0, 1); 0 keeps the last value alone.
    """
    average = values[0]
    for value in values[1:]:
        average = smoothing * average + (1 - smoothing) * value
    return average
