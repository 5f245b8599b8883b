"""How far the gradients of a run's tasks agree on the shared layer, measured on many examples.

The cosines that training records come from single batches, whose noise pulls them towards 0. A
gradient on many examples still swings from step to step and differs between starting values, so
this is measured at several steps of the first epoch, and from several starting values.
`docs/pairs.md` says how reliable it is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity
from torch.nn.utils.rnn import pad_sequence

from adsmtl import rng
from adsmtl.data.prepared import Prepared
from adsmtl.errors import UserError
from adsmtl.study import Run
from adsmtl.tasks import registry
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine
from adsmtl.training.evaluation import BATCH, ordered
from adsmtl.training.model import Model, StepDropout
from adsmtl.training.order import PADDING

POINTS = 8  # of the first epoch, evenly spaced; the last one is its end
SHARED = ("shared.weight", "shared.bias")


def measured(
    run: Run,
    prepared: Mapping[str, Prepared],
    machine: Machine,
    starts: int,
    examples: int,
    say: Callable[[str], None] = lambda text: None,
) -> list[dict[str, float]]:
    """Per start, by pair of tasks (`a:b`), their affinity in the first epoch of a run.

    A start trains the first epoch as the run does, from its own initial values of the network's
    parameters; the first start has those of the run. Matrix products are float32 whatever the
    precision of the machine.

    Args:
        prepared: by task, for every task of the run's study.
        starts: how many.
        examples: training examples of each task behind a gradient, at most, evenly spaced.
        say: takes one line of progress at a time.

    Raises:
        UserError: a loss stopped being finite.
    """
    engine = Engine([run], prepared, replace(machine, precision="fp32"))
    untrained = {name: value.clone() for name, value in engine.state(0).items()}
    found = []
    for start in range(starts):
        engine.load_state([untrained | _initial(engine, run, start)], [[]])
        found.append(affinities(_gradients(engine, examples)))
        say(f"{run.name}: affinity, start {start + 1}/{starts}")
    return found


def _initial(engine: Engine, run: Run, start: int) -> dict[str, Tensor]:
    """The initial values of a start, by name in `Engine.state`; nothing for the run's own."""
    if start == 0:
        return {}
    own = [rng.key(run.seed, "affinity", start)]
    model = Model(engine.tasks, engine.data, own, engine.machine.device)
    return {f"param.{name}": value[0].detach() for name, value in model.params.items()}


def _gradients(engine: Engine, examples: int) -> dict[str, Tensor]:
    """Train the first epoch; per task its gradients at the points, float32 `[P, parameters]`."""
    positions = {name: engine.positions(name, "train", examples) for name in engine.tasks}
    found: dict[str, list[Tensor]] = {name: [] for name in engine.tasks}

    def after(step: int, steps: int) -> None:
        if step in points(steps):
            for name, own in found.items():
                own.append(gradient(engine, name, positions[name])[0])

    engine.run_epoch(after)
    if engine.failed(0):
        raise UserError(
            f"the loss of {engine.runs[0].name} is not finite in the first epoch, where "
            "affinity is measured; lower training.learning_rate"
        )
    return {name: torch.stack(own) for name, own in found.items()}


def points(steps: int) -> set[int]:
    """The steps of an epoch after which gradients are taken; all, where they are few."""
    return {-(-steps * point // POINTS) for point in range(1, POINTS + 1)}


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
