"""What is measured of a run, and the smallest effect on it that is of interest."""

from dataclasses import dataclass

POINTS = "percentage points"
NATS = "nats"
CORRELATION = "correlation"
PERCENT = "percent of single-task accuracy"
# Smallest effects of interest, by unit. The protocol names the first three; the last one is the
# first in relative terms, since 0.5 points are 1 % of an accuracy of 50 %.
DELTAS = {POINTS: 0.5, NATS: 0.02, CORRELATION: 0.1, PERCENT: 1.0}


@dataclass(frozen=True)
class Outcome:
    """A column of the collected runs, in a unit in which larger is better.

    Attributes:
        column: of the runs.
        name: as part of a sentence.
        unit: of `factor` times the column.
        factor: to that unit; negative where smaller values are better.
    """

    column: str
    name: str
    unit: str
    factor: float


ACCURACY = Outcome("test_accuracy", "test accuracy", POINTS, 100)
ACCURACY_LAST3 = Outcome(
    "test_accuracy_last3", "test accuracy, mean of the last three epochs", POINTS, 100
)
NLL = Outcome("test_loss", "test NLL (a positive number is a lower NLL)", NATS, -1)
NLL_LAST3 = Outcome(
    "test_loss_last3", "test NLL, mean of the last three epochs (positive is lower)", NATS, -1
)
GAP = Outcome("gap", "train-test gap (a positive number is a smaller gap)", POINTS, -100)
