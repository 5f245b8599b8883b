"""Measures the affinity of the tasks of runs, and writes `affinity.json` beside each of them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from adsmtl import identity, paths, seals
from adsmtl.data.prepared import Prepared
from adsmtl.errors import UserError
from adsmtl.files import read_json, write_json
from adsmtl.running import divergence, trajectories
from adsmtl.running.names import AFFINITY
from adsmtl.study import Run
from adsmtl.training import affinity
from adsmtl.training.device import Machine


def measure(
    run: Run,
    examples: int,
    prepared: Mapping[str, Prepared],
    machine: Machine,
    root: Path,
    say: Callable[[str], None],
) -> Path:
    """Write the affinity of every two tasks of a run, unless it stands there already.

    The run need not be trained, and nothing of it is read or changed. A file is kept while its
    identity is that of what would be measured now. Of a run that diverges, or follows one
    that did, it says why there is none.

    Args:
        examples: see `affinity.measured`.
        prepared: by task, for every task of the run's study.
        root: the results folder that holds the run.
        say: takes one line of progress at a time.

    Raises:
        UserError: the run trains one task alone, or follows an arm that is not finished.
    """
    path = paths.run(root, run.arm_id, run.seed) / AFFINITY
    if len(run.tasks) < 2:
        raise UserError(f"{run.name} trains {run.tasks[0]} alone; affinity is that of two tasks")
    run = trajectories.attached(run, root)
    lost = divergence.of_leader(run, root)
    own = _identity(run, examples, prepared, machine)
    if AFFINITY in seals.differing(path.parent):
        say(f"{run.name}: {path} is damaged; measured again")
    elif path.is_file() and read_json(path).get("identity") == own:
        say(f"{run.name}: affinity was measured before, kept")
        return path
    content = {
        "arm": run.arm_id,
        "seed": run.seed,
        "config_hash": run.config_hash,
        "identity": own,
        **(
            _measured(run, prepared, machine, examples)
            if lost is None
            else {"affinity": {}, divergence.KEY: lost.reason}
        ),
    }
    write_json(path, content)
    seals.update(path.parent, [AFFINITY])
    say(f"wrote {path}")
    return path


def _measured(
    run: Run, prepared: Mapping[str, Prepared], machine: Machine, examples: int
) -> dict[str, Any]:
    """The affinity, or none and why: a run that diverges costs the others nothing."""
    try:
        found = affinity.measured(run, prepared, machine, examples)
    except UserError as error:
        if "not finite" not in str(error):
            raise
        return {"affinity": {}, divergence.KEY: str(error)}
    if not all(map(math.isfinite, found.values())):
        return {"affinity": {}, divergence.KEY: "the cosine of gradients is not finite"}
    return {"affinity": found}


def _identity(
    run: Run, examples: int, prepared: Mapping[str, Prepared], machine: Machine
) -> dict[str, Any]:
    """What decides the numbers: that of the run, but for the code, and how they are measured."""
    return {
        **identity.of(run, prepared, replace(machine, precision="fp32")),
        "code": identity.code(run, identity.RELATED),
        "examples": examples,
    }
