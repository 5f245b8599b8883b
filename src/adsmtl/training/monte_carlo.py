"""What becomes of a trained model when units are dropped at test time too (claim C6).

The probabilities of several passes with their own masks are averaged (Monte Carlo dropout, Gal
and Ghahramani 2016), and that is repeated, so that the spread between repeats shows.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from adsmtl import rng
from adsmtl.dropout.masks import Rates
from adsmtl.study import Run, TestTime
from adsmtl.tasks.base import Drop
from adsmtl.training.engine import Engine
from adsmtl.training.evaluation import predict, scores
from adsmtl.training.model import StepDropout


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
        positions = engine.positions(task, "test", policy.examples)
        result["examples"][task] = len(positions[0])

        def score(drops: list[Callable[[int], Drop]], task=task, positions=positions) -> dict:
            with engine.machine.autocast():
                passes = [
                    predict(engine.model, task, engine.data[task], positions, drop)
                    for drop in drops
                ]
            mean = torch.stack([logits[0].softmax(dim=1) for logits, _ in passes]).mean(dim=0)
            return scores(engine.tasks[task], engine.data[task], mean.log(), passes[0][1][0])

        result["tasks"][task] = {
            "off": engine.scores(task, "test", policy.examples)[0],
            "on": [
                score([_drop(engine, run, task, policy, r, k) for k in range(policy.passes)])
                for r in range(policy.repeats)
            ],
        }
    return result


def _drop(
    engine: Engine, run: Run, task: str, policy: TestTime, repeat: int, number: int
) -> Callable[[int], Drop]:
    """Dropout of one pass at every site, from the number of the chunk of examples."""
    rate = Rates.quantised(torch.tensor([policy.rate], device=engine.machine.device))

    def of_chunk(chunk: int) -> Drop:
        def key(site: str) -> Tensor:
            parts = (run.seed, "test-time", task, site, repeat, number, chunk)
            return torch.tensor([rng.key(*parts)], device=engine.machine.device)

        names = engine.model.sites(task)
        return StepDropout(dict.fromkeys(names, rate), {site: key(site) for site in names})

    return of_chunk
