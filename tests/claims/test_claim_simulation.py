"""The judge's error rates; the tables of the protocol are the same at full length."""

import numpy as np
import pytest

from adsmtl.analysis.paired import Paired
from adsmtl.claims import simulation, verdicts
from adsmtl.claims.simulation import SCENARIOS, VERDICTS, Scenario, rates
from adsmtl.claims.verdicts import CONTRADICTED, NEGLIGIBLE, SUPPORTED, Kind

SCENARIO = {scenario.name: scenario for scenario in SCENARIOS}
COUNT = 150
N = 12


def share(found, verdict):
    """Of claims, without C6, which asserts that nothing is lost."""
    names = list(simulation.shapes())
    rows = [place for place, name in enumerate(names) if name != "C6"]
    return found.counts[rows, VERDICTS.index(verdict)].mean()


def test_simulated_claims_have_the_parts_of_the_catalogue():
    parts = {name: len(shape.kinds) for name, shape in simulation.shapes().items()}
    assert parts == {"C1": 2, "C2": 1, "C3": 2, "C4": 2, "C5": 4, "C6": 4, "C7": 1, "C8": 2} | {
        "C10": 2
    }


@pytest.mark.parametrize("kind", list(Kind))
def test_the_fast_tests_are_those_that_judge(kind):
    values = np.random.default_rng(1).normal(0.3, 1, size=(6, 8))
    fast = simulation._tested(kind, values, simulation.subsets(8))
    for row, one in zip(values, fast, strict=True):
        slow = verdicts.assess(Paired(tuple(row), (0, 1, 2, 3) * 2), kind, 1.0)
        assert one.small == slow.small
        assert (one.lean, one.p, one.p_within, one.p_smallest) == pytest.approx(
            (slow.lean, slow.p, slow.p_within, slow.p_smallest)
        )
        assert one.p_b == (None if slow.p_b is None else pytest.approx(slow.p_b))


@pytest.mark.parametrize("name", ["none", "none; these folds differ (sd 0.5)"])
def test_without_effect_family_a_errs_in_at_most_5_percent_of_ledgers(name):
    assert rates(N, SCENARIO[name], COUNT).false_a <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / COUNT)


def test_effects_of_delta_are_called_negligible_in_at_most_5_percent_of_ledgers():
    found = rates(N, SCENARIO["delta"], COUNT)
    assert found.false_b <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / COUNT)
    assert found.false_a == 0


def test_verdicts_follow_large_effects_and_none():
    huge = rates(N, Scenario("huge", 12), 6)
    assert share(huge, SUPPORTED) > 0.9
    harm = rates(N, Scenario("harm", -12), 6)
    # C8 asserts a difference, which harm is as well.
    assert share(harm, CONTRADICTED) + share(harm, SUPPORTED) > 0.9
    assert share(rates(N, SCENARIO["none"], 20), NEGLIGIBLE) > 0.25


def test_opposite_signs_on_two_parts_are_never_supported_but_as_a_difference():
    found = rates(N, SCENARIO["opposite: +2 and -2 delta"], 40)
    supported = found.counts[:, VERDICTS.index(SUPPORTED)]
    several = {
        name: supported[place]
        for place, (name, shape) in enumerate(simulation.shapes().items())
        if set(shape.kinds) == {Kind.BETTER} and len(shape.kinds) > 1
    }
    assert several == dict.fromkeys(("C1", "C3", "C4", "C5", "C10"), 0)
