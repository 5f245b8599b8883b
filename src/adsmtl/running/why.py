"""Says of a run whether it would be trained, and why."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adsmtl import identity, paths
from adsmtl.data.prepared import Prepared
from adsmtl.errors import UserError
from adsmtl.files import read_json
from adsmtl.running import checkpoint, damage, difference, records, session, trajectories
from adsmtl.running.names import METRICS, RESUME
from adsmtl.study import Run, Study
from adsmtl.training.device import Machine


def named(text: str, root: Path) -> tuple[str, int]:
    """Arm and seed of `<arm>/seed=<number>`, or of the folder of a run.

    Args:
        root: the results folder of the study.

    Raises:
        UserError: the text is neither, or a folder of other results.
    """
    match = re.fullmatch(r"(?:(?P<root>.+)/runs/)?(?P<arm>[^/]+)/seed=(?P<seed>\d+)/?", text)
    if match is None:
        raise UserError(
            f"{text!r} names no run; give <arm>/seed=<number>, such as none/seed=0, or the "
            f"folder of a run, such as {paths.run(root, 'none', 0)}"
        )
    if match["root"] is not None and Path(match["root"]).resolve() != root.resolve():
        raise UserError(
            f"{text} lies in {match['root']}, but the settings describe {root}; choose the "
            "preset (and embedded data) of that folder with --settings"
        )
    return match["arm"], int(match["seed"])


def begun(run: Run, root: Path) -> bool:
    """Whether a training of the run, finished or not, left something to compare with."""
    folder = paths.run(root, run.arm_id, run.seed)
    return (folder / METRICS).is_file() or checkpoint.load(folder / RESUME) is not None


def _readable(path: Path) -> dict[str, Any]:
    """What a file holds; nothing where it is damaged, which is said apart."""
    try:
        content = read_json(path)
    except UserError:
        return {}
    return content if isinstance(content, dict) else {}


def explain(
    study: Study, run: Run, prepared: Mapping[str, Prepared], machine: Machine, root: Path
) -> str:
    """What training would do with a run, in one line, and below it a line per reason.

    Args:
        run: of the study; its training has `begun`.
        prepared: by task, for every task of the study.
        root: the study's results folder.
    """
    folder = paths.run(root, run.arm_id, run.seed)
    if (folder / METRICS).is_file():
        fault = damage.found(folder, records.needed(run))
        reasons = [] if fault is None else [f"{folder} is damaged: {fault}"]
        metrics = _readable(folder / METRICS)
        before, config = metrics.get("identity", {}), metrics.get("config")
        outcomes = "would be kept", "would be trained again"
    else:
        _, facts = checkpoint.load(folder / RESUME)
        reasons, before, config = [], facts["identity"], None
        interrupted = f"interrupted after epoch {len(facts['history'])},"
        outcomes = f"{interrupted} would continue", f"{interrupted} would start anew"
    if run.follows is not None:
        leader = study.run(run.follows, run.followed_seed)
        if session.finished(leader, prepared, machine, root):
            run = trajectories.attached(run, root)
        else:
            before = {**before, "trajectory": None}  # not known before that arm is trained
            reasons.append(
                f"{leader.name}, which it follows, would be trained first; "
                f"see adsmtl why {leader.arm_id}/seed={leader.seed}"
            )
    configs = None if config is None else (config, run.config())
    reasons += difference.sentences(before, identity.of(run, prepared, machine), configs)
    said = outcomes[1] if reasons else outcomes[0]
    return "\n".join([f"{run.name}: {said}", *(f"  {reason}" for reason in reasons)])
