import json

import pytest
from synthetic import ORDER, write_run

from adsmtl.collected import runs
from adsmtl.errors import UserError


def test_frames_have_one_row_per_arm_seed_task_and_epoch(results):
    loaded = runs.select(results, ORDER)
    final, history = runs.final_frame(loaded), runs.history_frame(loaded)
    # two single-task arms and seven with two tasks, three seeds
    assert len(final) == (2 + 7 * 2) * 3
    assert len(history) == len(final) * 10
    assert not final.duplicated(["arm", "seed", "task"]).any()
    assert not history.duplicated(["arm", "seed", "task", "epoch"]).any()
    assert list(final["arm"].unique()) == ORDER
    stored = json.loads((results / "runs/adsmtl/seed=1/metrics.json").read_text())
    row = final.query("arm == 'adsmtl' and seed == 1 and task == 'speech'").iloc[0]
    assert row["test_accuracy_39"] == stored["tasks"]["speech"]["final"]["test"]["accuracy_39"]
    assert row["schedule"] == "adsmtl"
    assert final.query("task == 'vision'")["test_accuracy_39"].isna().all()


def test_order_and_seeds_choose_the_runs(results):
    loaded = runs.select(results, ["adsmtl", "none"], seeds=[2, 0])
    assert [(run.arm, run.seed) for run in loaded] == [
        ("adsmtl", 0),
        ("adsmtl", 2),
        ("none", 0),
        ("none", 2),
    ]


def test_without_an_order_references_come_first(results):
    arms = list(dict.fromkeys(run.arm for run in runs.select(results)))
    assert arms[:2] == ["single-speech-none", "single-vision-none"]


def test_a_run_without_metrics_is_not_finished(tmp_path):
    write_run(tmp_path, "none", 0)
    (write_run(tmp_path, "none", 1) / "metrics.json").unlink()
    assert [run.seed for run in runs.load(tmp_path)] == [0]
    with pytest.raises(UserError, match=r"none/seed=1/metrics\.json is missing; train"):
        runs.load(tmp_path, [("none", 0), ("none", 1)])


def test_no_runs_at_all_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match=r"no finished run below .*snakemake"):
        runs.load(tmp_path)


def test_an_arm_of_the_order_without_runs_is_named(results):
    with pytest.raises(UserError, match="no finished run of yoked below"):
        runs.select(results, ["none", "yoked"])


def test_malformed_metrics_name_file_and_key(tmp_path):
    path = write_run(tmp_path, "none", 0) / "metrics.json"
    metrics = json.loads(path.read_text())
    del metrics["tasks"]["vision"]["final"]["test"]
    path.write_text(json.dumps(metrics))
    with pytest.raises(UserError, match=r"metrics\.json: tasks\.vision\.final\.test: .*again"):
        runs.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"), [('{"epoch": 1', "line 1, is not valid"), ('{"epoch": 1}', "tasks")]
)
def test_malformed_history_names_file_and_line(tmp_path, text, message):
    path = write_run(tmp_path, "none", 0) / "history.jsonl"
    path.write_text(text + "\n")
    with pytest.raises(UserError, match=rf"history\.jsonl, line 1.*{message}|{message}"):
        runs.load(tmp_path)


def test_a_misplaced_run_is_refused(tmp_path):
    folder = write_run(tmp_path, "none", 0)
    folder.rename(folder.with_name("seed=7"))
    with pytest.raises(UserError, match="belongs to arm none, seed 0"):
        runs.load(tmp_path)
