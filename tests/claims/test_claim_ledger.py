"""From collected tables to `claims.json`, `claims.md` and the report."""

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import judging
import numpy as np
import pandas as pd
import pytest
from judging import FACTS, TASKS, drawn
from pages import parsed

from adsmtl import outputs
from adsmtl.analysis import paired
from adsmtl.analysis.paired import Paired
from adsmtl.claims import verdicts, words
from adsmtl.claims.ledger import judge, rows
from adsmtl.claims.row import Row
from adsmtl.claims.verdicts import Kind
from adsmtl.claims.write import write
from adsmtl.errors import UserError
from adsmtl.report.claims import section

KEYS = (
    *("id", "claim", "experiment", "comparison", "n", "effect", "sd", "ci_low", "ci_high", "p"),
    *("p_holm", "verdict", "unit", "detectable", "sentence", "parts", "beside", "runs", "reason"),
    *("p_b", "p_b_holm", "delta", "excluded", "qualifier", "verdict_at_twice_delta"),
    *("fold_low", "fold_high", "stratified", "se"),
)
SEEDS = 10
AT_TEST_TIME = ("fixed-0.2", "adsmtl-0.2")
PAIRS = [(f"a{k}", f"b{k}") for k in range(12)]


def planted(arm, task):
    """C1 and C2 hold, C3 too but is too small, C5 is refuted, C4 comes to nothing."""
    if arm.startswith("single"):
        opposite = 2 if arm.endswith("fixed-0.3") else 0
        return -3 + (opposite if task == "vision" else -opposite)
    if arm.startswith(("fixed", "adsmtl", "per-task", "borrowed", "matched", "reversed")):
        return 0.25
    return {"swapped": 3}.get(arm, 0)


def numbers_of(seeds=SEEDS, arms=FACTS):
    test = drawn(arms, seeds, planted, sd=0.05)
    gap = drawn(arms, seeds, lambda arm, task: -10 if "fixed" in arm else 0, sd=0.05)
    frame = judging.runs(test, gap=gap)
    evaluated = judging.evaluations(AT_TEST_TIME, seeds, accuracy=-0.001, loss=0.1)
    epochs = judging.difficulty("adsmtl-0.2", seeds, {"vision": 1.5, "speech": 2.0})
    return frame, epochs, evaluated


def pair_numbers(seeds=8):
    facts = judging.pair_facts(PAIRS)
    loss, epochs = {}, []
    for arm, fact in facts.items():
        tasks = tuple(fact["tasks"].split("+"))
        place = PAIRS.index(tasks) if len(tasks) == 2 else None
        noise = np.random.default_rng(list(arm.encode())).normal(0, 0.005, seeds)
        loss[arm] = [(1 - 0.01 * (place or 0) + noise).tolist()] * len(tasks)
        if place is not None:
            known = [{"arm": arm, "seed": seed, "epoch": 1} for seed in range(seeds)]
            epochs += [one | {"affinity": place / 20, "task": tasks[0]} for one in known]
    test = {arm: [[50] * seeds] * len(one) for arm, one in loss.items()}
    return judging.runs(test, loss=loss, facts=facts), pd.DataFrame(epochs)


LISTING = {
    "keras": "3.15.1",
    "reason": None,
    "defects": [
        {
            "id": "timit",
            "what": "keras.datasets has no timit",
            "reproduced": True,
            "error": "ImportError: cannot import name 'timit'",
            "evidence": "…",
        }
    ],
}


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    root = tmp_path_factory.mktemp("claims") / "study"
    root.mkdir()
    (root / "listing.json").write_text(json.dumps(LISTING))
    frame, epochs, evaluated = numbers_of()
    of_pairs, affinities = pair_numbers()
    return judging.collected(
        root,
        pd.concat([frame, of_pairs], ignore_index=True),
        pd.concat([epochs, affinities], ignore_index=True),
        evaluated,
    )


@pytest.fixture(scope="module")
def written(collected):
    assert write(collected, collected.root) == outputs.claims(collected.root)
    return json.loads((collected.root / "claims.json").read_text())


def by_id(judged):
    return {row["id"]: row for row in judged}


