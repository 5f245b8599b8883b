"""How far the gradients of a run's tasks agree on the shared layer, measured on many examples.

The cosines that training records come from single batches, whose noise pulls them towards 0. The
cosine of gradients on many examples still swings from step to step, so it is averaged over several
points of the first epoch; `docs/pairs.md` says how reliable that is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity
from torch.nn.utils.rnn import pad_sequence

from adsmtl.data.prepared import Prepared
from adsmtl.errors import UserError
from adsmtl.study import Run
from adsmtl.tasks import registry
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine
from adsmtl.training.evaluation import BATCH, ordered
from adsmtl.training.model import StepDropout
from adsmtl.training.order import PADDING

SHARED = ("shared.weight", "shared.bias")


def measured(
    run: Run, prepared: Mapping[str, Prepared], machine: Machine, examples: int
) -> dict[str, float]:
    """By pair of tasks (`a:b`), their affinity in the first epoch of a run, which is trained here.

    Matrix products are float32 whatever the precision of the machine.

    Args:
        prepared: by task, for every task of the run's study.
        examples: training examples of each task behind a gradient, at most, evenly spaced.

    Raises:
        UserError: a loss stopped being finite.
    """
    engine = Engine([run], prepared, replace(machine, precision="fp32"))
    positions = {name: engine.positions(name, "train", examples) for name in engine.tasks}
    found: dict[str, list[Tensor]] = {name: [] for name in engine.tasks}

    def after(step: int, steps: int) -> None:
        if step in points(steps):
            for name, own in found.items():
                own.append(gradient(engine, name, positions[name])[0])

    engine.run_epoch(after)
    if engine.failed(0):
        raise UserError(
            f"the loss of {run.name} is not finite in the first epoch, where affinity is measured; "
            "lower training.learning_rate"
        )
    return affinities({name: torch.stack(own) for name, own in found.items()})


def points(steps: int) -> set[int]:
    """The steps of the first epoch after which gradients are taken: 2, 4, 8 and so on, and its end.

    They are dense where parameters change fastest.
    """
    return {2**k for k in range(1, steps.bit_length()) if 2**k <= steps} | {steps}


def affinities(gradients: Mapping[str, Tensor]) -> dict[str, float]:
    """By pair of tasks, the mean over points of the cosine of their gradients.

    Args:
        gradients: per task, float32 `[P, parameters]`.
    """
    return {
        f"{one}:{other}": float(cosine_similarity(gradients[one], gradients[other], dim=1).mean())
        for one, other in combinations(gradients, 2)
    }


def gradient(engine: Engine, name: str, positions: Sequence[Tensor]) -> Tensor:
    """Gradient of a task's mean loss, all units on, on the shared layer's weights and biases.

    Nothing of the engine changes.

    Args:
        positions: per replica the examples, int64 `[n_r]`.

    Returns:
        float32 `[R, parameters]`.
    """
    model, data, machine = engine.model, engine.data[name], engine.machine
    loss = registry.load(registry.LOSSES, engine.tasks[name].loss)
    shared = [model.params[own] for own in SHARED]
    all_units = StepDropout({}, {}, machine.elementwise)
    table = pad_sequence(ordered(data, positions), batch_first=True, padding_value=PADDING)
    counts = torch.tensor([len(own) for own in positions], device=data.device)
    total = torch.zeros((), device=data.device)
    for chunk in table.to(data.device).split(BATCH, dim=1):
        batch = data.gather(chunk)
        with machine.autocast():
            logits = model.forward(name, batch, all_units)
        losses = loss(logits, batch.targets) * batch.weights
        parts = torch.autograd.grad((losses.sum(dim=1) / counts).sum(), shared)
        total = total + torch.cat([part.flatten(1) for part in parts], dim=1)
    return total
