"""Numbers as text: tables, figures, ledger and report all write them through here."""

import math
from collections.abc import Callable, Iterable
from functools import partial

MISSING = "\N{EN DASH}"


def signed(value: float, decimals: int = 2) -> str:
    """With a sign, and zero without one: `+1.25`, `−0.40`, `0.00`."""
    text = f"{value:+z.{decimals}f}"
    return minus(text if float(text) else text.removeprefix("+"))


def plain(value: float, decimals: int = 2) -> str:
    """With a sign where negative alone: `1.25`, `−0.40`, `0.00`."""
    return minus(f"{value:z.{decimals}f}")


def of_unit(unit: str | None, show: Callable[..., str] = signed) -> Callable[[float], str]:
    """`signed` or `plain` with the decimals of a unit: three for nats, else two.

    0.02 nats are the smallest effect of interest.
    """
    return partial(show, decimals=3 if unit == "nats" else 2)


def percent(fraction: float) -> str:
    """A fraction in percent, one decimal."""
    return plain(100 * fraction, 1)


def points(fraction: float) -> str:
    """A difference of fractions in percentage points, two decimals and a sign."""
    return signed(100 * fraction)


def three_digits(value: float) -> str:
    """Three significant digits, and all of a whole number above."""
    return minus(f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}")


def p_value(p: float | None) -> str:
    """Three decimals, `< 0.001` below them, `MISSING` where there is none."""
    if absent(p):
        return MISSING
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def interval(low: float | None, high: float | None, show: Callable[[float], str] = signed) -> str:
    """`[+0.50, +2.00]`, or nothing where a single seed leaves it open."""
    return "" if absent(low) or absent(high) else f"[{show(low)}, {show(high)}]"


def estimate(
    mean: float | None,
    low: float | None = None,
    high: float | None = None,
    show: Callable[[float], str] = signed,
) -> str:
    """`+1.25 [+0.50, +2.00]`; the mean alone without an interval, `MISSING` without a mean."""
    return MISSING if absent(mean) else f"{show(mean)} {interval(low, high, show)}".strip()


def spans(whole: Iterable[int]) -> str:
    """`0-2, 5` of 0, 1, 2 and 5."""
    found: list[list[int]] = []
    for number in sorted(whole):
        if found and number == found[-1][-1] + 1:
            found[-1][1:] = [number]
        else:
            found.append([number])
    return ", ".join("-".join(map(str, span)) for span in found)


def minus(text: str) -> str:
    """A minus sign instead of a hyphen, so that numbers do not break at it."""
    return text.replace("-", "\N{MINUS SIGN}")


def absent(value: float | None) -> bool:
    """Whether there is no number: None or NaN."""
    return value is None or math.isnan(value)
