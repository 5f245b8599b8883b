"""How long a study takes on this machine, measured on a few steps of the real thing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from adsmtl.data.prepared import Prepared
from adsmtl.dropout.schedules import NoDropout
from adsmtl.errors import UserError
from adsmtl.running import divergence, session, trajectories
from adsmtl.running.progress import spoken
from adsmtl.study import Run, Training
from adsmtl.training import capacity
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine, alike

STEPS = 6
# An evaluated example costs a forward pass; a trained one also a backward pass of twice that.
EVALUATION_SHARE = 1 / 3


def remaining(
    runs: Sequence[Run], prepared: Mapping[str, Prepared], machine: Machine, root: Path
) -> list[Run]:
    """The runs that are not finished as they would be trained now.

    Their files are not verified: that would read all of a study for an estimate.

    Args:
        runs: of one study, with the runs that others of them follow.
        prepared: by task, for every task of the study.
        root: the study's results folder.
    """
    left: dict[tuple[str, int], Run] = {}
    for run in sorted(runs, key=lambda run: run.follows is not None):
        waits = (run.follows, run.followed_seed) in left
        if waits or not _finished(run, prepared, machine, root):
            left[run.arm_id, run.seed] = run
    return list(left.values())


def _finished(run: Run, prepared: Mapping[str, Prepared], machine: Machine, root: Path) -> bool:
    try:
        if divergence.of_leader(run, root):  # then it is not trained, which takes no time
            return True
        ready = trajectories.attached(run, root)
        return session.finished(ready, prepared, machine, root, verify=False)
    except UserError:  # it, or the run that it follows, is damaged; training says so
        return False


def sentence(
    runs: Sequence[Run], costs: Mapping[str, float], machine: Machine, processes: int
) -> str:
    """How long the runs take, in words, with what that depends on.

    Args:
        runs: at least one, of one study; `remaining`, say.
        costs: what `seconds` says of them.
        processes: how many share the runs.
    """
    own = sum(costs.values()) / len(runs)
    rounds = -(-len(runs) // processes)
    facts = machine.describe()
    return (
        f"{len(runs)} runs of {runs[0].training.epochs} epochs to train, processes: {processes}, "
        f"on {facts['name']} ({facts['precision']}): about {spoken(own * rounds)}"
    )


def seconds(
    runs: Sequence[Run],
    prepared: Mapping[str, Prepared],
    machine: Machine,
    replicas: int | None = None,
) -> dict[str, float]:
    """Estimated seconds for one process to train each run, by its name.

    Args:
        runs: of one study.
        prepared: by task.
        replicas: how many runs are trained at once, at most; by default the machine decides.
    """
    # A run whose rates may not be known yet takes as long as one of the arm that it follows.
    timed = [
        run if run.leader is None else replace(run, arm=run.leader, leader=None, lender=None)
        for run in runs
    ]
    # One that drops units, where there is one: masks take time.
    widest = sorted(
        timed,
        key=lambda run: (len(run.tasks), not isinstance(run.arm.dropout, NoDropout)),
        reverse=True,
    )
    engines: dict[str, Engine] = {}
    for run in widest:
        if not set(run.tasks) <= set(engines):
            common = alike(run, prepared)
            beside = [run, *(r for r in widest if r is not run and alike(r, prepared) == common)]
            size = capacity.replicas(beside, prepared, machine, replicas)
            engines = dict.fromkeys(run.tasks, Engine(beside[:size], prepared, machine)) | engines
    per_example = {name: engine.time_task(name, STEPS) for name, engine in engines.items()}
    found = {}
    for run in runs:
        found[run.name] = 0.0
        for name in run.tasks:
            splits = engines[name].data[name].splits
            sizes = {split: len(positions[0]) for split, positions in splits.items()}
            found[run.name] += per_example[name] * _examples(run.training, sizes)
    engines.clear()
    torch.cuda.empty_cache()  # training that follows in this process needs the memory
    return found


def _examples(training: Training, sizes: Mapping[str, int]) -> float:
    """Examples of a task that take as long to train as all that a run trains and evaluates.

    Args:
        sizes: of the splits.
    """
    full = min(training.full_epochs, training.epochs)
    evaluated = training.epochs * min(sizes["train"], training.eval_train)
    evaluated += (training.epochs - full) * min(sizes["val"], training.eval_val)
    evaluated += full * (sizes["val"] + sizes["test"])
    return training.epochs * sizes["train"] + EVALUATION_SHARE * evaluated
