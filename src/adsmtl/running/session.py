"""Trains runs and writes their folders: resume, record, finish."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from adsmtl import identity, paths
from adsmtl.data.prepared import Prepared
from adsmtl.errors import UserError
from adsmtl.files import read_json, write_json
from adsmtl.running import checkpoint, difference, records, trajectories
from adsmtl.running.progress import ProgressLine
from adsmtl.running.records import METRICS, RESUME
from adsmtl.study import Run
from adsmtl.training import capacity
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine, alike
from adsmtl.training.outcome import outcomes, predicted


def train(
    runs: Sequence[Run],
    prepared: Mapping[str, Prepared],
    machine: Machine,
    root: Path,
    say: Callable[[str], None],
    replicas: int | None = None,
) -> None:
    """Train runs and write `metrics.json`, history, predictions and a checkpoint for each.

    Runs that are finished already, with the same configuration, data, code and kind of machine,
    are kept; only the names that people see are brought up to date. Runs that follow another
    arm come after it. After every epoch the state is kept in `resume.safetensors`, from which an
    interrupted run continues to the same bits. It is removed when all are done, so a failed
    run costs the others nothing.

    Args:
        prepared: by task, for every task of the runs.
        root: the preset's results folder.
        say: takes one line of progress at a time.
        replicas: how many runs to train at once, at most; by default the machine decides
            (`adsmtl.training.capacity`).

    Raises:
        UserError: a run's loss stopped being finite (the others are written first), or a run
            follows an arm that is not finished.
    """
    failed = []
    for wave in ([r for r in runs if r.follows is None], [r for r in runs if r.follows]):
        ready = [trajectories.attached(run, root) for run in wave]
        pending = [run for run in ready if not _kept(run, prepared, machine, root, say)]
        for group in _groups(pending, prepared, machine, replicas):
            failed += _train_group(group, prepared, machine, root, say)
    if failed:
        raise UserError(
            f"the loss of {', '.join(run.name for run in failed)} is not finite; lower "
            "training.learning_rate or the dropout rate. Finished runs were kept"
        )
    for run in runs:
        (paths.run(root, run.arm_id, run.seed) / RESUME).unlink(missing_ok=True)


def _kept(
    run: Run,
    prepared: Mapping[str, Prepared],
    machine: Machine,
    root: Path,
    say: Callable[[str], None],
) -> bool:
    """Whether a run is finished as it would be trained now; then its names are brought up."""
    if not finished(run, prepared, machine, root):
        return False
    path = paths.run(root, run.arm_id, run.seed) / METRICS
    metrics = read_json(path)
    if any(metrics.get(key) != name for key, name in run.arm.names().items()):
        write_json(path, {**metrics, **run.arm.names()})
    say(f"{run.name}: finished before, kept")
    return True


def finished(run: Run, prepared: Mapping[str, Prepared], machine: Machine, root: Path) -> bool:
    """Whether the files of a run are all there and are those that training it now would give.

    Args:
        run: with the trajectory of the arm that it follows, if any.
        prepared: by task, for every task of the run's study.
        root: the preset's results folder.
    """
    folder = paths.run(root, run.arm_id, run.seed)
    if any(not (folder / name).is_file() for name in records.needed(run)):
        return False
    return read_json(folder / METRICS).get("identity") == identity.of(run, prepared, machine)


def _groups(
    runs: Sequence[Run],
    prepared: Mapping[str, Prepared],
    machine: Machine,
    replicas: int | None,
) -> list[list[Run]]:
    """Runs that one engine trains: alike, and as many as fit."""
    groups: list[tuple[tuple, list[Run]]] = []
    for run in runs:
        own = alike(run, prepared)
        group = next((members for key, members in groups if key == own), None)
        if group is None:
            groups.append((own, [run]))
        else:
            group.append(run)
    result = []
    for _, members in groups:
        size = capacity.replicas(members, prepared, machine, replicas)
        result += [members[start : start + size] for start in range(0, len(members), size)]
    return result


def _train_group(
    runs: Sequence[Run],
    prepared: Mapping[str, Prepared],
    machine: Machine,
    root: Path,
    say: Callable[[str], None],
) -> list[Run]:
    """Train runs at once; the ones whose loss stopped being finite."""
    engine = Engine(runs, prepared, machine)
    folders = [paths.run(root, run.arm_id, run.seed) for run in runs]
    identities = [identity.of(run, prepared, machine) for run in runs]
    for folder in folders:  # of an earlier training; none is finished until this one is
        (folder / METRICS).unlink(missing_ok=True)
    _resume(engine, folders, identities, say)
    line = ProgressLine(engine, say)
    while engine.epoch < engine.training.epochs:
        engine.run_epoch(line.step)
        line.epoch_done()
        for r, folder in enumerate(folders):
            facts = {"identity": identities[r], "history": engine.history[r]}
            checkpoint.save(folder / RESUME, engine.state(r), facts)
    return _finish(engine, folders, identities, prepared)


def _resume(
    engine: Engine,
    folders: Sequence[Path],
    identities: Sequence[dict[str, Any]],
    say: Callable[[str], None],
) -> None:
    """Continue an interrupted training, or say why it starts anew."""
    if not any((folder / RESUME).is_file() for folder in folders):
        return
    found = [checkpoint.load(folder / RESUME) for folder in folders]
    reason = next(filter(None, map(_obstacle, folders, found, identities)), None)
    if reason is None and len({len(facts["history"]) for _, facts in found}) > 1:
        reason = "they were interrupted after different epochs"
    if reason is not None:
        say(f"{_names(engine.runs)}: trained from the start, because {reason}")
        return
    engine.load_state([own for own, _ in found], [facts["history"] for _, facts in found])
    say(f"{_names(engine.runs)}: continues after epoch {engine.epoch}")


def _obstacle(
    folder: Path, found: tuple[Any, dict[str, Any]] | None, wanted: dict[str, Any]
) -> str | None:
    """Why an interrupted training is not that of the run of this identity; None if it is."""
    if found is None:
        return f"{folder / RESUME} is missing or damaged"
    if found[1]["identity"] != wanted:
        others = difference.sentences(found[1]["identity"], wanted)
        return f"the training interrupted in {folder} was another ({'; '.join(others)})"
    return None


def _names(runs: Sequence[Run]) -> str:
    return runs[0].name if len(runs) == 1 else f"{len(runs)} runs"


def _finish(
    engine: Engine,
    folders: Sequence[Path],
    identities: Sequence[dict[str, Any]],
    prepared: Mapping[str, Prepared],
) -> list[Run]:
    """Evaluate and write every run that did not fail; the ones that did."""
    began = time.perf_counter()
    found, predictions = outcomes(engine), predicted(engine)
    evaluation = time.perf_counter() - began
    failed = [r for r in range(len(engine.runs)) if engine.failed(r)]
    for r, folder in enumerate(folders):
        if r not in failed:
            own = records.metrics(engine, r, found[r], evaluation, prepared, identities[r])
            records.write(folder, engine, r, own, predictions[r])
    return [engine.runs[r] for r in failed]
