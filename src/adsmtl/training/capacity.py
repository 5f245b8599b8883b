"""How many runs are trained at once."""

from collections.abc import Mapping, Sequence

import torch

from adsmtl.data.prepared import Prepared
from adsmtl.study import Run
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine

# Of the free memory; the rest is for fragments and for evaluation's larger batches.
SHARE = 0.7
STEPS = 4


def replicas(
    runs: Sequence[Run], prepared: Mapping[str, Prepared], machine: Machine, asked: int | None
) -> int:
    """How many of these runs, which are alike, one engine takes.

    Args:
        asked: the person's choice, or None. Then a CPU takes one, because several gain nothing
            there, and a CUDA device as many as its free memory holds.
    """
    if asked is not None:
        return min(asked, len(runs))
    if machine.device.type == "cpu" or len(runs) == 1:
        return 1
    free, _ = torch.cuda.mem_get_info(machine.device)
    one, two = (_peak(runs[:count], prepared, machine) for count in (1, 2))
    return min(fitting(free, one, two), len(runs))


def fitting(free: int, one: int, two: int) -> int:
    """How many replicas fit, at least 1.

    Args:
        free: bytes free before anything was allocated.
        one, two: bytes that one replica and two replicas take; what two take more is what every
            further one takes.
    """
    each = max(two - one, 1)
    return max(1, int(SHARE * free - (one - each)) // each)


def _peak(runs: Sequence[Run], prepared: Mapping[str, Prepared], machine: Machine) -> int:
    """Bytes that training and evaluating take on a CUDA device, at most."""
    torch.cuda.empty_cache()
    before = torch.cuda.memory_reserved(machine.device)
    torch.cuda.reset_peak_memory_stats(machine.device)
    engine = Engine(runs, prepared, machine)
    for task in engine.tasks:
        engine.time_task(task, STEPS)
        engine.scores(task, "val")
    peak = torch.cuda.max_memory_reserved(machine.device) - before
    del engine
    torch.cuda.empty_cache()
    return peak
