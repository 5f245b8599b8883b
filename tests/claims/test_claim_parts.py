"""The numbers behind each claim, on a few seeds by hand."""

import math
from dataclasses import replace

import judging
import numpy as np
import pandas as pd
import pytest
import synthetic
from judging import FACTS, RATES, TASKS, study

from adsmtl.analysis import luck, measures
from adsmtl.claims import adaptive, single_vs_multi, wanted
from adsmtl.claims.catalogue import CLAIMS
from adsmtl.claims.claim import co_outcomes
from adsmtl.claims.evidence import NotRun
from adsmtl.claims.fixed_rates import OTHER
from adsmtl.claims.listing import verdict
from adsmtl.claims.outcome import ACCURACY, ACCURACY_LAST3, GAP, NLL, NLL_LAST3
from adsmtl.claims.records import Listing
from adsmtl.claims.verdicts import Kind
from adsmtl.claims.wanted import GRID, Wanted

CLAIM = {claim.id: claim for claim in CLAIMS}


def values(claim, part, of):
    return CLAIM[claim].parts[part].values(of).tolist()


def asides(claim, of):
    return {one.name: one.value for one in CLAIM[claim].asides(of)}


def both(by_arm):
    """The same accuracies on both tasks; a list by seed each."""
    return {arm: [list(a), list(a)] for arm, a in by_arm.items()}


def singles(variant, vision, speech):
    return {f"single-vision-{variant}": [vision], f"single-speech-{variant}": [speech]}


def fixed(accuracies):
    return both({f"fixed-{rate}": a for rate, a in zip(RATES, accuracies, strict=True)})


def test_claims_have_the_parts_of_the_protocol():
    parts = {claim.id: len(claim.parts) for claim in CLAIMS}
    assert parts == {"C1": 2, "C2": 1, "C3": 2, "C4": 2, "C5": 4, "C6": 4, "C7": 1, "C8": 2} | {
        "C9": 1,
        "C10": 2,
    }
    kinds = {claim.id: {part.kind for part in claim.parts} for claim in CLAIMS}
    assert kinds["C6"] == {Kind.NOT_WORSE}
    assert kinds["C8"] == {Kind.DIFFERENT}
    assert set().union(*(kinds[name] for name in kinds.keys() - {"C6", "C8"})) == {Kind.BETTER}
    assert GRID == (0.1, 0.2, 0.3)


def test_beside_accuracy_stand_the_last_three_epochs_likelihood_and_every_task():
    assert co_outcomes(ACCURACY, TASKS) == (
        (ACCURACY_LAST3, TASKS),
        (NLL, TASKS),
        (NLL_LAST3, TASKS),
        (ACCURACY, ("vision",)),
        (NLL, ("vision",)),
        (ACCURACY, ("speech",)),
        (NLL, ("speech",)),
    )
    assert co_outcomes(GAP, TASKS) == ((GAP, ("vision",)), (GAP, ("speech",)))


def test_a_contrast_is_of_any_outcome_and_task():
    of = study(
        {"none": [[50], [40]], **singles("none", [48], [41])},
        loss={"none": [[1.0], [2.0]], **singles("none", [1.5], [1.9])},
    )
    contrast = CLAIM["C1"].parts[0].contrast
    assert contrast(of, ACCURACY, TASKS).tolist() == pytest.approx([0.5])
    assert contrast(of, ACCURACY, ("speech",)).tolist() == pytest.approx([-1])
    assert contrast(of, NLL, TASKS).tolist() == pytest.approx([0.2])
    assert contrast(of, NLL, ("vision",)).tolist() == pytest.approx([0.5])


def test_multi_and_single_task_training_are_compared_at_equal_rates():
    test = {"none": [[50], [40]], **singles("none", [49], [39])}
    for gain, rate in zip((2, 3, 6), GRID, strict=True):
        test |= {f"fixed-{rate}": [[50], [50]], **singles(f"fixed-{rate}", [50 - gain], [50])}
    assert values("C1", 0, study(test)) == pytest.approx([1])
    # (1 + 2 / 2 + 3 / 2 + 6 / 2) / 4
    assert values("C1", 1, study(test)) == pytest.approx([1.625])


