"""From run folders to `claims.json`, `claims.md` and the report."""

import json
import shutil

import pytest
from collecting import collected
from pages import parsed
from synthetic import NONE, claim_arms, write_results, write_test_time

from adsmtl import outputs
from adsmtl.analysis import contrasts
from adsmtl.claims import words
from adsmtl.claims.ledger import judge
from adsmtl.claims.write import write
from adsmtl.errors import UserError
from adsmtl.figures import data_curves
from adsmtl.figures.drawing import Material
from adsmtl.report.claims import section

KEYS = (
    *("id", "claim", "experiment", "comparison", "n", "effect", "ci_low", "ci_high", "p"),
    *("p_holm", "verdict", "unit", "detectable", "sentence", "parts", "beside", "runs", "reason"),
)
SEEDS = 10
ARMS = claim_arms()
PAIRS = ["pair-vision-superclass", "pair-speech-manner", "pair-speech-sex", "none"]


def plus(points):
    return {task: accuracy + points / 100 for task, accuracy in NONE.items()}


def planted():
    """Accuracies under which C1 to C4 hold, C5 is contradicted and others are left open."""
    accuracy = dict.fromkeys(ARMS, NONE)
    for arm in ARMS:
        if arm.startswith("single") or arm in ("fixed-0.1", "fixed-0.3", "fixed-0.5"):
            accuracy[arm] = plus(-10)
        if arm.startswith("single") and arm.endswith(("fixed-0.1", "fixed-0.3", "fixed-0.5")):
            accuracy[arm] = plus(-20)
    accuracy["fixed-0.2"] = plus(5)
    accuracy["adsmtl-p0.1"] = plus(10)
    accuracy["swapped"] = plus(5)
    return accuracy


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
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("claims") / "paper"
    cosines = {pair: place / 10 for place, pair in enumerate(PAIRS)}
    write_results(root, SEEDS, ARMS, epochs=2, accuracy=planted(), cosine=cosines)
    for seed in range(SEEDS):
        for arm in ("fixed-0.2", "adsmtl"):
            write_test_time(root, arm, seed, gain=-0.01, calibration=0.01)
    (root / "listing.json").write_text(json.dumps(LISTING))
    return root


@pytest.fixture(scope="module")
def written(root):
    assert write(collected(root, ARMS, range(SEEDS)), root) == outputs.claims(root)
    return json.loads((root / "claims.json").read_text())


def by_id(rows):
    return {row["id"]: row for row in rows}


def test_planted_effects_get_their_verdicts(written):
    verdicts = {row["id"]: row["verdict"] for row in written}
    assert list(verdicts) == [f"C{number}" for number in range(1, 12)]
    held = {claim for claim, verdict in verdicts.items() if verdict == "supported"}
    refuted = {claim for claim, verdict in verdicts.items() if verdict == "contradicted"}
    assert {"C1", "C2", "C3", "C4", "C7"} <= held
    assert refuted == {"C5", "C6", "C11"}
    assert verdicts["C10"] == "inconclusive"


def test_rows_have_every_key_and_numbers_that_agree(written):
    for row in written:
        assert set(KEYS) <= set(row)
        assert all(row[key] for key in ("claim", "experiment", "comparison", "sentence"))
    for row in written[:10]:
        assert row["n"] == SEEDS
        assert row["ci_low"] <= row["effect"] <= row["ci_high"]
        assert row["p"] <= row["p_holm"]
        deciding = [one for one in row["parts"] if one["comparison"] == row["comparison"]]
        assert [one["effect"] for one in deciding] == [row["effect"]]
    assert all(row["detectable"] > 0 for row in written[:10] if row["id"] != "C8")
    assert by_id(written)["C5"]["comparison"].startswith("ADSMTL minus swapped")
    assert by_id(written)["C5"]["effect"] == pytest.approx(-5, abs=1)


def test_effects_come_from_the_runs_that_the_row_names(root, written):
    row = by_id(written)["C5"]
    assert len(row["runs"]) == 5 * SEEDS
    accuracy = {}
    for folder in row["runs"]:
        tasks = json.loads((root / folder / "metrics.json").read_text())["tasks"]
        accuracy[folder] = sum(t["final"]["test"]["accuracy"] for t in tasks.values()) / 2
    differences = [
        100 * (accuracy[f"runs/adsmtl/seed={k}"] - accuracy[f"runs/swapped/seed={k}"])
        for k in range(SEEDS)
    ]
    assert row["effect"] == pytest.approx(sum(differences) / SEEDS)


def test_sentences_can_be_quoted(written):
    rows = by_id(written)
    assert "contradicted. ADSMTL minus swapped" in rows["C5"]["sentence"]
    assert "n = 10 seeds" in rows["C5"]["sentence"]
    assert "the weakest of 4 parts" in rows["C5"]["sentence"]
    assert "could have detected with 80 % power" in rows["C10"]["sentence"]
    assert "stand-in" not in rows["C5"]["sentence"]
    assert "With Keras 3.15.1, 1 of 1 defects" in rows["C11"]["sentence"]


def test_the_same_choice_everywhere_is_no_effect_of_unknown_precision(written):
    row = by_id(written)["C8"]
    assert (row["effect"], row["sd"], row["p"], row["detectable"]) == (0, 0, 1, None)
    assert "All seeds gave this number" in row["sentence"]


