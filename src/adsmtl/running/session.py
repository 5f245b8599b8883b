"""Trains runs and writes their folders: resume, record, finish."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from adsmtl import identity, paths, seals
from adsmtl.data.prepared import Prepared
from adsmtl.errors import UserError
from adsmtl.files import read_json, write_json
from adsmtl.running import damage, records, resuming, trajectories
from adsmtl.running.progress import ProgressLine
from adsmtl.running.records import EARLIER, METRICS, RESUME
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
    are kept; only the names that people see are brought up to date. One of which a file is changed,
    truncated or missing is damaged: it is said, and the run is trained again. Runs that follow
    another arm come after it. After every epoch the state is kept, from which an interrupted run
    continues to the same bits (`adsmtl.running.resuming`). It is removed when all are done, so a
    failed run costs the others nothing.

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
        for name in (RESUME, EARLIER):
            (paths.run(root, run.arm_id, run.seed) / name).unlink(missing_ok=True)


def _kept(
    run: Run,
    prepared: Mapping[str, Prepared],
    machine: Machine,
    root: Path,
    say: Callable[[str], None],
) -> bool:
    """Whether a run is finished as it would be trained now; then its names are brought up."""
    folder = paths.run(root, run.arm_id, run.seed)
    if not finished(run, prepared, machine, root):
        if fault := damage.found(folder, records.needed(run)):
            say(f"{run.name}: damaged, so it is trained again: {fault}")
        return False
    metrics = read_json(folder / METRICS)
    if any(metrics.get(key) != name for key, name in run.arm.names().items()):
        write_json(folder / METRICS, {**metrics, **run.arm.names()})
        if METRICS in (seals.read(folder) or {}):
            seals.update(folder, [METRICS])
    say(f"{run.name}: finished before, kept")
    return True


def finished(
    run: Run,
    prepared: Mapping[str, Prepared],
    machine: Machine,
    root: Path,
    verify: bool = True,
) -> bool:
    """Whether the files of a run are all there, whole, and those that training it now would give.

    Args:
        run: with the trajectory of the arm that it follows, if any.
        prepared: by task, for every task of the run's study.
        root: the preset's results folder.
        verify: whether to compare every byte of its files with their digests.

    Raises:
        UserError: `metrics.json` cannot be read, which `verify` would have found.
    """
    folder = paths.run(root, run.arm_id, run.seed)
    if any(not (folder / name).is_file() for name in records.needed(run)):
        return False
    if verify and damage.found(folder, records.needed(run)) is not None:
        return False
    metrics = read_json(folder / METRICS)
    own = metrics.get("identity") if isinstance(metrics, dict) else None
    return own == identity.of(run, prepared, machine)


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
        records.reopen(folder)
    resuming.resume(engine, folders, identities, say)
    line = ProgressLine(engine, say)
    while engine.epoch < engine.training.epochs:
        engine.run_epoch(line.step)
        line.epoch_done()
        for r, folder in enumerate(folders):
            resuming.keep(engine, r, folder, identities[r])
    return _finish(engine, folders, identities, prepared)


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