def test_planted_effects_get_their_verdicts(written):
    verdicts = {row["id"]: (row["verdict"], row["qualifier"]) for row in written}
    assert list(verdicts) == [f"C{number}" for number in range(1, 12)]
    assert verdicts == {
        "C1": ("supported", None),
        "C2": ("supported", None),
        "C3": ("supported", "below the smallest effect of interest"),
        "C4": ("negligible", "equivalent"),
        "C5": ("contradicted", None),
        "C6": ("contradicted", None),  # accuracy is kept, likelihood is not
        "C7": ("supported", "below the smallest effect of interest"),  # noise that validation sees
        "C8": ("supported", None),  # opposite directions on the two tasks
        "C9": ("supported", None),
        "C10": ("negligible", "equivalent"),
        "C11": ("contradicted", None),
    }


def test_rows_have_every_key_and_numbers_that_agree(written):
    for row in written:
        assert set(KEYS) <= set(row)
        assert all(row[key] for key in ("claim", "experiment", "comparison", "sentence"))
    for row in written[:10]:
        assert row["ci_low"] <= row["effect"] <= row["ci_high"]
        assert row["p"] <= row["p_holm"]
        deciding = [one for one in row["parts"] if one["comparison"] == row["comparison"]]
        assert [one["effect"] for one in deciding] == [row["effect"]]
        assert row["delta"] == deciding[0]["delta"] > 0
        if row["id"] != "C9":
            assert row["n"] == SEEDS
            assert sum(deciding[0]["values"]) / SEEDS == pytest.approx(row["effect"])
            assert deciding[0]["seeds"] == list(range(SEEDS))
            assert row["fold_low"] <= row["fold_high"]
        assert (row["p_b"] is None) == (row["id"] == "C6")
    assert by_id(written)["C5"]["comparison"].startswith("ADSMTL minus swapped")
    assert by_id(written)["C5"]["effect"] == pytest.approx(-2.75, abs=0.1)
    assert by_id(written)["C9"]["n"] == 12


def test_what_is_excluded_agrees_with_family_b(written):
    for row in written[:10]:
        if row["p_b"] is not None:
            assert (row["excluded"] < row["delta"]) == (row["p_b"] <= 0.05), row["id"]
    assert by_id(written)["C4"]["excluded"] < 0.1
    # Dropping units costs 0.1 nats, and no more.
    assert by_id(written)["C6"]["excluded"] == pytest.approx(0.1, abs=0.002)


def test_twice_the_smallest_effect_of_interest_changes_what_depends_on_it(written):
    at_twice = {row["id"]: row["verdict_at_twice_delta"] for row in written[:10]}
    assert at_twice["C6"] == "contradicted"
    assert at_twice["C4"] == "negligible"
    assert {row["id"]: row["verdict"] for row in written[:10]} == at_twice


def test_effects_come_from_the_runs_that_the_row_names(collected, written):
    row = by_id(written)["C5"]
    assert len(row["runs"]) == 5 * SEEDS
    means = collected.runs.groupby(["arm", "seed"])["test_accuracy"].mean()
    difference = 100 * (means["adsmtl-0.2"] - means["swapped"])
    assert row["effect"] == pytest.approx(difference.mean())
    assert len(by_id(written)["C9"]["runs"]) == 36 * 8


def test_beside_every_part_stand_its_co_outcomes(written):
    names = [one["name"] for one in by_id(written)["C5"]["beside"]]
    part = by_id(written)["C5"]["parts"][0]["comparison"]
    assert sum(name.startswith(f"{part}: ") for name in names) == 7
    values = {one["name"]: one["value"] for one in by_id(written)["C5"]["beside"]}
    each = [values[f"{part}: test accuracy on {task}"] for task in TASKS]
    assert sum(each) / 2 == pytest.approx(by_id(written)["C5"]["parts"][0]["effect"])


def test_one_sentence_can_be_quoted(written):
    for row in written:
        # One full stop, at the end; others stand within numbers and words.
        assert re.findall(r"[.?!](?=\s|$)", row["sentence"]) == ["."]
        assert row["sentence"].startswith(f"{row['id']}, “{row['claim'].rstrip('.')}”, ")
    judged = {name: row["sentence"] for name, row in by_id(written).items()}
    assert "”, is contradicted: ADSMTL minus swapped" in judged["C5"]
    assert "n = 10 seeds); any effect in favour is excluded at 5 %" in judged["C5"]
    assert "n = 12 pairs" in judged["C9"]
    assert "”, comes to a negligible effect, equivalent to none: " in judged["C4"]
    assert "; an effect of more than 0.0" in judged["C4"]
    assert "; a loss of more than 0.100 nats is excluded at 5 %." in judged["C6"]
    assert "with an effect below the smallest effect of interest" in judged["C3"]
    assert "with Keras 3.15.1, 1 of 1 defects" in judged["C11"]


