"""What repetitions amount to: medians and spreads, nothing modelled."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, quartiles, extremes and number of some measurements."""
    low, q1, median, q3, high = np.percentile(values, [0, 25, 50, 75, 100]).tolist()
    return {"median": median, "q1": q1, "q3": q3, "min": low, "max": high, "n": len(values)}


def times_faster(
    record: dict[str, Any], reference: dict[str, Any] | None
) -> dict[str, float] | None:
    """Examples per second over the reference's, round by round: drifts of the machine cancel."""
    if reference is None or not reference["repetitions"] or not record["repetitions"]:
        return None
    own, other = (
        [one["examples_per_second"] for one in side["repetitions"]] for side in (record, reference)
    )
    return spread([a / b for a, b in zip(own, other, strict=True)])


def share(record: dict[str, Any], products: dict[str, Any] | None) -> dict[str, float] | None:
    """Share of the measured rate of large products at the record's precision, round by round."""
    if products is None or not record["repetitions"]:
        return None
    precision, flops = record["precision"], record["flops_per_example"]
    return spread(
        [
            own["examples_per_second"] * flops / measured["values"][precision]
            for own, measured in zip(record["repetitions"], products["repetitions"], strict=True)
        ]
    )
