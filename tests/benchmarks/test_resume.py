"""A run that is cut off keeps its repetitions and goes on."""

from pathlib import Path

import pytest
from benchmarks import rounds, summary
from benchmarks.job import BenchTask, Job
from benchmarks.journal import Journal

from adsmtl.errors import UserError
from adsmtl.files import read_json

CONDITIONS = {"machine": {"name": "one"}, "plan": {"g": [1, 2]}}
TASKS = {"vision": BenchTask("/nowhere", "label", "cnn", 64)}


class Cut(Exception):
    """The power goes."""


class Worker:
    """Answers at once; `left` is how many repetitions all of them may still take."""

    left = 0
    started: list[str] = []  # noqa: RUF012

    def __init__(self, job: Job) -> None:
        self.job, self.reason, self.ready = job, None, {"parameters": 1}

    def start(self) -> None:
        Worker.started.append(self.job.contender)

    def time(self) -> dict:
        if Worker.left == 0:
            raise Cut
        Worker.left -= 1
        memory = {"rss_mib": 10.0 + Worker.left, "device_mib": None}
        return {"seconds": 2.0, "values": {"vision": 1.0}, "memory": memory}

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
def _no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "Worker", Worker)
    Worker.started = []


def _measure(folder: Path, may_take: int, repetitions: int = 3) -> list[dict]:
    Worker.left = may_take
    entries = [
        rounds.Entry(who, Job(who, TASKS, 32, "cpu", "fp32", 1), 1.0) for who in ("plain", "engine")
    ]
    journal = Journal(folder, "cpu", CONDITIONS, load=0.5)
    return rounds.measure("g", entries, repetitions, journal, lambda line: None)


def test_every_repetition_is_on_disk_when_a_run_is_cut_off(tmp_path):
    with pytest.raises(Cut):
        _measure(tmp_path, may_take=3)
    groups = read_json(tmp_path / "cpu.unfinished")["groups"]
    assert [len(one["repetitions"]) for one in groups["g"]] == [2, 1]


def test_a_cut_run_goes_on_after_its_last_whole_round(tmp_path):
    with pytest.raises(Cut):
        _measure(tmp_path, may_take=3)
    records = _measure(tmp_path, may_take=4)
    assert Worker.left == 0
    for record in records:
        assert [one["round"] for one in record["repetitions"]] == [1, 2, 3]
        assert record["seconds"]["n"] == 3
        assert record["examples_per_second"]["median"] == 32


def test_what_is_complete_starts_nothing_again(tmp_path):
    first = _measure(tmp_path, may_take=6)
    Worker.started = []
    assert _measure(tmp_path, may_take=0) == first
    assert Worker.started == []


def test_memory_is_the_largest_over_repetitions(tmp_path):
    plain, engine = _measure(tmp_path, may_take=6)
    assert plain["peak_memory"] == {"rss_mib": 15.0, "device_mib": None}
    assert engine["peak_memory"] == {"rss_mib": 14.0, "device_mib": None}
    both = [{"rss_mib": 1.0, "device_mib": 5.0}, {"rss_mib": 2.0, "device_mib": 4.0}]
    assert summary.peak(both) == {"rss_mib": 2.0, "device_mib": 5.0}


def test_other_conditions_are_refused_and_nothing_is_lost(tmp_path):
    with pytest.raises(Cut):
        _measure(tmp_path, may_take=3)
    before = (tmp_path / "cpu.unfinished").read_bytes()
    other = {**CONDITIONS, "machine": {"name": "another"}}
    with pytest.raises(UserError, match=r"cpu\.unfinished .*\(machine\).* delete the file"):
        Journal(tmp_path, "cpu", other, load=None)
    assert (tmp_path / "cpu.unfinished").read_bytes() == before


def test_the_largest_load_of_all_starts_is_told_and_the_file_goes_at_the_end(tmp_path):
    with pytest.raises(Cut):
        _measure(tmp_path, may_take=1)
    assert Journal(tmp_path, "cpu", CONDITIONS, load=0.1).load_before == 0.5
    journal = Journal(tmp_path, "cpu", CONDITIONS, load=7.0)
    assert journal.load_before == 7.0
    journal.close()
    assert not (tmp_path / "cpu.unfinished").exists()
    journal.close()