def test_beside_equal_rates_stands_each_side_at_the_rate_that_validation_chooses():
    grid = [[50, 50], [51, 53], [52, 52], [55, 55]]
    test, val = fixed(grid), fixed([[1, 1], [9, 9], [1, 1], [1, 1]])  # 0.2: 51 and 53
    for k, rate in enumerate(RATES):
        variant = f"fixed-{rate}"
        test |= singles(variant, [40 + k, 40 + k], [44 + k, 44 + k])
        val |= singles(variant, [k, k], [-k, -k])  # images 0.5: 43; speech 0.1: 44
    found = asides("C1", study(test, val))
    assert list(found.values()) == pytest.approx([52 - (43 + 44) / 2])


def curve(multi, single):
    of = {}
    for part, m, s in zip(("10pct", "25pct", "50pct", "none"), multi, single, strict=True):
        of |= {"none" if part == "none" else f"none-{part}": [[m], [m]], **singles(part, [s], [s])}
    return study(of)


def test_area_between_learning_curves():
    assert values("C2", 0, curve([12, 23, 34, 45], [10, 21, 32, 43])) == pytest.approx([2])
    # differences 4, 2, 0, 0 at ln 0.1, ln 0.25, ln 0.5, ln 1: trapezoids over ln 10
    area = (3 * math.log(2.5) + 1 * math.log(2)) / math.log(10)
    assert values("C2", 0, curve([14, 23, 32, 43], [10, 21, 32, 43])) == pytest.approx([area])


def test_share_of_the_data_that_reaches_an_accuracy():
    reaches = single_vs_multi.share_that_reaches
    assert reaches([10, 20, 30, 40], 25) == pytest.approx(math.sqrt(0.125))
    assert reaches([10, 20, 30, 40], 40) == pytest.approx(1)
    assert (reaches([10, 20, 30, 40], 9), reaches([10, 20, 30, 40], 41)) == (0.1, None)
    found = asides("C2", curve([10, 20, 30, 40], [5, 10, 15, 30]))
    assert found["multi-task minus single-task training with 25 % of the data"] == pytest.approx(10)
    assert list(found.values())[-1] == pytest.approx(50)


def test_a_learning_curve_is_that_of_mean_accuracies_over_seeds():
    of = {}
    for part, least in {"10pct": 0, "25pct": 10, "50pct": 20, "none": 30}.items():
        several = [least, least, least + 30]  # mean least + 10, median least
        of["none" if part == "none" else f"none-{part}"] = [several] * 2
        of |= singles(part, [15] * 3, [15, 15, 30])
    # Alone, the tasks come to (15 + 20) / 2 on all data, between the curve's 10 and 20.
    expected = 100 * math.exp(np.interp(17.5, [10, 20], np.log([0.1, 0.25])))
    assert list(asides("C2", study(of)).values())[-1] == pytest.approx(expected)


def test_dropout_against_none_over_the_grid_without_choosing():
    test = {"none": [[50, 50], [50, 50]], **fixed([[51, 51], [52, 47], [53, 55], [90, 90]])}
    gap = {"none": [[30, 30], [20, 20]], **fixed([[10, 10], [12, 12], [2, 5], [0, 0]])}
    of = study(test, gap=gap)
    assert values("C3", 0, of) == pytest.approx([2, 1])
    assert values("C3", 1, of) == pytest.approx([25 - 8, 25 - 9])


