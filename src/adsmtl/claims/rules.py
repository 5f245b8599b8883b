"""How the p of a claim follows from those of its parts, in words; `verdicts` has the proofs."""

from collections.abc import Mapping, Sequence
from typing import Any

from adsmtl.claims.verdicts import Kind
from adsmtl.tables import numbers

OF_INTEREST = (
    "This p is {count} times the smallest of its parts' (at most 1), because a single part that is"
    " too small refutes that all of them have an effect of that size."
)


def of_no_effect(parts: Sequence[Mapping[str, Any]]) -> str:
    """Which rule gave the p of a claim of several parts in the family of no effect.

    Args:
        parts: as `claims.json` has them.
    """
    leans = [_lean(part) for part in parts]
    columns = list(zip(leans, (part["p"] for part in parts), strict=True))
    in_favour = max(p if lean > 0 else 1.0 for lean, p in columns)
    smallest = min(p if lean < 0 else 1.0 for lean, p in columns)
    against = len(parts) * smallest
    if in_favour < 1 and in_favour <= against:
        return (
            f"This p is the largest of its {len(parts)} parts', because the claim holds only if"
            " every one does."
        )
    if against < 1:
        return (
            f"This p is {len(parts)} times the smallest p ({numbers.p_value(smallest)}) of a part"
            " that speaks against the claim, because any one of its parts can refute it."
        )
    return (
        "This p is 1, because not every part leans in favour of the claim, and none speaks against"
        f" it with a p below 1/{len(parts)}."
    )


def _lean(part: Mapping[str, Any]) -> float:
    """Positive where the part leans in favour; as `verdicts.assess` has it."""
    if part["asserts"] == Kind.NOT_WORSE.value:
        return part["effect"] + part["delta"]
    return abs(part["effect"]) if part["asserts"] == Kind.DIFFERENT.value else part["effect"]
