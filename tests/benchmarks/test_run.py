"""A whole run in quick mode, and what goes wrong on the way."""

import io
import json
from pathlib import Path

import pytest
from benchmarks import __main__ as command
from benchmarks import plan, process, rounds, summary, worker
from benchmarks.contenders import keras_listing
from benchmarks.contenders.engine import EngineContender, EnginesContender
from benchmarks.contenders.plain import CHANNELS_LAST, COMPILED
from benchmarks.journal import Journal

from adsmtl.files import read_json
from adsmtl.report import speed

pytestmark = pytest.mark.slow

RECORD = {
    "label", "contender", "value", "reason", "replicas", "batch", "steps", "examples", "tasks",
    "precision", "threads", "setting", "processes", "flops_per_example", "facts",
    "repetitions", "seconds", "examples_per_second", "peak_memory",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `--quick` writes of two comparisons and a series."""
    root = tmp_path_factory.mktemp("benchmarks")
    arguments = ["--quick", "--embedded", "--device", "cpu", "--threads", "1", "--examples", "32"]
    arguments += ["--prepared", str(prepared), "--results", str(root), "--name", "trial"]
    assert command.main([*arguments, "--only", "vision-32", "joint-128", "tasks"]) == 0
    return root


@pytest.fixture(scope="module")
def result(folder: Path) -> dict:
    return read_json(folder / "trial.json")


def test_every_record_is_complete(result):
    groups = result["comparisons"] + result["series"]
    assert [group["name"] for group in groups] == ["vision-32", "joint-128", "tasks"]
    for record in (record for group in groups for record in group["records"]):
        assert record.keys() >= RECORD
        if record["reason"]:
            continue
        assert [one["round"] for one in record["repetitions"]] == [1, 2]
        assert all(one["seconds"] > 0 for one in record["repetitions"])
        found = record["examples_per_second"]
        assert found["n"] == 2
        assert found["min"] <= found["q1"] <= found["median"] <= found["q3"] <= found["max"]
        assert record["peak_memory"]["rss_mib"] >= record["facts"]["rss_loaded_mib"] > 0
        assert record["facts"]["versions"]


def test_machine_code_and_data_are_told(result):
    assert result["machine"]["threads"] == 1
    told = {"name", "precision", "bf16_hardware", "cores", "system", "python", "code"}
    assert result["machine"].keys() >= told
    assert set(result["data"]) == {"digits", "espeak"}
    assert all(len(data["digest"]) == 64 for data in result["data"].values())


def test_bf16_is_timed_and_judged_only_where_it_is_in_hardware(result):
    hardware = result["machine"]["bf16_hardware"]
    for group in result["comparisons"]:
        (products,) = [one for one in group["records"] if one["contender"] == "products"]
        assert set(products["rates"]) == ({"fp32", "bf16"} if hardware else {"fp32"})
    trained = {one["precision"] for group in result["comparisons"] for one in group["records"]}
    assert trained == ({"bf16"} if hardware else {"fp32"})
    assert any("bf16" in sentence for sentence in result["not_judged"]) is not hardware


def test_contenders_of_a_comparison_train_equally_much(result):
    for group in result["comparisons"]:
        trained = [one for one in group["records"] if one["contender"] != "products"]
        per_replica = {one["examples"] / one["replicas"] for one in trained}
        assert len(per_replica) == 1
        assert len({one["flops_per_example"] for one in trained}) == 1
        assert len({one["steps"] for one in trained}) == 1
        ran = [one for one in trained if not one["reason"]]
        assert len({one["facts"]["parameters"] for one in ran}) == 1
        assert {1, 2} == {one["replicas"] for one in ran}


def test_shares_and_ratios_follow_from_the_repetitions(result):
    for group in result["comparisons"]:
        engine, _ = (one for one in group["records"] if one["contender"] == "engine")
        plain, keras = (_fastest(group["records"], name) for name in ("plain", "keras"))
        rates = [
            [one["examples_per_second"] for one in side["repetitions"]] for side in (engine, plain)
        ]
        ratios = [a / b for a, b in zip(*rates, strict=True)]
        assert engine["times_plain"] == pytest.approx(summary.spread(ratios))
        assert plain["times_plain"]["median"] == 1
        assert (engine["times_keras"] is None) is (keras is None)
        assert engine["share_of_products"]["median"] > 0


def _fastest(records: list[dict], contender: str) -> dict | None:
    ran = [one for one in records if one["contender"] == contender and not one["reason"]]
    return max(ran, key=lambda one: one["examples_per_second"]["median"], default=None)


def test_a_table_and_two_figures_are_written(folder):
    text = (folder / "trial.md").read_text()
    assert "quick mode: the numbers mean nothing" in text
    assert "this engine, R = 2" in text
    assert "How cost grows with the number of tasks" in text
    for name in ("trial-speed", "trial-growth"):
        assert (folder / f"{name}.png").stat().st_size > 1000
        assert (folder / f"{name}.pdf").stat().st_size > 1000
        assert "Quick mode" in (folder / f"{name}.caption.txt").read_text()


def test_a_finished_run_leaves_nothing_to_go_on_with(folder):
    assert not list(folder.glob("*.unfinished"))


def _talk(job, *requests: dict) -> list[dict]:
    """What a worker answers, without a process."""
    asked = io.StringIO("".join(json.dumps(request) + "\n" for request in requests))
    answers = io.StringIO()
    worker.serve(job, asked, answers)
    return [json.loads(line) for line in answers.getvalue().splitlines()]


@pytest.fixture
def measure(tmp_path: Path):
    """One round of one entry."""

    def once(entry: rounds.Entry) -> dict:
        journal = Journal(tmp_path, "trial", {}, load=None)
        (record,) = rounds.measure("g", [entry], 1, journal, lambda line: None)
        return record

    return once


def test_absent_keras_is_said_and_nothing_fails(job, vision, monkeypatch, measure):
    monkeypatch.setattr(keras_listing.importlib.util, "find_spec", lambda name: None)
    answers = _talk(job("keras", vision))
    assert answers == [{"absent": "keras/tensorflow not installed"}]

    class Missing(process.Worker):
        def start(self) -> None:
            self.reason = "keras/tensorflow not installed"

    monkeypatch.setattr(rounds, "Worker", Missing)
    record = measure(rounds.Entry("Keras on TensorFlow", job("keras", vision), 1.0))
    assert record["reason"] == "not run: keras/tensorflow not installed"
    assert record["repetitions"] == []
    group = {"name": "g", "title": "t", "records": [record]}
    assert speed.comparison(group).rows[0][1] == "not run: keras/tensorflow not installed"
    (sentence,) = summary.not_judged({"bf16_hardware": True}, [group])
    assert sentence.startswith("Keras on TensorFlow was not run: keras/tensorflow not installed;")


def test_worker_answers_line_by_line(job, vision, monkeypatch):
    class Fake:
        def __init__(self, job) -> None:
            pass

        def repetition(self) -> dict[str, float]:
            return {"vision": 1.5}

        def facts(self) -> dict:
            return {"parameters": 7}

        def device_memory(self) -> None:
            return None

    monkeypatch.setattr(worker, "load", lambda name: Fake)
    ready, timed = _talk(job("plain", vision), {"do": "time"})
    assert ready["ready"]["parameters"] == 7
    assert timed["seconds"] >= 0
    assert timed["values"] == {"vision": 1.5}
    assert timed["memory"]["rss_mib"] > 10
    assert timed["memory"]["device_mib"] is None


def test_broken_keras_is_reported_but_a_broken_engine_stops_the_run(
    job, vision, monkeypatch, measure
):
    def broken(self) -> None:
        raise process.WorkerError("it failed:\nImportError: no symbol")

    monkeypatch.setattr(process.Worker, "start", broken)
    record = measure(rounds.Entry("Keras", job("keras", vision), 1.0))
    assert record["reason"] == "not run: ImportError: no symbol"
    with pytest.raises(process.WorkerError):
        measure(rounds.Entry("engine", job("engine", vision), 1.0))


def test_worker_process_tells_how_it_failed(job, vision):
    missing = {"vision": vision["vision"].__class__("/nowhere", "label", "cnn", 8)}
    with process.Worker(job("plain", missing)) as one, pytest.raises(process.WorkerError) as error:
        one.start()
    assert "/nowhere holds no prepared data" in str(error.value)


def test_missing_data_and_unknown_groups_are_refused(prepared, tmp_path, caplog):
    assert command.main(["--prepared", str(tmp_path), "--device", "cpu"]) == 2
    assert "adsmtl prepare cifar10" in caplog.text
    arguments = ["--quick", "--embedded", "--prepared", str(prepared), "--device", "cpu"]
    assert command.main([*arguments, "--only", "nonsense"]) == 2
    assert "vision-32" in caplog.text


@pytest.mark.parametrize("size", [plan.CPU, plan.CUDA, plan.QUICK])
def test_plan_holds_every_comparison_and_series(prepared, size):
    made = plan.Plan(prepared, True, size, "cpu", "fp32", 1)
    groups = {group.name: group for group in made.groups()}
    assert list(groups) == [
        "vision-32", "vision-128", "joint-128", "replicas", "batch", "tasks", "data"
    ]  # fmt: skip
    who = [(entry.job.contender, entry.job.setting) for entry in groups["vision-128"].entries]
    assert who == [
        ("keras", "no XLA"),
        *(("plain", setting) for setting in ("", CHANNELS_LAST, COMPILED)),
        *[("engine", "")] * 2,
        ("products", ""),
    ]
    assert len({entry.label for entry in groups["vision-128"].entries}) == len(who)
    assert [entry.value for entry in groups["replicas"].entries] == list(size.replicas)


def test_with_several_threads_processes_of_one_are_timed_beside_one_of_several(prepared):
    groups = {g.name: g for g in plan.Plan(prepared, True, plan.QUICK, "cpu", "fp32", 2).groups()}
    one, several, _ = (entry.job for entry in groups["split"].entries)
    assert (one.processes, one.threads) == (1, 2)
    assert (several.processes, several.threads) == (2, 1)
    assert several.examples == 2 * one.examples


def test_several_processes_train_what_each_would_alone(job, joint):
    several = EnginesContender(job("engine", joint, processes=2))
    alone = EngineContender(job("engine", joint))
    for _ in range(2):  # the processes warmed up with one repetition
        expected = alone.repetition()
    assert several.repetition() == expected
    assert several.facts()["parameters"] == alone.facts()["parameters"]


def test_contenders_are_compared_with_the_fastest_setting_of_the_others():
    def record(contender: str, rate: float) -> dict:
        one = {"examples_per_second": rate, "values": {}}
        return {
            "contender": contender,
            "precision": "fp32",
            "flops_per_example": 1.0,
            "repetitions": [one],
            "examples_per_second": summary.spread([rate]),
        }

    products = record("products", 1.0)
    products["repetitions"] = [{"values": {"fp32": 100.0}}]
    records = [record("plain", 10.0), record("plain", 20.0), record("engine", 30.0), products]
    command._relate(records)
    assert records[2]["times_plain"]["median"] == 1.5
    assert records[2]["times_keras"] is None
    assert [one["times_plain"]["median"] for one in records[:2]] == [0.5, 1.0]


def test_the_cpu_run_fits_into_twenty_minutes_on_two_slow_cores(prepared):
    made = plan.Plan(prepared, True, plan.CPU, "cpu", "fp32", 2)
    per_image = made.flops_per_example(made.tasks(["vision"], 1024))
    flops_per_second = 400 * per_image  # with AVX2 the slowest contender does better
    seconds_to_start = 7
    seconds = 0.0
    for group in made.groups():
        assert group.repetitions >= (5 if group.axis is None else 3)
        for entry in group.entries:
            if entry.job.contender != "products":
                one = entry.job.examples * entry.flops / flops_per_second
                seconds += (group.repetitions + 1) * one  # one to warm up
            seconds += seconds_to_start
    assert 5 * 60 < seconds < 20 * 60


def test_bf16_is_refused_where_it_is_emulated(prepared, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(command.machine, "has_bf16", lambda device: False)
    arguments = ["--embedded", "--prepared", str(prepared), "--results", str(tmp_path)]
    assert command.main([*arguments, "--device", "cpu", "--precision", "bf16"]) == 2
    assert "use auto or fp32" in caplog.text


def test_part_of_the_groups_has_a_name_of_its_own(prepared, tmp_path, monkeypatch):
    def measured(name, *_):
        raise process.WorkerError(name)

    names = []
    monkeypatch.setattr(rounds, "measure", measured)
    monkeypatch.setattr(command, "Journal", lambda folder, name, *_: names.append(name))
    arguments = ["--quick", "--embedded", "--prepared", str(prepared), "--results", str(tmp_path)]
    assert command.main([*arguments, "--device", "cpu", "--only", "data", "batch"]) == 1
    assert command.main([*arguments, "--device", "cpu"]) == 1
    assert names == ["cpu-embedded-quick-data-batch", "cpu-embedded-quick"]