def test_beside_the_grid_stands_the_rate_that_validation_chooses():
    test = {"none": [[50, 50], [50, 50]], **fixed([[51, 51], [52, 47], [53, 55], [90, 90]])}
    gap = {"none": [[30, 30], [20, 20]], **fixed([[10, 10], [12, 12], [2, 5], [0, 0]])}
    val = {"none": [[0, 0], [0, 0]], **fixed([[1, 1], [1, 1], [9, 9], [1, 1]])}
    accuracy, of_gap = asides("C3", study(test, val, gap=gap)).items()
    assert accuracy == (f"test accuracy: fixed rate {OTHER} minus no dropout", pytest.approx(4))
    assert "gap" in of_gap[0]
    assert of_gap[1] == pytest.approx(25 - 3.5)  # less of it is better


def test_adsmtl_against_fixed_rates_and_the_best_rates_per_task():
    test = fixed([[50, 50], [50, 50], [50, 50], [50, 50]])
    test |= both({f"adsmtl-{rate}": [51 + k, 51] for k, rate in enumerate(RATES)})
    test |= both({f"per-task-{k}": [48 + k, 53] for k in (1, 2, 3, 4)})
    val = both({f"adsmtl-{rate}": [k, k] for k, rate in enumerate(RATES)})
    val |= both({f"per-task-{k}": [k, k] for k in (1, 2, 3, 4)})
    of = study(test, val)
    assert values("C4", 0, of) == pytest.approx([(1 + 2 + 3) / 3, 1])
    assert values("C4", 1, of) == pytest.approx([54 - 52, 51 - 53])


def test_unequal_tuning_leaves_c4_not_run():
    test = fixed([[50, 50]] * 4) | both({f"adsmtl-{rate}": [51, 51] for rate in RATES})
    test |= both({f"per-task-{k}": [48, 48] for k in (1, 2, 3)})
    with pytest.raises(NotRun, match=r"equal tuning: .*adsmtl-chosen among 4, per-task-chosen"):
        values("C4", 1, study(test))


def test_controls_and_the_harder_task():
    test = {"adsmtl-0.2": [[50, 50], [40, 40]]}
    test |= {arm: [[49, 49], [37 - k] * 2] for k, arm in enumerate(adaptive.CONTROLS)}
    # 1.5 / ln 10 is more than 2 / ln 61, although the loss is smaller.
    history = judging.difficulty("adsmtl-0.2", 2, {"vision": 1.5, "speech": 2.0})
    of = study(test, history=history)
    assert list(adaptive.CONTROLS) == ["borrowed", "swapped", "matched-mean", "reversed"]
    assert [values("C5", part, of)[0] for part in range(4)] == pytest.approx([2, 2.5, 3, 3.5])
    assert adaptive.harder_first(of) == ("vision", "speech")
    # One late epoch: 6.0 / ln 61 more in a mean, nothing in a median.
    late = history["val_loss"].where((history["task"] != "speech") | (history["epoch"] < 3), 8.0)
    reversed_ = replace(of, history=history.assign(val_loss=late))
    assert adaptive.harder_first(reversed_) == ("speech", "vision")
    found = {name: one for name, one in asides("C5", of).items() if "accuracy" in name}
    assert list(found.values()) == pytest.approx([1 - 3, 1 - 4, 1 - 5, 1 - 6])
    assert all("harder task (vision) minus on speech" in name for name in found)


def test_units_dropped_at_test_time_by_arm_and_outcome():
    arms = ("fixed-0.2", "adsmtl-0.2")
    test = both({arm: [50, 50] for arm in arms})
    evaluated = judging.evaluations(arms, 2, accuracy=-0.01, loss=0.05, sd=0)
    of = study(test, test_time=judging.at_test_time(evaluated))
    assert [values("C6", part, of)[0] for part in range(4)] == pytest.approx([-1, -0.05, -1, -0.05])
    # An sd of two repeats at ±0.2 points.
    assert list(asides("C6", of).values()) == pytest.approx([0.2 * math.sqrt(2)] * 2)
    ece = CLAIM["C6"].parts[0].beside[0]
    assert CLAIM["C6"].parts[0].contrast(of, *ece).tolist() == pytest.approx([1, 1])
    few = study(test, test_time=judging.at_test_time(evaluated[evaluated["task"] == "vision"]))
    with pytest.raises(NotRun, match=r"no seed of fixed-0\.2 that has been evaluated"):
        values("C6", 0, few)


