"""The rates that a run used, read for the runs that follow it."""

import json
from dataclasses import replace
from pathlib import Path

from adsmtl import paths, seals
from adsmtl.dropout.schedules import Trajectory
from adsmtl.errors import UserError
from adsmtl.running import divergence
from adsmtl.study import Run


def attached(run: Run, root: Path) -> Run:
    """The run with the trajectory of the run it follows; a run that follows none, or one that
    diverged, as it is.

    Args:
        root: the results folder that holds the followed run, of the same seed or the lender's.

    Raises:
        UserError: the followed run is not finished, damaged, or shorter.
    """
    if run.follows is None or divergence.of_leader(run, root) is not None:
        return run
    path = paths.run(root, run.follows, run.followed_seed) / "history.jsonl"
    if not path.is_file():
        raise UserError(
            f"{run.name} follows {run.follows} seed={run.followed_seed}, whose {path} is missing; "
            "train that run first"
        )
    trajectory = read(path)
    if len(trajectory) < run.training.epochs:
        raise UserError(
            f"{path} has {len(trajectory)} epochs, {run.name} needs {run.training.epochs}; "
            "delete that folder and train the run again"
        )
    return replace(run, trajectory=trajectory)


def read(path: Path) -> Trajectory:
    """Per epoch of a `history.jsonl`, the rate of every task; at the sites where it dropped.

    Raises:
        UserError: the file is not what the run wrote; names it.
    """
    fault = seals.differing(path.parent).get(path.name)
    try:
        if fault is None:
            records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            return [
                {task: max(own["rates"].values()) for task, own in record["tasks"].items()}
                for record in records
            ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        fault = f"cannot be read ({error!r})"
    arm, seed = path.parent.parent.name, path.parent.name.removeprefix("seed=")
    raise UserError(
        f"{path} {fault}, so no run can follow it; train it again: "
        f"`adsmtl train --arms {arm} --seeds {seed}`"
    )
