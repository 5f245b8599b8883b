"""Error rates of the judge, as tables: `make simulation` prints those of docs/protocol.md."""

import argparse
from collections.abc import Iterator
from functools import cache
from math import sqrt

import numpy as np

from adsmtl.analysis.slope import Slope
from adsmtl.claims.outcome import CORRELATION, DELTAS
from adsmtl.claims.simulation import SCENARIOS, VERDICTS, rates, shapes
from adsmtl.claims.verdicts import ALPHA

_rates = cache(lambda n, scenario, count, preset: rates(n, scenario, count, preset=preset))

# Sizes of the presets: name of the preset, or nothing where every claim is judged, and seeds.
SIZES = (("", 8), ("", 16), ("", 24), ("full", 8))


def overview(count: int) -> Iterator[str]:
    """Lines of a table of how many claims get every verdict, and how often a ledger errs."""
    yield "| claims | n | true effect | " + " | ".join(VERDICTS) + " | false A | false B |"
    yield "|---|---|---|" + "---|" * (len(VERDICTS) + 2)
    for preset, n in SIZES:
        for scenario in SCENARIOS:
            found = _rates(n, scenario, count, preset)
            numbers = " | ".join(f"{total:.2f}" for total in found.counts.sum(axis=0))
            errors = f"{100 * found.false_a:.1f} % | {100 * found.false_b:.1f} %"
            yield f"| {len(shapes(preset))} | {n} | {scenario.name} | {numbers} | {errors} |"


def by_claim(count: int, n: int = 16) -> Iterator[str]:
    """Lines of a table of the verdicts of every claim, in percent."""
    yield f"| true effect, n = {n} | " + " | ".join(shapes()) + " |"
    yield "|---|" + "---|" * len(shapes())
    for scenario in SCENARIOS:
        shares = _rates(n, scenario, count, "").counts
        cells = [" / ".join(f"{100 * share:.0f}" for share in one) for one in shares]
        yield f"| {scenario.name} | " + " | ".join(cells) + " |"


def of_pairs(count: int, pairs: int = 16, tested: int = 10, tested_b: int = 9) -> Iterator[str]:
    """Lines of a table of what becomes of C9, at Holm's worst levels and at 5 %, in percent.

    Affinities and gains are normal with the true correlation; both halves of the seeds measure
    the same pairs, each with noise of half the spread between pairs.
    """
    yield "| true correlation | A in favour | A against | B | A at 5 % | B at 5 % |"
    yield "|---|---|---|---|---|---|"
    for true in (-0.6, 0.0, 0.1, 0.3, 0.6, 0.8):
        draw = np.random.default_rng([pairs, int(100 * (true + 1))])
        found = []
        for _ in range(count):
            x = draw.standard_normal(pairs)
            y = true * x + sqrt(1 - true**2) * draw.standard_normal(pairs)
            halves = [z + 0.5 * draw.standard_normal((2, pairs)) for z in (x, y)]
            one = Slope(*(tuple(map(tuple, half)) for half in halves))
            found.append((_permuted_p(one, draw), one.effect, one.p_below(DELTAS[CORRELATION])))
        p, effect, p_b = np.array(found).T
        strict, strict_b, cut = ALPHA / tested, ALPHA / tested_b, ALPHA
        columns = (
            (p <= strict) & (effect > 0),
            (p <= strict) & (effect < 0),
            p_b <= strict_b,
            p <= cut,
            p_b <= cut,
        )
        yield f"| {true:g} | " + " | ".join(f"{100 * one.mean():.1f}" for one in columns) + " |"


def _permuted_p(one: Slope, draw: np.random.Generator, orders: int = 2000) -> float:
    """`Slope.p` from fewer permutations, many at once."""
    x, y = (np.asarray(z) - np.mean(z, axis=1, keepdims=True) for z in (one.affinity, one.gain))
    permuted = draw.permuted(np.tile(np.arange(one.n), (orders, 1)), axis=1)
    totals = np.abs(np.einsum("hop,hp->o", x[:, permuted], y))
    return float((1 + np.count_nonzero(totals >= abs((x * y).sum()) - 1e-12)) / (orders + 1))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000, help="ledgers per line")
    count = parser.parse_args().count
    for table in (overview(count), by_claim(count), of_pairs(count)):
        for line in table:
            print(line, flush=True)
        print()


if __name__ == "__main__":
    main()
