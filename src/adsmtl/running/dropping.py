"""Evaluates finished runs with units dropped at test time, and writes `test-time.json`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adsmtl import identity, paths, seals
from adsmtl.data.prepared import Prepared
from adsmtl.errors import UserError
from adsmtl.files import sha256, write_json
from adsmtl.running import checkpoint
from adsmtl.running.records import CHECKPOINT, TEST_TIME
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
        root: the results folder that holds the run; `test-time.json` is written beside it.

    Raises:
        UserError: the run's checkpoint is missing, damaged or of another configuration.
    """
    folder = paths.run(root, run.arm_id, run.seed)
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
    result = {"arm": run.arm_id, "seed": run.seed, "config_hash": run.config_hash, "identity": own}
    write_json(folder / TEST_TIME, result | monte_carlo.evaluate(engine, policy))
    seals.update(folder, [TEST_TIME])
    return folder / TEST_TIME
