"""How far the gradients of a run's tasks agree on the shared layer, measured on many examples.

The cosines that training records come from single batches, whose noise pulls them towards 0.
"""

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity
from torch.nn.utils.rnn import pad_sequence

from adsmtl.tasks import registry
from adsmtl.training.engine import Engine
from adsmtl.training.evaluation import BATCH, ordered
from adsmtl.training.model import StepDropout
from adsmtl.training.order import PADDING

EXAMPLES = 1000  # training examples of each task, at most
SHARED = ("shared.weight", "shared.bias")


def affinities(engine: Engine) -> list[dict[str, float]]:
    """Per run, by pair of tasks (`a:b`), the cosine of their gradients on the shared layer.

    Each is the gradient of the mean loss, all units on, of at most `EXAMPLES` training examples.
    Nothing of the engine changes.
    """
    found = {
        name: gradient(engine, name, engine.positions(name, "train", EXAMPLES))
        for name in engine.tasks
    }
    cosines = {
        f"{one}:{other}": cosine_similarity(found[one], found[other], dim=1).tolist()
        for one, other in combinations(engine.tasks, 2)
    }
    return [{pair: values[r] for pair, values in cosines.items()} for r in range(len(engine.runs))]


def gradient(engine: Engine, name: str, positions: Sequence[Tensor]) -> Tensor:
    """Gradient of a task's mean loss, all units on, on the shared layer's weights and biases.

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