def test_regret_saved_by_each_seeds_own_validation():
    test = fixed([[50, 50], [51, 51], [52, 52], [55, 55]])
    val = fixed([[1, 9], [2, 1], [9, 1], [1, 1]])
    of = study(test, val)
    # The mean is 52; chosen are 52 and 50; on the other seed's data 50 and 52.
    assert values("C7", 0, of) == pytest.approx([0, -2])
    found = list(asides("C7", of).values())
    assert found[:3] == pytest.approx([(-2 + 0) / 2, (3 + 5) / 2, 3])
    assert found[3] is None


def test_a_choice_needs_two_rates_and_every_seed_all_of_them():
    two = {"fixed-0.1": [[50, 51], [50, 51]], "fixed-0.2": [[54, 53], [54, 53]]}
    val = {"fixed-0.1": [[1, 9], [1, 9]], "fixed-0.2": [[9, 1], [9, 1]]}
    of = study(two, val)
    assert values("C7", 0, of) == pytest.approx([54 - 52, 51 - 52])
    runs = of.final[of.final["group"] != measures.CHOSEN_GROUP]
    lost = runs[(runs["arm"] != "fixed-0.2") | (runs["seed"] == 0)]
    fewer = replace(of, final=measures.with_chosen(lost, measures.choose_on_other_seeds))
    assert CLAIM["C7"].parts[0].values(fewer).to_dict() == pytest.approx({0: 2})


def test_what_luck_gains_stands_beside_the_choice_with_its_interval_in_points():
    draw = np.random.default_rng(1)
    of = study({f"fixed-{rate}": (50 + draw.normal(size=(2, 8))).tolist() for rate in RATES})
    told = next(one for one in CLAIM["C7"].asides(of) if one.name.startswith("best of four runs"))
    lucky = luck.best_of_four(of.trial_rows(wanted.FIXED))
    expected = (100 * lucky.mean, 100 * lucky.low, 100 * lucky.high, 2)
    assert (told.value, told.low, told.high, told.n) == pytest.approx(expected)


def test_the_choice_sees_the_mean_of_the_last_three_epochs():
    test, val = fixed([[50, 50], [51, 51], [52, 52], [55, 55]]), fixed([[9, 9], *[[1, 1]] * 3])
    of = study(test, val)
    last = of.final.assign(val_accuracy=1 - of.final["val_accuracy"])
    assert values("C7", 0, replace(of, final=last)) == values("C7", 0, of) == [-2, -2]


def test_the_choice_on_other_seeds_is_blind_to_the_luck_of_a_run():
    # No rate is better than another; what a run gains by luck, validation data see too.
    draw, name = np.random.default_rng(0), "regret of a random rate minus regret of the rate"
    own, other = [], []
    for _ in range(8):
        luck = {f"fixed-{rate}": 50 + draw.normal(size=(2, 8)) for rate in RATES}
        of = study({arm: one.tolist() for arm, one in luck.items()})
        own.append(np.mean(values("C7", 0, of)))
        other.append(next(one for key, one in asides("C7", of).items() if key.startswith(name)))
    # The larger of four means of two standard normal numbers: 1.03 / sqrt(2)
    assert np.mean(own) == pytest.approx(1.03 / math.sqrt(2), abs=0.2)
    assert np.mean(other) == pytest.approx(0, abs=0.25)


def test_interaction_of_training_with_rate_per_task():
    test = {"fixed-0.1": [[50], [40]], "fixed-0.3": [[53], [39]]}
    test |= singles("fixed-0.1", [50], [40]) | singles("fixed-0.3", [51], [42])
    of = study(test)
    assert values("C8", 0, of) == pytest.approx([3 - 1])
    assert values("C8", 1, of) == pytest.approx([-1 - 2])
    assert list(asides("C8", of).values()) == pytest.approx([-0.5])