def test_notes_explain_how_a_claim_was_judged(written):
    notes = {name: " ".join(row["notes"]) for name, row in by_id(written).items()}
    assert "All of its 4 parts must hold; the numbers are those of the weakest one" in notes["C5"]
    assert "This p is 4 times the smallest p (0.002) of a part that speaks against" in notes["C5"]
    assert "This p is the largest of its 2 parts'" in notes["C1"]
    assert "with Holm's correction over 10 claims" in notes["C1"]
    assert "smallest size of interest, 0.5 percentage points, or more, p " in notes["C4"]
    assert "With 80 % power a true effect of" in notes["C4"]
    assert "Tested against a loss of 0.02 nats" in notes["C6"]
    assert "parts'" not in notes["C2"]  # it has one


@pytest.mark.parametrize(("claim", "allowed"), [("C4", 0), ("C6", 1)])
def test_the_effect_that_is_detectable_counts_the_loss_that_is_allowed(written, claim, allowed):
    """Against a loss of delta, an effect that is smaller by delta will do."""
    row = by_id(written)[claim]
    of = [Paired(tuple(part["values"]), tuple(part["folds"])) for part in row["parts"]]
    deltas, nothing = [part["delta"] for part in row["parts"]], [0.0] * len(of)
    level = 0.05 / 10  # ten claims are tested
    multiple = paired.detectable(of, deltas, nothing, 0.8, level) - allowed
    assert {round(multiple * delta, 9) for delta in deltas} >= {round(row["detectable"], 9)}


def test_parts_that_are_no_mean_over_seeds_have_no_value_by_seed(written):
    part = by_id(written)["C9"]["parts"][0]
    assert (part["seeds"], part["folds"], part["values"]) == ([], [], [])


@pytest.mark.parametrize(
    ("claim", "which"), [("C6", "the weakest one"), ("C4", "the one that excludes most")]
)
def test_of_an_open_claim_the_quoted_part_is_named_for_what_it_is(written, claim, which):
    """C6 has no test against an effect of interest, so its weakest part stands for it."""
    row = replace(Row(**by_id(written)[claim]), verdict=verdicts.INCONCLUSIVE)
    told = words.with_sentence(row, Kind.BETTER, SimpleNamespace(tested=10), embedded=False).notes
    assert f"the numbers are those of {which} of them." in told[0]


def test_the_rule_in_words_is_the_one_that_gave_the_p(written):
    for row in written[:10]:
        smallest = min(part["p"] for part in row["parts"])
        largest = max(part["p"] for part in row["parts"])
        told = " ".join(row["notes"])
        if "the largest of its" in told:
            assert row["p"] == pytest.approx(largest)
        elif "times the smallest p (" in told:
            assert row["p"] == pytest.approx(min(1, len(row["parts"]) * smallest))


def test_parts_hold_what_their_picture_needs(written):
    for row in written[:8]:
        for part in row["parts"]:
            assert part["folds"] == [seed % judging.FOLDS for seed in part["seeds"]]
            assert len(part["values"]) == len(part["folds"]) == part["n"]


def test_markdown_has_a_table_and_a_section_per_claim(collected, written):
    text = (collected.root / "claims.md").read_text()
    for row in written:
        assert f"\n## {row['id']}: {row['verdict']}" in text
        assert f"\n\n{row['sentence']}\n" in text
    assert f"swapped {words.TIMES} seeds 0-9" in text
    assert "nan" not in text.lower().split()


def test_a_second_writing_gives_the_same_bytes(collected, written):
    before = [path.read_bytes() for path in outputs.claims(collected.root)]
    write(collected, collected.root)
    assert [path.read_bytes() for path in outputs.claims(collected.root)] == before


def some(collected, **changes):
    return judge(replace(collected, **changes))


def test_missing_arms_leave_claims_not_run(collected):
    runs = collected.runs
    left = runs[~runs["arm"].isin(["borrowed", "l2-1e-5", "l2-1e-4", "l2-1e-3"])]
    judged = by_id(some(collected, runs=left))
    for claim, role in (("C5", "borrowed"), ("C10", "l2")):
        row = judged[claim]
        assert (row["verdict"], row["n"], row["p"], row["effect"]) == ("not run", 0, None, None)
        assert row["reason"] == f"no finished run of {role} (preset study)"
        assert row["reason"] in row["sentence"]
    # Eight claims are left in the correction.
    assert "over 8 claims" in " ".join(judged["C1"]["notes"])


