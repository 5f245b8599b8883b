"""What becomes of a trained model when units are dropped at test time too (claim C6).

The probabilities of several passes with their own masks are averaged (Monte Carlo dropout, Gal
and Ghahramani 2016), and that is repeated, so that the spread between repeats shows.
"""

from typing import Any

import torch
from torch import Tensor

from adsmtl import rng
from adsmtl.dropout import sites
from adsmtl.dropout.masks import Rates
from adsmtl.study import Run, TestTime
from adsmtl.tasks.base import Drop
from adsmtl.training.engine import Engine
from adsmtl.training.evaluation import ordered, scores
from adsmtl.training.model import StepDropout

# Examples times passes that go through a branch at once: enough for the products to run at full
# speed, and few enough examples that sequences of a chunk are of nearly one length.
ROWS = 320


def evaluate(engine: Engine, policy: TestTime) -> dict[str, Any]:
    """Scores of a trained model on test data with and without units dropped.

    Args:
        engine: of a single run.

    Returns:
        What docs/formats.md says of `test-time.json`, from `rate` on.
    """
    run = engine.runs[0]
    result: dict[str, Any] = {"rate": policy.rate, "passes": policy.passes}
    result |= {"repeats": policy.repeats, "examples": {}, "tasks": {}}
    for task in engine.tasks:
        result["examples"][task] = len(engine.positions(task, "test", policy.examples)[0])
        result["tasks"][task] = {
            "off": engine.scores(task, "test", policy.examples)[0],
            "on": on(engine, run, task, policy),
        }
    return result


@torch.inference_mode()
def on(engine: Engine, run: Run, task: str, policy: TestTime) -> list[dict[str, float]]:
    """Scores of one task with units dropped, of every repeat.

    The shared layer's product is the same in every pass and computed once for each chunk of
    examples; the passes of a repeat go through the branch as one batch.

    Args:
        engine: of this run alone.
    """
    data = engine.data[task]
    (positions,) = ordered(data, engine.positions(task, "test", policy.examples))
    found: list[list[Tensor]] = [[] for _ in range(policy.repeats)]
    for number, chunk in enumerate(positions.split(max(1, ROWS // policy.passes))):
        batch = data.gather(chunk[None].to(data.device))
        with engine.machine.autocast():
            shared = engine.model.shared(batch)
            for repeat, means in enumerate(found):
                drop = _drop(engine, run, task, policy, repeat, number)
                means.append(_mean_probabilities(engine, task, shared, batch.lengths, policy, drop))
    targets = data.targets[positions.to(data.device)]
    return [scores(engine.tasks[task], data, torch.cat(own).log(), targets) for own in found]


def _mean_probabilities(
    engine: Engine, task: str, shared: Tensor, lengths: Tensor | None, policy: TestTime, drop: Drop
) -> Tensor:
    """Of one chunk of B examples, over the passes of a repeat, float32 `[B, classes]`.

    Args:
        shared: the shared layer's product, `[1, B, C, H, W]`.
        lengths: int64 `[1, B]`, or None.
    """
    # Dropped as if every pass were a replica; then all are rows of the one that there is.
    passes = drop(shared.expand(policy.passes, -1, -1, -1, -1), sites.SHARED, relu=True)
    rows = passes.flatten(0, 1)[None]
    lengths = None if lengths is None else lengths.repeat(1, policy.passes)
    logits = engine.model.branch(task, rows, lengths, drop)
    return logits.float().softmax(dim=-1).unflatten(1, (policy.passes, -1))[0].mean(dim=0)


def _drop(
    engine: Engine, run: Run, task: str, policy: TestTime, repeat: int, chunk: int
) -> StepDropout:
    """Dropout of the passes of a repeat at every site: a key for each pass at the shared site,
    and one for all rows of them at the others."""

    def keys(site: str) -> Tensor:
        parts = (run.seed, "test-time", task, site, repeat, chunk)
        numbers = range(policy.passes) if site == sites.SHARED else [0]
        found = [rng.key(*parts, number) for number in numbers]
        return torch.tensor(found, device=engine.machine.device)

    of_site = {site: keys(site) for site in engine.model.sites(task)}
    rates = {
        site: Rates.quantised(torch.full(own.shape, policy.rate, device=own.device))
        for site, own in of_site.items()
    }
    return StepDropout(rates, of_site, engine.machine.elementwise)