PAIRS = [(f"a{k}", f"b{k}") for k in range(13)]


def pairs(count=12, seeds=4):
    """Pair k gains 0.01 k nats and its gradients have the cosine 0.05 k."""
    facts = judging.pair_facts(PAIRS[:count])
    loss, epochs = {}, []
    for arm in facts:
        tasks = facts[arm]["tasks"].split("+")
        gain = 0.01 * PAIRS.index(tuple(tasks)) if len(tasks) == 2 else 0
        loss[arm] = [[1 - gain] * seeds] * len(tasks)
        for seed in range(seeds) if len(tasks) == 2 else ():
            affinity = 0.05 * PAIRS.index(tuple(tasks))
            known = {"arm": arm, "seed": seed}
            epochs += [known | {"epoch": 1, "affinity": affinity}, known | {"epoch": 2}]
    test = {arm: [[50] * seeds] * len(one) for arm, one in loss.items()}
    return study(test, loss=loss, facts=facts, history=pd.DataFrame(epochs))


def test_gain_in_likelihood_follows_affinity_over_pairs():
    of = pairs()
    line = CLAIM["C9"].parts[0].numbers(of)
    assert (line.n, line.slope, line.effect) == pytest.approx((12, 0.2, 1.0))
    arms = CLAIM["C9"].select(of, ())
    assert len(arms) == 36
    found = asides("C9", of)
    assert found["a3 and b3: gain over single-task training"] == pytest.approx(0.03)
    assert found["a3 and b3: cosine of the gradients"] == pytest.approx(0.15)
    assert found["gain over single-task training, mean over pairs"] == pytest.approx(0.055)
    assert found["pairs that gain"] == pytest.approx(100 * 11 / 12)  # a0 and b0 come to nothing
    assert found["reliability of the gains: correlation of the halves of the seeds"] == 1
    of.final["dataset"] = of.final["task"]  # no two pairs on the same
    assert asides("C9", of)["correlation among pairs on the same data"] is None


def test_a_seed_that_a_pair_lacks_is_left_out_and_the_pair_stays():
    of = pairs()
    lost = (of.final["arm"] == "pair-a3-b3") & (of.final["seed"] == 2)
    # In seed 2 alone nothing is related to anything.
    of.final.loc[of.final["seed"] == 2, "test_loss"] = np.arange((of.final["seed"] == 2).sum()) % 5
    line = CLAIM["C9"].parts[0].numbers(replace(of, final=of.final[~lost]))
    assert (line.n, line.effect) == pytest.approx((12, 1.0))
    lost |= (of.final["arm"] == "pair-single-b7") & (of.final["seed"] > 0)
    with pytest.raises(NotRun, match="12 pairs have gain and affinity, all of them in 1 seeds"):
        CLAIM["C9"].parts[0].numbers(replace(of, final=of.final[~lost]))


def test_a_relation_that_is_one_of_data_sets_alone_is_told_apart():
    """Pairs 6 to 11 have other data and larger numbers; within the data there is no relation."""
    of, alone = pairs(), "correlation among pairs on the same data"
    of.final["dataset"] = np.where(of.final["task"].str[1:].astype(int) < 6, "images", "speech")
    history = of.history.copy()
    number = history["arm"].str.extract(r"a(\d+)")[0].astype(int)
    history["affinity"] = (number >= 6) + 0.01 * number.map(lambda k: [1, 0, 2, 2, 0, 1][k % 6])
    gain = (number >= 6) + 0.01 * number.map(lambda k: [0, 1, 0, 1, 0, 1][k % 6])
    by_arm = dict(zip(history["arm"], gain, strict=True))
    of.final["test_loss"] = 5 - of.final["arm"].map(by_arm).fillna(0)
    of = replace(of, history=history)
    assert CLAIM["C9"].parts[0].numbers(of).effect > 0.99
    found = asides("C9", of)
    assert found[alone] == pytest.approx(found["correlation of the pairs on images alone"])
    assert abs(found[alone]) < 0.5
    assert found["p of it, cosines permuted among pairs on the same data"] > 0.2


