"""Difficulty signals d_i(t): how hard task i is after epoch t, on a scale shared by all tasks.

A new signal is one small file with a function of a task's observations, and its name here.
"""

from adsmtl.dropout.difficulty.error_rate import error_rate
from adsmtl.dropout.difficulty.generalisation_gap import generalisation_gap
from adsmtl.dropout.difficulty.gradient_norm import gradient_norm
from adsmtl.dropout.difficulty.loss_ratio import loss_ratio
from adsmtl.dropout.difficulty.observation import History, Observation, Signal
from adsmtl.dropout.difficulty.relative_progress import relative_progress

__all__ = ["SIGNALS", "History", "Observation", "Signal", "loss_ratio"]

SIGNALS: dict[str, Signal] = {
    "loss-ratio": loss_ratio,
    "error-rate": error_rate,
    "relative-progress": relative_progress,
    "generalisation-gap": generalisation_gap,
    "gradient-norm": gradient_norm,
}
