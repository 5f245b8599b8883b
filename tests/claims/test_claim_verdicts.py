"""From tests of parts to verdicts, by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsmtl.analysis.paired import Paired
from adsmtl.claims import rules, verdicts
from adsmtl.claims.verdicts import (
    BELOW,
    CONTRADICTED,
    EQUIVALENT,
    INCONCLUSIVE,
    NEGLIGIBLE,
    SUPPORTED,
    Assessed,
    Kind,
    assess,
    decide,
)

N = 8
FOLDS = tuple(k % 4 for k in range(N))
SPREAD = np.array([-2, -1, -0.5, 0, 0.2, 0.5, 0.8, 2]) / 100


def part(lean, p, p_b=1.0, p_within=1.0, small=False):
    return Assessed(lean, p, p_b, p_within, small, 2 / 1024)


def around(mean, scale=1.0):
    return Paired(tuple(mean + scale * SPREAD), FOLDS)


def verdict(*claims):
    return [(one.verdict, one.qualifier) for one in decide(list(claims))]


def test_p_of_a_claim_by_hand():
    assert verdicts.claim_p([part(1, 0.01), part(2, 0.04)]) == 0.04
    assert verdicts.claim_p([part(-1, 0.01), part(2, 0.04)]) == 0.02  # twice the part against
    assert verdicts.claim_p([part(-1, 0.3), part(-2, 0.04), part(1, 0.5)]) == pytest.approx(0.12)
    assert verdicts.claim_p([part(-1, 0.7), part(2, 0.001)]) == 1.0
    assert verdicts.claim_p([part(0, 1.0)]) == 1.0


def collected_part(p, effect, kind=Kind.BETTER):
    """A part as `claims.json` has it, and as the judge has it; its delta is 0.5."""
    lean = {Kind.BETTER: effect, Kind.DIFFERENT: abs(effect), Kind.NOT_WORSE: effect + 0.5}[kind]
    return {"p": p, "effect": effect, "delta": 0.5, "asserts": kind.value}, part(lean, p)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([(0.01, 1.0), (0.04, 2.0)], "the largest of its 2 parts'"),
        ([(0.01, 1.0), (0.04, -0.3, Kind.NOT_WORSE)], "the largest of its 2 parts'"),
        ([(0.01, 1.0), (0.04, -0.3, Kind.DIFFERENT)], "the largest of its 2 parts'"),
        ([(0.01, 1.0), (0.04, -0.3)], "2 times the smallest p (0.040)"),
        ([(0.01, 1.0), (0.04, -0.7, Kind.NOT_WORSE)], "2 times the smallest p (0.040)"),
        ([(0.001, 1.0), (0.7, -0.3)], "This p is 1, "),
        ([(0.001, 1.0), (1.0, 0.0)], "This p is 1, "),
    ],
)
def test_the_rule_in_words_is_the_one_that_gives_the_p(parts, told):
    written, judged = zip(*(collected_part(*one) for one in parts), strict=True)
    assert told in rules.of_no_effect(written)
    by_rule = {"the ": max(one.p for one in judged), "2 ti": 2 * judged[1].p, "This": 1.0}
    assert verdicts.claim_p(judged) == by_rule[told[:4]]


def test_p_of_an_effect_of_delta_counts_every_part_that_could_refute_it():
    assert verdicts.claim_p_b([part(1, 1, p_b=0.01), part(1, 1, p_b=0.9)]) == 0.02
    assert verdicts.claim_p_b([part(1, 1, p_b=0.7)] * 2) == 1.0
    assert verdicts.claim_p_b([part(1, 1, p_b=None)]) is None


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
def test_the_weakest_part_decides_family_a(parts):
    deciding = parts[verdicts.weakest(parts)]
    factor = 1 if deciding.lean > 0 else len(parts)
    assert verdicts.claim_p(parts) == pytest.approx(min(1.0, factor * deciding.p))


def test_five_words():
    decided = decide(
        [
            [part(1, 0.001)],
            [part(-1, 0.001), part(1, 0.001)],
            [part(0.1, 0.6, p_b=0.001), part(1, 0.5, p_b=0.4)],
            [part(0.1, 0.6, p_b=0.2)],
        ]
    )
    words = [one.verdict for one in decided]
    assert words == [SUPPORTED, CONTRADICTED, NEGLIGIBLE, INCONCLUSIVE]
    # Holm over the four claims in A; in B as well, where the third has two parts.
    assert decided[0].p_holm == pytest.approx(0.004)
    assert decided[2].p_b_holm == pytest.approx(4 * 2 * 0.001)
    assert [one.deciding for one in decided] == [0, 0, 0, 0]


def test_holm_of_each_family_decides_and_not_the_plain_p():
    claim = [part(1, 0.02, p_b=0.9)]
    assert verdict(claim) == [(SUPPORTED, None)]
    assert verdict(*[claim] * 3) == [(INCONCLUSIVE, None)] * 3
    small = [part(1, 0.9, p_b=0.02)]
    assert verdict(small) == [(NEGLIGIBLE, None)]
    assert verdict(*[small] * 3) == [(INCONCLUSIVE, None)] * 3


def test_a_supported_effect_that_is_surely_small_is_called_so():
    assert verdict([part(1, 0.001, small=True)]) == [(SUPPORTED, BELOW)]
    # Only the deciding part counts.
    parts = [part(1, 0.001, small=True), part(1, 0.01, small=False)]
    assert verdict(parts) == [(SUPPORTED, None)]


def test_equivalence_needs_every_part():
    close, open_ = part(0.1, 0.9, 0.001, 0.03), part(0.1, 0.9, 0.001, 0.2)
    assert verdict([close, close]) == [(NEGLIGIBLE, EQUIVALENT)]
    assert verdict([close, open_]) == [(NEGLIGIBLE, None)]


def test_a_negligible_claim_is_told_by_the_part_that_refutes_it():
    parts = [part(-0.1, 0.2, p_b=0.1), part(0.05, 0.9, p_b=0.001)]
    assert decide([parts])[0].deciding == 1
    contradicted = [part(-1, 0.001, p_b=0.1), part(0.05, 0.9, p_b=0.001)]
    assert decide([contradicted])[0].deciding == 0


def test_of_parts_with_equal_p_the_smallest_in_units_of_delta_decides():
    nats, points = (assess(around(x), Kind.NOT_WORSE, d) for x, d in ((0.1, 0.02), (-0.12, 0.5)))
    assert nats.p == points.p == 2 / 2**N
    decided = decide([[nats, points]])[0]
    assert (decided.deciding, decided.qualifier) == (1, BELOW)
    assert decide([[points, nats]])[0].deciding == 0


def test_a_part_is_tested_against_none_and_against_delta():
    better = assess(around(0.3), Kind.BETTER, 0.5)
    assert (better.lean, better.p) == pytest.approx((0.6, 2 / 2**N))
    assert (better.p_b, better.p_within, better.small) == (1 / 2**N, 1 / 2**N, True)
    large = assess(around(0.7), Kind.BETTER, 0.5)
    assert (large.p_b, large.small) == (1.0, False)
    harm = assess(around(-0.7), Kind.BETTER, 0.5)
    assert (harm.p_b, harm.p_within) == (1 / 2**N, 1.0)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_difference_counts_in_either_direction_and_never_speaks_against(sign):
    one = assess(around(0.7 * sign), Kind.DIFFERENT, 0.5)
    assert (one.lean, one.p, one.small) == (pytest.approx(1.4), 2 / 2**N, False)
    assert one.p_b == 1.0
    # Two parts of opposite signs differ both.
    other = assess(around(-0.7 * sign), Kind.DIFFERENT, 0.5)
    assert verdict([one, other]) == [(SUPPORTED, None)]
    none = assess(around(0.0), Kind.DIFFERENT, 0.5)
    assert none.p_b == none.p_within == 1 / 2**N
    # It is refuted by one part that does not differ, and then B says so.
    assert verdict([one, none]) == [(NEGLIGIBLE, None)]


def test_not_worse_is_tested_at_minus_delta_and_has_no_second_family():
    held = assess(around(-0.2), Kind.NOT_WORSE, 0.5)
    assert (held.lean, held.p, held.p_b) == (pytest.approx(0.6), 2 / 2**N, None)
    lost = assess(around(-0.8), Kind.NOT_WORSE, 0.5)
    assert lost.lean == pytest.approx(-0.6)
    decided = decide([[held], [lost]])
    assert [one.verdict for one in decided] == [SUPPORTED, CONTRADICTED]
    assert [one.p_b_holm for one in decided] == [None, None]


def test_excluded_effects_by_kind():
    one = around(-0.2)
    upper, lower = one.upper(0.05), one.lower(0.05)
    assert verdicts.excluded(one, Kind.BETTER, 0.05) == upper
    assert verdicts.excluded(one, Kind.DIFFERENT, 0.05) == -lower
    assert verdicts.excluded(one, Kind.NOT_WORSE, 0.05) == -lower
    assert verdicts.excluded(Paired((0.1, 0.2), (0, 1)), Kind.BETTER, 0.05) is None


@pytest.mark.parametrize("mean", [0.1, 0.45, 0.5, 0.6])
def test_an_effect_is_excluded_exactly_where_family_b_rejects_it(mean):
    one = around(mean, 10)
    tested = assess(one, Kind.BETTER, 0.5)
    assert (verdicts.excluded(one, Kind.BETTER, 0.05 / 2) < 0.5) == (
        verdicts.claim_p_b([tested, tested]) <= 0.05
    )


def test_few_seeds_are_underpowered_after_the_correction_alone():
    few = Assessed(1.0, 2 / 2**7, 1.0, 1.0, False, 2 / 2**7)
    assert [one.verdict for one in decide([[few]] * 3)] == [SUPPORTED] * 3
    four = decide([[few]] * 4)
    assert {one.verdict for one in four} == {INCONCLUSIVE}
    assert four[0].underpowered
    assert four[0].reachable == pytest.approx(4 * 2 / 2**7)


def test_one_seed_and_no_claims():
    alone = assess(Paired((0.7,), (0,)), Kind.BETTER, 0.5)
    (one,) = decide([[alone]])
    assert (one.p, one.verdict, one.p_b) == (1.0, INCONCLUSIVE, 1.0)
    assert decide([]) == []
    assert not math.isnan(one.reachable)
