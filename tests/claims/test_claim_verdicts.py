"""The ledger's statistics on drawn numbers: one per seed, in units of their sd."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsmtl.analysis import statistics
from adsmtl.claims import verdicts
from adsmtl.claims.catalogue import CLAIMS
from adsmtl.claims.verdicts import CONTRADICTED, INCONCLUSIVE, SUPPORTED, decide

SHAPE = [len(claim.parts) for claim in CLAIMS]


def ledger(seed, n=10, effects=None):
    """Numbers of every part of every claim; parts of a claim share half of their variance.

    `effects` are true means by claim, each a number or one per part; 0 if None.
    """
    draw = np.random.default_rng(seed)
    effects = [0.0] * len(SHAPE) if effects is None else effects
    return [
        np.broadcast_to(np.reshape(effect, (-1, 1)), (parts, n))
        + math.sqrt(0.5) * (draw.normal(size=(1, n)) + draw.normal(size=(parts, n)))
        for parts, effect in zip(SHAPE, effects, strict=True)
    ]


def tolerance(rate, count):
    return 3 * math.sqrt(rate * (1 - rate) / count)


@pytest.fixture(scope="module", autouse=True)
def quiet_collector():
    """Holm's library collects garbage in every call, which takes longer than all the rest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gc.collect", lambda *_: 0)
        yield


@pytest.fixture(scope="module")
def without_effect():
    return [decide(ledger(seed)) for seed in range(250)]


def test_the_ledger_has_the_shape_of_the_catalogue():
    assert SHAPE == [2, 1, 2, 1, 4, 2, 1, 1, 1, 2]
    assert [claim.id for claim in CLAIMS] == [f"C{number}" for number in range(1, 11)]


def test_without_effects_95_percent_of_ledgers_are_inconclusive_throughout(without_effect):
    wrong = np.mean([any(one.verdict != INCONCLUSIVE for one in of) for of in without_effect])
    assert wrong <= 0.05 + tolerance(0.05, len(without_effect))


def test_intervals_of_parts_cover_at_their_level(without_effect):
    parts = [part for of in without_effect for one in of for part in one.parts]
    covered = np.mean([part.ci_low <= 0 <= part.ci_high for part in parts])
    assert abs(covered - 0.95) < tolerance(0.95, len(without_effect))


@pytest.mark.parametrize(("effect", "verdict"), [(2.0, SUPPORTED), (-2.0, CONTRADICTED)])
def test_effects_of_two_sd_are_found_in_90_percent_of_claims(effect, verdict):
    found = [one.verdict for seed in range(50) for one in decide(ledger(seed, 10, [effect] * 10))]
    assert np.mean([one == verdict for one in found]) >= 0.9
    assert set(found) <= {verdict, INCONCLUSIVE}


def test_claims_without_effect_are_safe_beside_true_and_false_ones():
    effects = [3.0, 0.0, -3.0, 0.0, 0.0, 3.0, 0.0, 0.0, -3.0, 0.0]
    wrong, count = 0, 100
    for seed in range(count):
        found = [one.verdict for one in decide(ledger(seed, 10, effects))]
        wrong += any(
            one != INCONCLUSIVE for one, effect in zip(found, effects, strict=True) if not effect
        )
    assert wrong / count <= 0.05 + tolerance(0.05, count)


def test_one_part_without_effect_keeps_a_claim_from_being_supported():
    # The worst case of the intersection-union test: all other parts hold beyond doubt.
    count = 400
    means = np.array([[5.0], [5.0], [5.0], [0.0]])
    draws = means + np.random.default_rng(1).normal(size=(count, 4, 10))
    supported = np.mean([decide([claim])[0].verdict == SUPPORTED for claim in draws])
    # One direction of the two-sided test: 48 of 1024 patterns are the most within 5 %.
    assert abs(supported - 24 / 1024) < tolerance(24 / 1024, count)


@pytest.mark.parametrize("effect", [100.0, -100.0, 0.0])
def test_three_seeds_never_decide_anything(effect):
    for seed in range(20):
        for one in decide(ledger(seed, 3, [effect] * 10)):
            assert one.verdict == INCONCLUSIVE
            assert one.underpowered
            assert one.detectable is None


def test_the_detectable_effect_is_found_with_nearly_its_power():
    # The only true claim of ten, so Holm's correction is at its worst.
    effect = statistics.smallest_detectable(10, 1.0, verdicts.ALPHA / 10)
    effects = [0.0, effect, *[0.0] * 8]
    count = 100
    decided = [decide(ledger(seed, 10, effects))[1] for seed in range(count)]
    found = np.mean([one.verdict == SUPPORTED for one in decided])
    # The exact test rejects at 4/1024 instead of 5/1000 and so finds a little less.
    assert 0.7 - tolerance(0.7, count) < found < 0.8 + tolerance(0.8, count)
    expected = [statistics.smallest_detectable(10, one.deciding.sd, 0.005) for one in decided]
    assert [one.detectable for one in decided] == expected


def part(effect, p):
    return statistics.Comparison(10, effect, 1.0, effect - 1, effect + 1, None, p, 2 / 1024)


def test_p_of_a_claim_by_hand():
    assert verdicts.claim_p([part(1, 0.01), part(2, 0.04)]) == 0.04
    assert verdicts.claim_p([part(-1, 0.01), part(2, 0.04)]) == 0.02  # twice the part against
    assert verdicts.claim_p([part(-1, 0.3), part(-2, 0.04), part(1, 0.5)]) == pytest.approx(0.12)
    assert verdicts.claim_p([part(-1, 0.7), part(2, 0.001)]) == 1.0
    assert verdicts.claim_p([part(0, 1.0)]) == 1.0


def test_the_weakest_part_is_the_strongest_evidence_against_or_the_least_in_favour():
    assert verdicts.weakest([part(1, 0.01), part(2, 0.04)]) == 1
    assert verdicts.weakest([part(-1, 0.01), part(-2, 0.04)]) == 0
    assert verdicts.weakest([part(5, 0.9), part(-1, 0.5)]) == 1
    assert verdicts.weakest([part(2, 0.25), part(1, 0.25)]) == 1


@given(
    st.lists(
        st.tuples(st.sampled_from([-1.0, 1.0]), st.floats(0.002, 1)).map(lambda one: part(*one)),
        min_size=1,
        max_size=4,
    )
)
def test_the_weakest_part_decides(parts):
    deciding = parts[verdicts.weakest(parts)]
    factor = 1 if deciding.effect > 0 else len(parts)
    assert verdicts.claim_p(parts) == pytest.approx(min(1.0, factor * deciding.p))


def test_few_seeds_are_underpowered_after_the_correction_alone():
    # 2/2^7 = 0.0156: enough for three claims, not for four.
    seven = [np.arange(1.0, 8.0)]
    assert [one.verdict for one in decide([seven] * 3)] == [SUPPORTED] * 3
    four = decide([seven] * 4)
    assert {one.verdict for one in four} == {INCONCLUSIVE}
    assert four[0].reachable == pytest.approx(4 * 2 / 2**7)
    # Claims with more seeds leave the least demanding step of the correction to them.
    assert decide([seven, *[[np.arange(1.0, 13.0)]] * 3])[0].verdict == SUPPORTED


def test_one_seed_and_no_claims():
    (one,) = decide([[[0.5]]])
    assert (one.p, one.verdict, one.detectable) == (1.0, INCONCLUSIVE, None)
    assert decide([]) == []


def test_numbers_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="finite"):
        decide([[[0.5, math.nan]]])
