"""What a CUDA graph of the step relies on, shown without CUDA.

A graph repeats kernels on fixed memory: it never asks the host for anything, and what Python
computed while it was captured stays as it was. The first is tested with tensors that hold no
data, the second with a recorder that repeats operations on the memory of their first results.
"""

from contextlib import nullcontext
from typing import Any

import pytest
import recorder
import tiny
import torch
from recorder import Recording, tensors
from torch.utils._python_dispatch import TorchDispatchMode

from adsmtl.data.prepared import Prepared
from adsmtl.dropout.masks import Rates
from adsmtl.dropout.schedules import Concrete, Curriculum, Fixed, Late, ListingIntent
from adsmtl.study import Run
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine
from adsmtl.weighting import Uncertainty

REPLICAS = {
    "one": [tiny.run(Fixed(0.5))],
    "several": [
        tiny.run(Fixed(0.5), arm_id="fixed"),
        tiny.run(tiny.ADSMTL, 1, arm_id="adsmtl", l2=1e-2),
        tiny.run(ListingIntent(0.4), 2, arm_id="listing", site="shared"),
        tiny.run(Curriculum(0.3), arm_id="curriculum", weighting=Uncertainty()),
    ],
    "at first idle": [tiny.run(Late(0.4))],
    "learned": [tiny.run(Concrete(0.1), arm_id="one"), tiny.run(Concrete(0.3), 1, arm_id="other")],
}


class Elsewhere(TorchDispatchMode):
    """Lists the operations that touch a tensor which is not on the device `meta`."""

    def __init__(self) -> None:
        super().__init__()
        self.seen, self.wrong = 0, []

    def __torch_dispatch__(
        self, op: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        result = op(*args, **(kwargs or {}))
        self.seen += 1
        if any(t.device.type != "meta" for t in tensors(args, kwargs, result)):
            self.wrong.append(str(op))
        return result


@pytest.mark.parametrize("runs", REPLICAS.values(), ids=REPLICAS)
def test_a_step_neither_leaves_the_device_nor_waits_for_it(
    runs: list[Run], prepared: dict[str, Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The device holds no values, so reading one raises. Setting rates reads them, between epochs.
    monkeypatch.setattr(
        Rates, "quantised", lambda rates: Rates(rates.to(torch.uint8), rates + 1.0, True)
    )
    monkeypatch.setattr(Machine, "autocast", lambda self: nullcontext())
    monkeypatch.setattr(torch, "autocast", lambda *args, **kwargs: nullcontext())
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda device: False)
    device = torch.device("meta")
    engine = Engine(runs, prepared, Machine(device, "fp32", 1))
    positions = torch.zeros(len(runs), 10, dtype=torch.int64, device=device)
    with Elsewhere() as watch:
        engine._stepper._run(dict.fromkeys(engine.tasks, positions), {"speech": 16})
    assert watch.seen > 100
    assert watch.wrong == []


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> list[Recording]:
    """The graphs captured in a test."""
    return recorder.install(monkeypatch)


@pytest.mark.parametrize("runs", REPLICAS.values(), ids=REPLICAS)
def test_replayed_steps_train_like_eager_ones(
    runs: list[Run], prepared: dict[str, Prepared], machine: Machine, graphs: list[Recording]
) -> None:
    eager, replayed = (Engine(runs, prepared, machine) for _ in range(2))
    replayed._stepper._graphed = True
    for engine in (eager, replayed):
        for _ in range(2):
            engine.run_epoch()
    # One for each number of frames, rounded up: of 7 to 14, so 8 or 16; and each used again.
    assert 1 <= len(graphs) <= 2
    assert sum(graph.replays for graph in graphs) == 2 * replayed.steps
    for replica, _ in enumerate(runs):
        one, other = (engine.state(replica) for engine in (eager, replayed))
        for name, value in one.items():
            assert torch.allclose(other[name], value, rtol=1e-4, atol=1e-6), name
        for before, after in zip(eager.history[replica], replayed.history[replica], strict=True):
            for task, record in before["tasks"].items():
                assert after["tasks"][task]["rates"] == pytest.approx(record["rates"], rel=1e-4)
                assert after["tasks"][task]["loss"] == pytest.approx(record["loss"], rel=1e-4)