def test_markdown_has_a_table_and_a_section_per_claim(root, written):
    text = (root / "claims.md").read_text()
    for row in written:
        assert f"\n## {row['id']}: {row['verdict']}\n\n{row['sentence']}\n" in text
    assert f"swapped {words.TIMES} seeds 0-9" in text
    assert "nan" not in text.lower().split()


def test_a_second_writing_gives_the_same_bytes(root, written):
    before = [path.read_bytes() for path in outputs.claims(root)]
    write(collected(root, ARMS, range(SEEDS)), root)
    assert [path.read_bytes() for path in outputs.claims(root)] == before


def test_missing_arms_leave_claims_not_run(root):
    left = [arm for arm in ARMS if arm != "yoked" and not arm.startswith("l2")]
    rows = by_id(judge(collected(root, left)))
    for claim, arm in (("C5", "yoked"), ("C10", "l2")):
        row = rows[claim]
        assert (row["verdict"], row["n"], row["p"], row["effect"]) == ("not run", 0, None, None)
        assert row["reason"] == f"no finished run of {arm} (preset quick)"
        assert row["reason"] in row["sentence"]
    # Eight claims are left in the correction.
    assert "over 8 claims" in rows["C1"]["sentence"]


def test_three_seeds_say_that_they_are_too_few(root):
    rows = judge(collected(root, seeds=range(3)))
    for row in rows[:10]:
        assert row["verdict"] == "inconclusive"
        assert row["reason"].startswith("Underpowered by design: n = 3 seeds")
        assert row["reason"] in row["sentence"]
        assert row["detectable"] is None


def test_one_seed_gives_numbers_without_intervals(root):
    rows = judge(collected(root, seeds=[4]))
    json.dumps(rows, allow_nan=False)
    chosen = {row["id"] for row in rows if "numbers that it needs" in (row["reason"] or "")}
    assert chosen == {"C1", "C3", "C4", "C7", "C8", "C10"}  # there is no other seed to choose on
    for row in rows[:10]:
        assert row["ci_low"] is None
        assert (row["effect"] is None) == (row["id"] in chosen)
    assert "/seed=4" in rows[1]["runs"][0]
    assert "None" not in section(rows).html


def test_a_claim_uses_the_seeds_that_all_its_arms_have(root, tmp_path):
    shutil.copytree(root / "runs", tmp_path / "runs")
    (tmp_path / "runs/reversed/seed=7/metrics.json").unlink()
    rows = by_id(judge(collected(tmp_path)))
    assert (rows["C4"]["n"], rows["C5"]["n"]) == (SEEDS, SEEDS - 1)
    assert not any(folder.endswith("seed=7") for folder in rows["C5"]["runs"])


def test_seeds_in_common_are_needed(tmp_path):
    write_results(tmp_path, 2, ["adsmtl", "yoked", "swapped", "matched-mean", "reversed"], 1)
    (tmp_path / "runs/yoked/seed=0/metrics.json").unlink()
    (tmp_path / "runs/adsmtl/seed=1/metrics.json").unlink()
    row = by_id(judge(collected(tmp_path)))["C5"]
    assert row["verdict"] == "not run"
    assert row["reason"].startswith("no seed with all the numbers that it needs of adsmtl")


def test_stand_in_data_are_announced_in_every_sentence(tmp_path):
    write_results(tmp_path, 2, claim_arms("C3"), 1, embedded=True)
    row = by_id(judge(collected(tmp_path)))["C3"]
    assert "embedded stand-in data" in row["sentence"]


def test_a_malformed_listing_is_named(tmp_path):
    write_results(tmp_path, 1, ["none"], 1)
    (tmp_path / "listing.json").write_text('{"keras": "3", "reason": null}')
    with pytest.raises(UserError, match=r"listing\.json: the key 'defects' is missing"):
        judge(collected(tmp_path))


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


def test_the_ledger_says_of_pairs_what_the_figure_draws(root, written):
    material = Material(collected(root, ARMS, range(SEEDS)))
    drawn = contrasts.task_pairs(material.final, material.collected.epochs)
    beside = {one["name"]: one["value"] for one in by_id(written)["C9"]["beside"]}
    assert len(beside) == 2 * drawn["tasks"].nunique()
    for tasks, own in drawn.groupby("tasks"):
        name = tasks.replace("+", " and ")
        assert beside[f"{name}: gain over single-task training"] == pytest.approx(
            100 * own["gain"].mean()
        )
        assert beside[f"{name}: cosine of the gradients"] == pytest.approx(own["cosine"].mean())


def test_the_ledger_says_of_less_data_what_the_figure_draws(root, written):
    drawn = data_curves.series(Material(collected(root, ARMS, range(SEEDS))).final)
    means = drawn[drawn["task"] == data_curves.MEAN]
    means = means.pivot_table("accuracy", "train_fraction", "way", aggfunc="mean")
    beside = {one["name"]: one["value"] for one in by_id(written)["C2"]["beside"]}
    for share, row in means.iterrows():
        name = f"multi-task minus single-task training with {100 * share:g} % of the data"
        assert beside[name] == pytest.approx(100 * (row["multi-task"] - row["single-task"]))