def test_every_kind_of_data_with_four_pairs_has_the_correlation_of_its_own_pairs():
    of = pairs()
    number = of.final["task"].str[1:].astype(int)
    of.final["dataset"] = number.map(lambda k: "images" if k < 4 else "speech" if k < 9 else "text")
    together = of.final["tasks"].str.contains("+", regex=False)
    # Among speech, what gains more agrees less; among images and text it is as in all of them.
    of.final["test_loss"] = 5 - together * number.where(~number.between(4, 8), 12 - number)
    found = {one.name: one for one in CLAIM["C9"].asides(of)}
    for name, correlation, count in (("images", 1, 4), ("speech", -1, 5)):
        told = found[f"correlation of the pairs on {name} alone"]
        assert (told.value, told.n) == pytest.approx((correlation, count))
    assert "correlation of the pairs on text alone" not in found  # three pairs


def test_a_pair_without_one_of_its_tasks_alone_is_not_judged():
    of = pairs(13)
    fewer = replace(of, final=of.final[of.final["arm"] != "pair-single-b12"])
    assert CLAIM["C9"].parts[0].numbers(fewer).n == 12
    arms = CLAIM["C9"].select(fewer, ())
    assert "pair-a12-b12" not in arms
    assert len(arms) == 36


def test_what_the_pairs_of_a_task_make_of_the_correlation_stands_beside():
    """Six pairs of one task have small cosines and small gains; the others know no relation."""
    shared = [("hub", f"b{k}") for k in range(6)] + [(f"a{k}", f"b{k}") for k in range(6, 13)]
    facts = judging.pair_facts(shared)
    effect = {pair: (1 + k % 2, 1 + (k // 2) % 2) for k, pair in enumerate(shared)}
    effect |= {pair: (0, 0) for pair in shared[:6]}
    loss, epochs = {}, []
    for arm, fact in facts.items():
        tasks = tuple(fact["tasks"].split("+"))
        affinity, gain = effect.get(tasks, (0, 0))
        loss[arm] = [[3 - gain] * 4] * len(tasks)
        if len(tasks) == 2:
            epochs += [{"arm": arm, "seed": s, "epoch": 1, "affinity": affinity} for s in range(4)]
    test = {arm: [[50] * 4] * len(one) for arm, one in loss.items()}
    of = study(test, loss=loss, facts=facts, history=pd.DataFrame(epochs))
    named = {one.name: one for one in CLAIM["C9"].asides(of)}
    assert CLAIM["C9"].parts[0].numbers(of).effect > 0.8
    without = named["correlation without the 6 pairs of hub"]
    assert (without.n, abs(without.value) < 0.3) == (7, True)
    assert without.low < 0 < without.high
    assert not any("pairs of b1" in name for name in named)  # in one pair alone


def test_eleven_pairs_are_too_few():
    with pytest.raises(NotRun, match="fewer than 12 pairs of tasks, and only 11 have"):
        CLAIM["C9"].select(pairs(11), ())


@pytest.mark.parametrize("unmeasured", ["arm == 'pair-a0-b0' and seed == 1", "epoch > 0"])
def test_a_pair_whose_affinity_was_not_measured_is_not_left_out(unmeasured):
    of = pairs(13)  # twelve others would do
    history = of.history.assign(affinity=of.history["affinity"].where(~of.history.eval(unmeasured)))
    count = "1 of" if "seed" in unmeasured else r"(\d+) of \1"
    with pytest.raises(NotRun, match=rf"affinity of {count}.*first pair-a0-b0 seed.*`adsmtl aff"):
        CLAIM["C9"].parts[0].numbers(replace(of, history=history))
    with pytest.raises(NotRun, match=r"^no affinity of (\d+) of \1 runs"):
        CLAIM["C9"].parts[0].numbers(replace(of, history=history.drop(columns="affinity")))


def test_penalty_and_balance():
    test = {"none": [[60, 60], [40, 40]], **singles("none", [50, 50], [40, 40])}
    test |= {"l2-1e-5": [[55, 50], [44, 40]]}
    test |= {arm: [[1, 1], [1, 1]] for arm in ("l2-1e-4", "l2-1e-3")}
    val = {"none": [[1, 1], [1, 1]], "l2-1e-5": [[2, 2], [2, 2]]}
    of = study(test, val | {arm: [[0, 0]] * 2 for arm in ("l2-1e-4", "l2-1e-3")})
    assert values("C10", 0, of) == pytest.approx([-0.5, -5])
    # Relative changes are +20 and 0 % without; with the penalty +10 and +10 %, and none at all.
    assert values("C10", 1, of) == pytest.approx([20, 20])


def test_a_penalty_that_unbalances_the_tasks_speaks_against_the_claim():
    test = {"none": [[55, 50], [44, 40]], "l2-1e-5": [[60, 60], [40, 40]]}
    test |= singles("none", [50, 50], [40, 40])
    val = both({"none": [1, 1], "l2-1e-5": [2, 2]})
    assert values("C10", 1, study(test, val)) == pytest.approx([-20, -20])


def test_noise_alone_makes_no_arm_more_balanced():
    draw, found = np.random.default_rng(1), []
    for _ in range(15):
        # Only the arm without penalty is noisy, which |.| would count as imbalance.
        test = {"none": (50 + 3 * draw.normal(size=(2, 8))).tolist()}
        test |= {"l2-1e-5": (50 + 0.1 * draw.normal(size=(2, 8))).tolist()}
        test |= {arm: [[1] * 8] * 2 for arm in ("l2-1e-4", "l2-1e-3")}
        val = both({"none": [1] * 8, "l2-1e-5": [2] * 8, "l2-1e-4": [0] * 8, "l2-1e-3": [0] * 8})
        found += [np.mean(values("C10", 1, study(test | singles("none", [50] * 8, [50] * 8), val)))]
    naive = 100 * 3 / 50 * math.sqrt(2) * math.sqrt(2 / math.pi)
    assert abs(np.mean(found)) < 0.25 * naive


def test_no_penalty_can_be_chosen():
    test = {"none": [[60, 60], [40, 40]], **singles("none", [50, 50], [40, 40])}
    test |= {arm: [[1, 1], [1, 1]] for arm in ("l2-1e-5", "l2-1e-4", "l2-1e-3")}
    of = study(test)
    assert (values("C10", 0, of), values("C10", 1, of)) == ([0, 0], [0, 0])


# Which arms a claim asks for


def test_claims_use_the_arms_of_the_protocol():
    of = study({arm: [[50]] * len(FACTS[arm]["tasks"].split("+")) for arm in FACTS})

    def arms(claim):
        return CLAIM[claim].select(of, CLAIM[claim].needs)

    grid = [f"fixed-{rate}" for rate in GRID]
    assert set(arms("C3")) == {"none", *grid}
    assert len(arms("C1")) == 12
    assert set(arms("C5")) == {"adsmtl-0.2", *adaptive.CONTROLS}
    assert set(arms("C6")) == {"fixed-0.2", "adsmtl-0.2"}
    assert len(arms("C7")) == 4
    assert len(arms("C8")) == 6
    assert len(arms("C4")) == 4 + 3 + 4
    assert {"none", "l2-1e-5", "l2-1e-4", "l2-1e-3"} < set(arms("C10"))


def test_every_arm_that_is_missing_is_told_by_what_it_is():
    of = study(both({"none": [50], "fixed-0.1": [50]}))
    asked = [wanted.NO_DROPOUT.alone("vision"), wanted.fixed(0.2), Wanted("none", share=0.1)]
    with pytest.raises(NotRun) as caught:
        of.find(wanted.NO_DROPOUT, *asked)
    assert str(caught.value) == (
        "no finished run of no-dropout on vision, fixed 0.2, none with 10 % of the data"
        " (preset study)"
    )


def test_one_fixed_rate_is_no_choice():
    with pytest.raises(NotRun, match="only one fixed rate was trained"):
        values("C7", 0, study({"fixed-0.1": [[50, 51], [50, 51]]}))


def test_two_arms_that_train_alike_leave_a_claim_open():
    made = study({"none": [[50, 51], [50, 51]]})
    both = pd.concat([made.final, made.final.assign(arm="twin")])
    with pytest.raises(NotRun, match="none and twin train alike"):
        replace(made, final=both).find(wanted.NO_DROPOUT)


def test_asking_for_one_arm_where_several_fit_is_a_fault():
    with pytest.raises(ValueError, match=r"fixed-0\.1 and fixed-0\.2"):
        study(fixed([[1], [1], [1], [1]])).find(Wanted("fixed"))


def test_a_new_rate_of_the_family_takes_part_in_the_choice_by_itself():
    made = study(fixed([[50, 50]] * 4))
    extra = made.final[made.final["arm"] == "fixed-0.1"].assign(
        arm="fixed-0.4", tunable=0.4, val_accuracy_last3=0.9, test_accuracy=0.95
    )
    runs = made.final[made.final["group"] != measures.CHOSEN_GROUP]
    of = replace(made, final=measures.with_chosen(pd.concat([runs, extra]), measures.choose))
    assert "fixed-0.4" in CLAIM["C7"].select(of, CLAIM["C7"].needs)
    assert values("C7", 0, of) == pytest.approx([95 - 59] * 2)


def test_ids_mean_nothing_to_claims():
    test = {"none": [[50, 60], [40, 30]], **singles("none", [48, 61], [38, 31])}
    of = study(test)
    renamed = replace(of, final=of.final.assign(arm=of.final["arm"].map("arm {}".format)))
    assert values("C1", 0, renamed) == values("C1", 0, of) == pytest.approx([2, -1])


def defect(name, reproduced, error):
    return {"id": name, "what": "…", "reproduced": reproduced, "error": error, "evidence": "…"}


def attempted(*defects, keras="3.15.1", reason=None):
    return Listing.model_validate({"keras": keras, "reason": reason, "defects": list(defects)})


def test_the_listing():
    stops, silent = defect("timit", True, "AttributeError: …"), defect("attribute", True, None)
    row = verdict.row(attempted(stops, silent, defect("lstm", False, None)))
    assert (row.verdict, row.n, row.effect, row.p) == ("contradicted", 3, 2, None)
    assert "2 of 3 defects were reproduced, of which these stop it: timit." in row.sentence
    assert verdict.row(attempted(silent)).verdict == "inconclusive"
    half = verdict.row(attempted(stops, defect("lstm", None, None)))
    assert (half.verdict, half.n, half.effect) == ("contradicted", 1, 1)
    assert "1 of 1 defects were reproduced, of which these stop it: timit; 1 more" in half.sentence
    assert [one["value"] for one in half.beside] == [1, None]
    unknown = verdict.row(attempted(defect("lstm", None, None)))
    assert (unknown.verdict, unknown.n) == ("not run", 0)
    assert "no answer about any of its defects; listing.json says why" in unknown.reason
    absent = verdict.row(None)
    assert (absent.verdict, absent.n) == ("not run", 0)
    assert "listing.json" in absent.reason
    assert "pip failed" in verdict.row(attempted(keras=None, reason="pip failed")).reason


def test_the_declared_arms_are_all_that_claims_ask_for():
    declared = synthetic.evidence()
    for claim in CLAIMS:
        assert len(claim.select(declared, claim.needs)) > 1
    families = [declared.trial_rows(one) for one in (wanted.ADSMTL_TRIALS, wanted.PER_TASK)]
    assert [len(rows) for rows in families] == [4, 4]
