"""The ADSMTL rule: the rate of each task follows its difficulty (section 3.1.2 of the paper).

    p_i(t+1) = clip(p0 + kappa * (d(t) - d_i(t)), p_min, p_max)

d_i(t) is the smoothed difficulty of task i after epoch t. The reference d(t) that it is compared
with is the mean over tasks or, in a variant, the task's own difficulty d_i(1) after the first
epoch. With kappa > 0 a task harder than its reference drops fewer units: the paper gives harder
tasks "more of the computation". kappa < 0 reverses the direction.
"""

from collections.abc import Sequence


def adsmtl_rates(
    difficulties: Sequence[float],
    references: Sequence[float],
    p0: float,
    kappa: float,
    p_min: float,
    p_max: float,
) -> list[float]:
    """Dropout rate of every task from the tasks' difficulties.

    Args:
        difficulties: smoothed d_i(t), one per task, on a common scale.
        references: what each of them is compared with, one per task; see `means`.
        p0: rate of a task as difficult as its reference.
        kappa: change of the rate per unit of difficulty below the reference.
        p_min, p_max: bounds, 0 <= p_min <= p_max < 1.

    Returns:
        p_i(t+1), one per task, each within the bounds.
    """
    return [
        min(max(p0 + kappa * (reference - own), p_min), p_max)
        for own, reference in zip(difficulties, references, strict=True)
    ]


def means(difficulties: Sequence[float]) -> list[float]:
    """The paper's reference d(t) of every task: the mean over tasks. A single task is its own."""
    return [sum(difficulties) / len(difficulties)] * len(difficulties)


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
