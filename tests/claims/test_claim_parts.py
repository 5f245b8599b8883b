"""The numbers behind each claim, on a few seeds by hand."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from synthetic import ARMS, TASKS, claim_arms, evidence, facts

from adsmtl.analysis import measures
from adsmtl.claims import adaptive, single_vs_multi, wanted
from adsmtl.claims.catalogue import CLAIMS
from adsmtl.claims.evidence import Evidence, NotRun
from adsmtl.claims.ledger import rows
from adsmtl.claims.listing import verdict
from adsmtl.claims.records import Listing
from adsmtl.claims.wanted import Wanted
from adsmtl.errors import UserError

CLAIM = {claim.id: claim for claim in CLAIMS}
NOTHING = pd.DataFrame()
FEW = ("0.1", "0.2", "0.3", "0.5")
RATED = tuple(f"fixed-{rate}" for rate in FEW)
ADSMTL = ("adsmtl", "adsmtl-p0.1", "adsmtl-p0.3", "adsmtl-p0.5")
PAIRS = {
    "pair-vision-superclass": ("vision", "superclass"),
    "pair-speech-manner": ("speech", "manner"),
    "pair-speech-sex": ("speech", "sex"),
    "none": ("vision", "speech"),
}


def study(test, val=None, gap=None, history=NOTHING, test_time=NOTHING, choice=measures.choose):
    """A study from values by arm: a list by task, of a list by seed; percent are points.

    Validation accuracies are the test accuracies where nothing is said of them.
    """
    made = []
    for arm, by_task in test.items():
        tasks = ARMS[arm].tasks or TASKS
        for t, (task, by_seed) in enumerate(zip(tasks, by_task, strict=True)):
            for seed, value in enumerate(by_seed):
                made.append(
                    {
                        **facts(arm),
                        "seed": seed,
                        "task": task,
                        "test_accuracy": value / 100,
                        "val_accuracy": (val or {}).get(arm, by_task)[t][seed] / 100,
                        "gap": (gap or {}).get(arm, by_task)[t][seed] / 100,
                    }
                )
    final = measures.with_chosen(pd.DataFrame(made), choice)
    return Evidence(final, history, test_time, None, "quick", False, choice)


def values(claim, part, of):
    return CLAIM[claim].parts[part].values(of).tolist()


def beside(claim, of):
    return {one.name: one.value for one in CLAIM[claim].beside(of)}


def singles(variant, vision, speech):
    return {f"single-vision-{variant}": [vision], f"single-speech-{variant}": [speech]}


def test_multi_task_is_compared_with_the_mean_of_single_tasks():
    of = study({"none": [[50, 60], [40, 30]], **singles("none", [48, 61], [38, 31])})
    assert values("C1", 0, of) == pytest.approx([2, -1])


def test_chosen_rates_are_compared_with_rates_chosen_for_each_task_alone():
    multi = {f"fixed-{rate}": [[50 + i], [40 + i]] for i, rate in enumerate(FEW)}
    alone = {}
    for i, rate in enumerate(FEW):
        alone |= singles(f"fixed-{rate}", [50 - i], [40 + 2 * i])
    # (53 + 43) / 2 against (50 at rate 0.1, 46 at 0.5) / 2
    assert values("C1", 1, study(multi | alone)) == pytest.approx([0])
    del multi["fixed-0.5"]
    with pytest.raises(UserError, match="different numbers of trials"):
        values("C1", 1, study(multi | alone))


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
    assert single_vs_multi.share_that_reaches([10, 20, 30, 40], 25) == pytest.approx(
        math.sqrt(0.125)
    )
    assert single_vs_multi.share_that_reaches([10, 20, 30, 40], 40) == pytest.approx(1)
    assert single_vs_multi.share_that_reaches([10, 20, 30, 40], 9) == 0.1
    assert single_vs_multi.share_that_reaches([10, 20, 30, 40], 41) is None
    found = beside("C2", curve([10, 20, 30, 40], [5, 10, 15, 30]))
    assert found["multi-task minus single-task training with 25 % of the data"] == pytest.approx(10)
    assert list(found.values())[-1] == pytest.approx(50)
    assert list(beside("C2", curve([1, 2, 3, 4], [5, 10, 15, 30])).values())[-1] is None


def fixed(accuracies):
    """The same accuracies on both tasks: a list by rate, of a list by seed."""
    return {f"fixed-{rate}": [a, a] for rate, a in zip(FEW, accuracies, strict=True)}


def test_dropout_against_none_at_the_rate_that_validation_chose():
    test = {"none": [[50, 50], [50, 50]], **fixed([[51, 51], [52, 47], [53, 53], [54, 54]])}
    val = fixed([[5, 1], [1, 5], [1, 1], [1, 1]])
    gap = {"none": [[30, 30], [20, 20]], **fixed([[10, 10], [12, 12], [0, 0], [0, 0]])}
    of = study(test, val, gap)
    assert values("C3", 0, of) == pytest.approx([1, -3])
    assert values("C3", 1, of) == pytest.approx([15, 13])
    assert list(beside("C3", of).values()) == pytest.approx(
        [np.mean(values("C3", part, of)) for part in (0, 1)]
    )
    # On the other seed's validation data, the seeds exchange their choices.
    exchanged = study(test, val, gap, choice=measures.choose_on_other_seeds)
    assert np.mean(values("C3", 0, exchanged)) == pytest.approx((2 + 1) / 2)
    assert np.mean(values("C3", 1, exchanged)) == pytest.approx((13 + 15) / 2)


def test_the_choice_on_other_seeds_is_blind_to_the_luck_of_a_run():
    # No rate is better than another; what a run gains by luck, validation data see too.
    draw = np.random.default_rng(0)
    own, other = [], []
    for _ in range(20):
        luck = {arm: 50 + draw.normal(size=(2, 10)) for arm in ("none", *RATED)}
        test = {arm: one.tolist() for arm, one in luck.items()}
        for means, choice in ((own, measures.choose), (other, measures.choose_on_other_seeds)):
            means.append(np.mean(values("C3", 0, study(test, choice=choice))))
    # The larger of four means of two standard normal numbers: 1.03 / sqrt(2)
    assert np.mean(own) == pytest.approx(1.03 / math.sqrt(2), abs=0.12)
    assert np.mean(other) == pytest.approx(0, abs=0.12)


def test_adsmtl_and_fixed_rates_are_both_chosen():
    test = fixed([[50], [51], [52], [53]])
    test |= {arm: [[60 + i], [50 - i]] for i, arm in enumerate(ADSMTL)}
    val = {arm: [[i], [i]] for i, arm in enumerate(ADSMTL)}
    assert values("C4", 0, study(test, val)) == pytest.approx([55 - 53])


def difficulties(*by_seed):
    """History of `adsmtl`: (vision, speech) in the last epoch; it was the reverse before."""
    made = [
        {"arm": "adsmtl", "seed": seed, "epoch": epoch, "task": task, "smoothed": one}
        for seed, last in enumerate(by_seed)
        for epoch, order in ((1, last[::-1]), (2, last))
        for task, one in zip(TASKS, order, strict=True)
    ]
    return pd.DataFrame(made)


def test_controls_and_the_harder_task():
    test = {"adsmtl": [[50, 50, 50], [40, 40, 40]]}
    test |= {arm: [[49, 49, 49], [37 - i] * 3] for i, arm in enumerate(adaptive.CONTROLS)}
    of = study(test, history=difficulties((0.5, 0.6), (0.9, 0.6), (0.5, 0.6)))
    assert [values("C5", part, of)[0] for part in range(4)] == pytest.approx([2, 2.5, 3, 3.5])
    assert adaptive.harder_first(of) == ("speech", "vision")
    found = beside("C5", of)
    assert list(found.values()) == pytest.approx([3 - 1, 4 - 1, 5 - 1, 6 - 1])
    assert all("harder task (speech) minus on vision" in name for name in found)


def test_equal_votes_for_the_harder_task_fall_to_the_mean():
    history = difficulties((0.9, 0.1), (0.5, 0.6))
    of = study({"adsmtl": [[50, 50], [40, 40]]}, history=history)
    assert adaptive.harder_first(of) == ("vision", "speech")


def evaluations(seeds=2):
    made = [
        {
            "arm": arm,
            "seed": seed,
            "task": task,
            "accuracy_off": 0.5,
            "accuracy_on": 0.5 + step,
            "ece_off": 0.10,
            "ece_on": 0.08,
            "spread": 0.01,
        }
        for seed in range(seeds)
        for arm, step in (("fixed-0.2", 0.01), ("adsmtl", 0.03))
        for task in TASKS
    ]
    return pd.DataFrame(made)


def test_units_dropped_at_test_time():
    arms = {"fixed-0.2": [[50, 50], [40, 40]], "adsmtl": [[50, 50], [40, 40]]}
    of = study(arms, test_time=evaluations().iloc[:-1])  # the second seed lacks a task
    assert values("C6", 0, of) == pytest.approx([2])
    assert values("C6", 1, of) == pytest.approx([2])
    assert list(beside("C6", of).values()) == pytest.approx([1])
    with pytest.raises(NotRun, match=r"no seed of fixed-0\.2 and adsmtl"):
        values("C6", 0, study(arms, test_time=evaluations().iloc[:1]))


def test_regret_of_the_choice_and_of_a_random_rate():
    test = fixed([[50, 50], [51, 51], [52, 52], [55, 55]])
    val = fixed([[1, 9], [2, 1], [9, 1], [1, 1]])
    of = study(test, val)
    # The mean is 52, the best 55; chosen are 52 and 50.
    assert values("C7", 0, of) == pytest.approx([0, -2])
    # Here the seeds choose for themselves, so the regret reported last is the first one again.
    assert list(beside("C7", of).values()) == pytest.approx([(3 + 5) / 2, 3, (3 + 5) / 2])


def test_rates_chosen_for_multi_task_training_against_those_of_single_tasks():
    test = {f"fixed-{rate}": [[50 + i], [40 - i]] for i, rate in enumerate(FEW)}
    for i, rate in enumerate(FEW):
        test |= singles(f"fixed-{rate}", [50 - i], [40 - i])
    of = study(test)
    # Vision: 0.5 against 0.1, three points better; speech: 0.1 on both sides.
    assert values("C8", 0, of) == pytest.approx([1.5])
    found = beside("C8", of)
    assert found["vision: chosen rate in multi- minus single-task training"] == pytest.approx(0.4)
    assert found["speech: chosen rate in multi- minus single-task training"] == 0
    name = "multi-task training: chosen rate of vision minus speech"
    assert found[name] == pytest.approx(0.4)


def pairs(gains, cosines):
    """A study of pairs: gains and cosines are a list by pair, of a list by seed."""
    test, history = {}, []
    for task in ("vision", "speech", "superclass", "manner", "sex"):
        test[f"single-{task}-none"] = [[50] * len(gains[0])]
    for pair, gain, cosine in zip(PAIRS, gains, cosines, strict=False):
        test[pair] = [[50 + g + 1 for g in gain], [50 + g - 1 for g in gain]]
        history += [
            {"arm": pair, "seed": seed, "epoch": epoch, "task": task, "cosine": one + shift}
            for seed, one in enumerate(cosine)
            for epoch, shift in ((1, -0.01), (2, 0.01))
            for task in PAIRS[pair]
        ]
    return study(test, history=pd.DataFrame(history))


def test_gain_and_relatedness_of_pairs():
    gains, cosines = (
        [[3, 1], [2, 2], [1, 3], [0, 4]],
        [[0.4, 0.4], [0.3, 0.3], [0.1, 0.1], [0.2, 0.2]],
    )
    of = pairs(gains, cosines)
    expected = [
        stats.spearmanr(np.array(gains)[:, seed], np.array(cosines)[:, seed]).statistic
        for seed in range(2)
    ]
    assert values("C9", 0, of) == pytest.approx(expected)
    found = beside("C9", of)
    assert found["vision and superclass: gain over single-task training"] == pytest.approx(2)
    assert found["vision and speech: cosine of the gradients"] == pytest.approx(0.2)


def test_three_pairs_are_enough_and_two_are_not():
    gains, cosines = [[3], [2], [1]], [[0.3], [0.2], [0.1]]
    of = pairs(gains, cosines)
    arms = CLAIM["C9"].select(of, ())
    assert "none" not in arms
    assert "pair-speech-sex" in arms
    assert values("C9", 0, of) == pytest.approx([1])
    with pytest.raises(NotRun, match="fewer than 3 pairs of tasks, and only 2 have"):
        CLAIM["C9"].select(pairs(gains[:2], cosines[:2]), ())


def test_penalty_and_balance():
    test = {"none": [[60], [40]], **singles("none", [50], [40])}
    test |= {"l2-1e-5": [[55], [44]], "l2-1e-4": [[1], [1]], "l2-1e-3": [[1], [1]]}
    val = {"none": [[1], [1]], "l2-1e-5": [[2], [2]]}
    of = study(test, val)
    assert values("C10", 0, of) == pytest.approx([-0.5])
    # Relative changes are +20 and 0 % without, +10 and +10 % with the penalty.
    assert values("C10", 1, of) == pytest.approx([20])


def test_no_penalty_can_be_chosen():
    test = {"none": [[60], [40]], **singles("none", [50], [40])}
    test |= {arm: [[1], [1]] for arm in ("l2-1e-5", "l2-1e-4", "l2-1e-3")}
    of = study(test)
    assert (values("C10", 0, of), values("C10", 1, of)) == ([0], [0])


# Which arms a claim asks for


def test_claims_use_the_arms_of_the_design():
    def trials(*families):
        return [arm for family in families for arm, of in ARMS.items() if of.family == family]

    fixed, alone = trials("fixed"), trials("single-vision-fixed", "single-speech-fixed")
    singles = ["single-vision-none", "single-speech-none"]
    assert claim_arms("C1") == ["none", *singles, *fixed, *alone]
    assert claim_arms("C2")[:3] == ["none-10pct", "single-vision-10pct", "single-speech-10pct"]
    assert claim_arms("C2")[-3:] == ["none", *singles]
    assert claim_arms("C4") == [*trials("adsmtl"), *fixed]
    assert claim_arms("C5") == ["adsmtl", *adaptive.CONTROLS]
    assert claim_arms("C6") == ["fixed-0.2", "adsmtl"]
    assert claim_arms("C8") == [*fixed, *alone]
    assert set(PAIRS) < set(claim_arms("C9"))
    assert claim_arms("C10") == ["none", *trials("l2"), *singles]


def test_controls_break_the_rates_of_the_very_arm_that_they_are_compared_with():
    followers = {arm.dropout.arm for arm in ARMS.values() if arm.dropout.schedule == "follow"}
    assert followers == set(evidence().find(wanted.ADSMTL))


def test_every_arm_that_is_missing_is_told_by_what_it_is():
    of = evidence(["none", "fixed-0.1"])
    asked = [
        wanted.NO_DROPOUT.alone("vision"),
        Wanted("fixed", value=0.2),
        Wanted("none", share=0.1),
    ]
    with pytest.raises(NotRun) as caught:
        of.find(wanted.NO_DROPOUT, *asked)
    assert str(caught.value) == (
        "no finished run of no-dropout on vision, fixed 0.2, none with 10 % of the data"
        " (preset quick)"
    )


def test_asking_for_one_arm_where_several_fit_is_a_fault():
    with pytest.raises(ValueError, match=r"fixed-0\.1 and fixed-0\.2"):
        evidence().find(Wanted("fixed"))


def test_a_new_rate_of_the_family_takes_part_in_the_choice_by_itself():
    rates = [*RATED, "fixed-0.4"]
    made = study({"none": [[50, 50], [40, 40]], **{arm: [[51, 51], [41, 41]] for arm in RATED}})
    extra = made.final[made.final["arm"] == "fixed-0.1"].assign(
        arm="fixed-0.4", tunable=0.4, rate=0.4, val_accuracy=0.9, test_accuracy=0.95
    )
    runs = made.final[made.final["group"] != measures.CHOSEN_GROUP]
    of = replace(made, final=measures.with_chosen(pd.concat([runs, extra]), measures.choose))
    assert CLAIM["C7"].select(of, CLAIM["C7"].needs) == rates
    assert values("C3", 0, of) == pytest.approx([95 - 45] * 2)


def test_tasks_are_asked_for_in_any_order():
    assert evidence().find(Wanted("no-dropout", ("sex", "speech"))) == ["pair-speech-sex"]


def test_ids_mean_nothing_to_claims():
    test = {"none": [[50, 60], [40, 30]], **singles("none", [48, 61], [38, 31])}
    of = study(test)
    renamed = replace(of, final=of.final.assign(arm=of.final["arm"].map("arm {}".format)))
    assert values("C1", 0, renamed) == values("C1", 0, of)


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
    absent = verdict.row(None)
    assert (absent.verdict, absent.n) == ("not run", 0)
    assert "listing.json" in absent.reason
    assert "pip failed" in verdict.row(attempted(keras=None, reason="pip failed")).reason


def test_the_listing_takes_no_place_in_the_correction():
    of = study({"none": [[52 + k / 10 for k in range(8)], [42] * 8], **fixed([[60] * 8] * 4)})
    judged = {row["id"]: row for row in rows(of)}
    # C3 and C7 are tested, C7 without any effect.
    assert judged["C3"]["p_holm"] == pytest.approx(2 * judged["C3"]["p"])
    assert judged["C11"]["p_holm"] is None
