"""The strategy for a model of one's own: a dropout layer that knows tasks, and what sets its rates.

It needs torch and nothing else of the study. Rule, signals and schedules are those of
`adsmtl.dropout`, which the study trains with.
"""

from adsmtl.library.controller import RateController
from adsmtl.library.layer import AdaptiveDropout

__all__ = ["AdaptiveDropout", "RateController"]
