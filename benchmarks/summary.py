"""What repetitions amount to: medians and spreads, nothing modelled."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, quartiles, extremes and number of some measurements."""
    low, q1, median, q3, high = np.percentile(values, [0, 25, 50, 75, 100]).tolist()
    return {"median": median, "q1": q1, "q3": q3, "min": low, "max": high, "n": len(values)}


def peak(values: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    """The largest memory of every kind; None where the kind does not exist."""
    return {
        kind: None if values[0][kind] is None else max(one[kind] for one in values)
        for kind in values[0]
    }


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


def not_judged(machine: Mapping[str, Any], groups: Sequence[Mapping[str, Any]]) -> list[str]:
    """What nobody can conclude from a run on this machine, in sentences."""
    found = []
    if not machine["bf16_hardware"]:
        found.append(
            "This processor has no bf16 products in hardware, so every contender computed in "
            "fp32: speed in bf16, and any bar set for it, cannot be judged here."
        )
    absent = {
        record["label"]: record["reason"]
        for group in groups
        for record in group["records"]
        if record["reason"] is not None
    }
    found += [
        f"{label} was {reason}; speed relative to it cannot be judged here."
        for label, reason in absent.items()
    ]
    return found
