"""Trains runs and writes their folders: resume, record, finish."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from adsmtl import identity, paths, seals
from adsmtl.data.prepared import Prepared
from adsmtl.files import read_json, write_json
from adsmtl.running import damage, divergence, records, resuming, trajectories
from adsmtl.running.course import Course
from adsmtl.running.names import EARLIER, METRICS, RESUME
from adsmtl.running.progress import ProgressLine
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
    course: Course | None = None,
) -> list[Run]:
    """Train runs and write `metrics.json`, history, predictions and a checkpoint for each.

    Runs that are finished already, with the same configuration, data, code and kind of machine,
    are kept; only the names that people see are brought up to date. One of which a file is changed,
    truncated or missing is damaged: it is said, and the run is trained again. Runs that follow
    another arm come after it. After every epoch the state is kept, from which an interrupted run
    continues to the same bits (`adsmtl.running.resuming`). It is removed when all are done.

    A run that diverges is given up and kept with the reason (`adsmtl.running.divergence`); so are
    those that follow it. It costs the others nothing.

    Args:
        prepared: by task, for every task of the runs.
        root: the preset's results folder.
        say: takes one line of progress at a time.
        replicas: how many runs to train at once, at most; by default the machine decides
            (`adsmtl.training.capacity`).
        course: of the study that the runs belong to; by default they are all of it.

    Returns:
        Those of the runs that diverged, now or when they were trained.

    Raises:
        UserError: a run follows an arm that is not finished.
    """
    course = course or Course.alike(runs, root)
    for wave in ([r for r in runs if r.follows is None], [r for r in runs if r.follows]):
        ready = [trajectories.attached(run, root) for run in wave]
        pending = [run for run in ready if not _kept(run, prepared, machine, root, say)]
        trained = []
        for run in pending:
            lost = divergence.of_leader(run, root)
            if lost is None:
                trained.append(run)
            else:
                _give_up(run, lost, [], prepared, machine, root, say)
        for group in _groups(trained, prepared, machine, replicas):
            _train_group(group, prepared, machine, root, say, course)
    folders = {run.name: paths.run(root, run.arm_id, run.seed) for run in runs}
    for folder in folders.values():
        for name in (RESUME, EARLIER):
            (folder / name).unlink(missing_ok=True)
    return [run for run in runs if divergence.KEY in read_json(folders[run.name] / METRICS)]


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
    lost = metrics.get(divergence.KEY)
    say(f"{run.name}: {'finished before' if lost is None else 'diverged before'}, kept")
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
    course: Course,
) -> None:
    """Train runs at once. When one diverges, the others go on without it."""
    engine = Engine(runs, prepared, machine)
    folders = [paths.run(root, run.arm_id, run.seed) for run in runs]
    identities = [identity.of(run, prepared, machine) for run in runs]
    for folder in folders:  # of an earlier training; none is finished until this one is
        records.reopen(folder)
    resuming.resume(engine, folders, identities, say)
    line = ProgressLine(engine, course, say)
    while True:
        lost = {r: own for r in range(len(runs)) if (own := divergence.of(engine.history[r]))}
        for r, own in lost.items():
            _give_up(runs[r], own, engine.history[r], prepared, machine, root, say)
        if lost:
            runs = [run for r, run in enumerate(runs) if r not in lost]
            return _train_group(runs, prepared, machine, root, say, course) if runs else None
        if engine.epoch == engine.training.epochs:
            return _finish(engine, folders, identities, prepared)
        before = [list(history) for history in engine.history]
        try:
            engine.run_epoch(line.step)
        except OverflowError as error:
            return _overflown(runs, before, error, prepared, machine, root, say, course)
        line.epoch_done()
        for r, folder in enumerate(folders):
            resuming.keep(engine, r, folder, identities[r])


def _overflown(
    runs: Sequence[Run],
    history: Sequence[list[dict[str, Any]]],
    error: OverflowError,
    prepared: Mapping[str, Prepared],
    machine: Machine,
    root: Path,
    say: Callable[[str], None],
    course: Course,
) -> None:
    """Give up a run of which a number became too large; of several, find out which one it is."""
    if len(runs) == 1:
        lost = divergence.Divergence(len(history[0]) + 1, f"a number became too large ({error})")
        return _give_up(runs[0], lost, history[0], prepared, machine, root, say)
    for run in runs:
        _train_group([run], prepared, machine, root, say, course)


def _give_up(
    run: Run,
    lost: divergence.Divergence,
    history: Sequence[dict[str, Any]],
    prepared: Mapping[str, Prepared],
    machine: Machine,
    root: Path,
    say: Callable[[str], None],
) -> None:
    """Keep a run that diverged, with its history and the reason."""
    own = identity.of(run, prepared, machine)
    facts = records.started(run, prepared, own, machine)
    facts[divergence.KEY] = lost.facts(history)
    folder = paths.run(root, run.arm_id, run.seed)
    records.write_unfinished(folder, run, divergence.finite(history), facts)
    say(f"{run.name}: diverged in epoch {lost.epoch}, given up: {lost.reason}")


def _finish(
    engine: Engine,
    folders: Sequence[Path],
    identities: Sequence[dict[str, Any]],
    prepared: Mapping[str, Prepared],
) -> None:
    """Evaluate and write every run."""
    began = time.perf_counter()
    found, predictions = outcomes(engine), predicted(engine)
    evaluation = time.perf_counter() - began
    for r, folder in enumerate(folders):
        own = records.metrics(engine, r, found[r], evaluation, prepared, identities[r])
        records.write(folder, engine, r, own, predictions[r])
