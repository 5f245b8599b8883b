"""Evaluates finished runs with units dropped at test time, and writes `test-time.json`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adsmtl import identity, paths, seals
from adsmtl.data.prepared import Prepared
from adsmtl.errors import UserError
from adsmtl.files import read_json, sha256, write_json
from adsmtl.running import checkpoint, divergence
from adsmtl.running.names import CHECKPOINT, METRICS, TEST_TIME
from adsmtl.study import Run, TestTime
from adsmtl.training import monte_carlo
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine


def evaluate(
    run: Run, policy: TestTime, prepared: Mapping[str, Prepared], machine: Machine, root: Path
) -> Path:
    """Evaluate a finished run on test data with and without units dropped.

    Args:
        prepared: by task, for every task of the run's study.
        root: the results folder that holds the run; `test-time.json` is written beside it. Of a
            run that diverged, the file says only that.

    Raises:
        UserError: the run's checkpoint is missing, damaged or of another configuration.
    """
    folder = paths.run(root, run.arm_id, run.seed)
    result: dict[str, Any] = {
        "arm": run.arm_id,
        "seed": run.seed,
        "config_hash": run.config_hash,
    }
    lost = read_json(folder / METRICS).get(divergence.KEY)
    if lost is not None:
        write_json(folder / TEST_TIME, result | {divergence.KEY: lost})
        seals.update(folder, [TEST_TIME])
        return folder / TEST_TIME
    found = checkpoint.load(folder / CHECKPOINT)
    if found is None or found[1].get("config_hash") != run.config_hash:
        raise UserError(
            f"{folder / CHECKPOINT} is missing, damaged or of another configuration; train the run "
            f"again: `adsmtl train --arms {run.arm_id} --seeds {run.seed}`"
        )
    engine = Engine([run], prepared, machine)
    engine.load_parameters([found[0]])
    own: dict[str, Any] = {
        "checkpoint": sha256(folder / CHECKPOINT),
        "code": identity.code(run, identity.DROPPED),
        **identity.kind(machine),
    }
    write_json(
        folder / TEST_TIME, result | {"identity": own} | monte_carlo.evaluate(engine, policy)
    )
    seals.update(folder, [TEST_TIME])
    return folder / TEST_TIME
