"""Difficulty signals d_i(t): how hard task i is after epoch t, on a scale shared by all tasks.

A new signal is one small file with a function of a task's observations, and its name here.
"""

from adsmtl.dropout.difficulty.generalisation_gap import generalisation_gap
from adsmtl.dropout.difficulty.gradient_norm import gradient_norm
from adsmtl.dropout.difficulty.loss_ratio import loss_ratio
from adsmtl.dropout.difficulty.observation import History, Observation, Signal
from adsmtl.dropout.difficulty.relative_loss import relative_loss
from adsmtl.dropout.difficulty.validation_error import validation_error
from adsmtl.dropout.difficulty.validation_loss import validation_loss

__all__ = ["SIGNALS", "History", "Observation", "Signal", "loss_ratio"]

SIGNALS: dict[str, Signal] = {
    "loss-ratio": loss_ratio,
    "validation-loss": validation_loss,
    "validation-error": validation_error,
    "relative-loss": relative_loss,
    "generalisation-gap": generalisation_gap,
    "gradient-norm": gradient_norm,
}
