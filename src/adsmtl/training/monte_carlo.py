"""What becomes of a trained model when units are dropped at test time too (claim C6).

The probabilities of several passes with their own masks are averaged (Monte Carlo dropout, Gal
and Ghahramani 2016), and that is repeated, so that the spread between repeats shows.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from adsmtl import paths, rng
from adsmtl.data.prepared import Prepared
from adsmtl.dropout.masks import Rates
from adsmtl.errors import UserError
from adsmtl.files import write_json
from adsmtl.running import checkpoint
from adsmtl.running.session import CHECKPOINT
from adsmtl.study import Run, TestTime
from adsmtl.tasks.base import Drop
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine
from adsmtl.training.evaluation import predict, scores
from adsmtl.training.model import StepDropout

FILE = "test-time.json"


def evaluate(
    run: Run, policy: TestTime, prepared: Mapping[str, Prepared], machine: Machine, root: Path
) -> Path:
    """Evaluate a finished run on test data with and without units dropped.

    Args:
        prepared: by task, for every task of the run's study.
        root: the results folder that holds the run; `test-time.json` is written beside it.

    Raises:
        UserError: the run's checkpoint is missing or of another configuration.
    """
    folder = paths.run(root, run.arm_id, run.seed)
    found = checkpoint.load(folder / CHECKPOINT)
    if found is None or found[1].get("config_hash") != run.config_hash:
        raise UserError(f"{folder / CHECKPOINT} is missing or of another configuration; train it")
    engine = Engine([run], prepared, machine)
    engine.load_parameters([found[0]])
    result: dict[str, Any] = {"arm": run.arm_id, "seed": run.seed, "config_hash": run.config_hash}
    result |= {"rate": policy.rate, "passes": policy.passes, "repeats": policy.repeats}
    result |= {"examples": {}, "tasks": {}}
    for task in engine.tasks:
        positions = engine.positions(task, "test", policy.examples)
        result["examples"][task] = len(positions[0])

        def score(drops: list[Callable[[int], Drop]], task=task, positions=positions) -> dict:
            with machine.autocast():
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
    write_json(folder / FILE, result)
    return folder / FILE


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
