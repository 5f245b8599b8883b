"""The check of a CUDA card, on a processor, with recorders in the place of graphs."""

import subprocess
import sys
from pathlib import Path

import pytest
import recorder
import torch
from benchmarks import gpu_check

from adsmtl.training.device import Machine

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def examined(monkeypatch: pytest.MonkeyPatch, machine: Machine, **changes: object) -> dict:
    for name, value in {"EXAMPLES": 64, **changes}.items():
        monkeypatch.setattr(gpu_check, name, value)
    return gpu_check.examine(machine, 12, 64, (1, 2), lambda text: None)


def test_a_machine_that_computes_right_passes_and_is_timed(
    monkeypatch: pytest.MonkeyPatch, machine: Machine
) -> None:
    graphs = recorder.install(monkeypatch)
    result = examined(monkeypatch, machine)
    assert len(result["checks"]) == 4
    assert all(one["passed"] for one in result["checks"]), result["checks"]
    assert graphs  # steps were replayed
    plain, one, two = result["speed"]
    assert plain["label"] == "plain PyTorch loop"
    for row, replicas in ((plain, 1), (one, 1), (two, 2)):
        # A run is EPOCHS passes over IMAGES images and phones in proportion; here 64 and 4.
        seconds = replicas * 68 / row["examples_per_second"]
        expected = 3600 * replicas / (seconds * 10 * 45_000 / 64)
        assert row["runs_per_hour"] == pytest.approx(expected)
        assert 0 < row["share_of_products"] < 1.5
    fastest = max(row["runs_per_hour"] for row in result["speed"])
    assert result["paper"] == {"runs": 12, "hours": pytest.approx(12 / fastest)}
    assert f"{two['runs_per_hour']:.1f}" in gpu_check.page(result)


def test_wrong_masks_wrong_losses_and_a_check_that_breaks_off_are_told(
    monkeypatch: pytest.MonkeyPatch, machine: Machine
) -> None:
    calls = []

    def keep_mask(*arguments: object) -> torch.Tensor:
        calls.append(arguments)
        mask = torch.ones(2, 3, dtype=torch.bool)
        mask[0, 0] = len(calls) % 2
        return mask

    losses = iter([torch.ones(1), torch.full((1,), 1.01)])
    checks = (gpu_check.masks_are_the_cpus, gpu_check.losses_are_the_cpus)
    broken = gpu_check.graphs_train_like_eager_steps

    def result_of(*_: object) -> torch.Tensor:
        return next(losses)  # the third call raises

    result = examined(
        monkeypatch,
        machine,
        CHECKS=(*checks, broken),
        keep_mask=keep_mask,
        _losses=result_of,
        _measured=lambda *_: iter(()),
    )
    assert [one["passed"] for one in result["checks"]] == [False, False, False]
    assert "4 of 24 units differ" in result["checks"][0]["detail"]
    assert "1.0e-02" in result["checks"][1]["detail"] or "9.9e-03" in result["checks"][1]["detail"]
    text = gpu_check.page(result)
    assert text.count("**FAILED**") == 3
    assert "graphs train like eager steps" in text


def test_running_out_of_memory_is_a_row_of_its_own(
    monkeypatch: pytest.MonkeyPatch, machine: Machine
) -> None:
    class Large:
        def __init__(self, job: object) -> None:
            raise torch.OutOfMemoryError("too large")

    result = examined(monkeypatch, machine, CHECKS=(), EngineContender=Large)
    assert [row["reason"] for row in result["speed"]] == [None, "out of memory", "out of memory"]
    assert "out of memory" in gpu_check.page(result)


def test_without_cuda_nothing_is_checked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu_check.main(["--results", str(tmp_path)]) == 2
    assert "no CUDA device" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_it_needs_torch_and_numpy_alone() -> None:
    program = """
import sys
for name in "numba scipy pandas yaml pydantic sklearn matplotlib mlflow rich safetensors".split():
    sys.modules[name] = None  # as if it were not installed
import torch
from benchmarks import gpu_check
from adsmtl.training.device import Machine
gpu_check.EXAMPLES = 32
gpu_check.CHECKS = (gpu_check.masks_are_the_cpus, gpu_check.losses_are_the_cpus)
result = gpu_check.examine(Machine(torch.device("cpu"), "fp32", 1), 1, 64, (1,), print)
print(gpu_check.page(result))
"""
    found = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert "| this engine, R = 1 |" in found.stdout