def test_three_seeds_say_that_they_are_too_few(collected):
    runs = collected.runs
    judged = some(collected, runs=runs[runs["seed"] < 3])
    for row in judged[:8]:
        assert row["verdict"] == "inconclusive"
        assert row["reason"].startswith("Underpowered by design: n = 3 seeds")
        assert row["reason"] in row["notes"]
        assert (row["detectable"], row["excluded"], row["stratified"]) == (None, None, False)


def test_one_seed_gives_numbers_without_intervals(collected):
    runs = collected.runs
    judged = some(collected, runs=runs[(runs["seed"] == 4) & ~runs["role"].str.startswith("pair")])
    json.dumps(judged, allow_nan=False)
    assert judged[1]["effect"] == pytest.approx(3, abs=0.2)
    assert judged[1]["ci_low"] is None
    assert "/seed=4" in judged[1]["runs"][0]
    assert "None" not in section(judged).html


def test_a_claim_uses_the_seeds_that_all_its_arms_have(collected):
    runs = collected.runs
    judged = by_id(some(collected, runs=runs[(runs["arm"] != "reversed") | (runs["seed"] != 7)]))
    assert (judged["C4"]["n"], judged["C5"]["n"]) == (SEEDS, SEEDS - 1)
    assert not any(folder.endswith("seed=7") for folder in judged["C5"]["runs"])


def test_seeds_in_common_are_needed(collected):
    runs = collected.runs
    apart = runs[(runs["arm"] != "reversed") | (runs["seed"] > 5)]
    apart = apart[(apart["arm"] != "swapped") | (apart["seed"] < 4)]
    row = by_id(some(collected, runs=apart))["C5"]
    assert row["verdict"] == "not run"
    assert row["reason"].startswith("no seed with all the numbers that it needs of adsmtl")


def test_a_preset_judges_the_claims_that_it_was_made_for(collected):
    judged = by_id(some(collected, runs=collected.runs.assign(preset="full")))
    tested = [name for name, row in judged.items() if row["p_holm"] is not None]
    assert tested == ["C1", "C3", "C4", "C5"]
    assert "which judges C1, C3, C4, C5" in judged["C7"]["reason"]
    assert "over 4 claims" in " ".join(judged["C1"]["notes"])


def test_stand_in_data_are_announced_in_every_sentence():
    of = judging.study(drawn([arm for arm in FACTS if "fixed" in arm or "none" in arm], 2, planted))
    judged = by_id(rows(replace(of, embedded=True)))
    assert "embedded stand-in data" in judged["C3"]["sentence"]


def test_the_listing_takes_no_place_in_the_correction():
    of = judging.study(drawn(["none", "fixed-0.1", "fixed-0.2", "fixed-0.3"], 8, planted))
    judged = by_id(rows(of))
    tested = [name for name, row in judged.items() if row["p"] is not None]
    assert tested == ["C3", "C7"]
    smaller = min((judged["C3"]["p"], "C3"), (judged["C7"]["p"], "C7"))[1]
    assert judged[smaller]["p_holm"] == pytest.approx(min(1, 2 * judged[smaller]["p"]))
    assert judged["C11"]["p_holm"] is None


def test_runs_without_a_column_that_is_judged_are_refused(collected):
    with pytest.raises(UserError, match=r"runs\.csv has no column fold, test_loss_last3; delete"):
        some(collected, runs=collected.runs.drop(columns=["test_loss_last3", "fold"]))


def test_a_malformed_listing_is_named(collected, tmp_path):
    (tmp_path / "listing.json").write_text('{"keras": "3", "reason": null}')
    with pytest.raises(UserError, match=r"listing\.json: the key 'defects' is missing"):
        some(collected, root=tmp_path)


def test_section_for_the_report(written):
    shown = section(written)
    parsed(shown.html)
    for row in written:
        verdict = shown.html.index(f">{row['verdict']}</span></td>")
        assert verdict < shown.html.index(f"{row['id']}, “")
    hostile = [row | {"sentence": "<script>", "runs": ["runs/<b>/seed=0"]} for row in written]
    page = section(hostile).html
    assert "<script>" not in page
    assert "<b>" not in page


def test_runs_are_folded():
    folders = [f"runs/{arm}/seed={k}" for arm, k in (("a", 0), ("a", 2), ("a", 1), ("b", 5))]
    assert words.folded([*folders, "runs/a/seed=7"]) == [
        f"a {words.TIMES} seeds 0-2, 7",
        f"b {words.TIMES} seed 5",
    ]
