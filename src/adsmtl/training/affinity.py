"""How far the gradients of a run's tasks agree on the shared layer, measured on many examples.

The cosines that training records come from single batches, whose noise pulls them towards 0.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity
from torch.nn.utils.rnn import pad_sequence

from adsmtl.study import Task
from adsmtl.tasks import registry
from adsmtl.training.batches import TaskData
from adsmtl.training.device import Machine
from adsmtl.training.evaluation import BATCH, ordered
from adsmtl.training.model import Model, StepDropout
from adsmtl.training.order import PADDING

EXAMPLES = 1000  # training examples of each task, at most
SHARED = ("shared.weight", "shared.bias")


def affinities(
    model: Model,
    tasks: Mapping[str, Task],
    data: Mapping[str, TaskData],
    positions: Mapping[str, Sequence[Tensor]],
    machine: Machine,
) -> list[dict[str, float]]:
    """Per replica, by pair of tasks (`a:b`), the cosine of their gradients on the shared layer.

    Nothing of the model changes, its gradients included.

    Args:
        positions: per task and replica the examples, int64 `[n_r]`.
    """
    found = {
        name: gradient(model, name, tasks[name], data[name], positions[name], machine)
        for name in tasks
    }
    cosines = {
        f"{one}:{other}": cosine_similarity(found[one], found[other], dim=1).tolist()
        for one, other in combinations(tasks, 2)
    }
    replicas = range(len(next(iter(positions.values()))))
    return [{pair: values[r] for pair, values in cosines.items()} for r in replicas]


def gradient(
    model: Model,
    name: str,
    task: Task,
    data: TaskData,
    positions: Sequence[Tensor],
    machine: Machine,
) -> Tensor:
    """Gradient of a task's mean loss, all units on, on the shared layer's weights and biases.

    Args:
        positions: per replica the examples, int64 `[n_r]`.

    Returns:
        float32 `[R, parameters]`.
    """
    loss = registry.load(registry.LOSSES, task.loss)
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
