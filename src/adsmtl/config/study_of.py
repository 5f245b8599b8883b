"""The study that settings describe, put together from all files."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from adsmtl import paths
from adsmtl.config import limits
from adsmtl.config.arms_file import arms, named
from adsmtl.config.preset_files import Preset, preset
from adsmtl.config.settings_file import AUTO, Settings
from adsmtl.config.tasks_file import task_entries, tasks
from adsmtl.errors import UserError
from adsmtl.study import Arm, Extent, Study, Training
from adsmtl.yaml_files import check, known


def study(chosen: Settings) -> Study:
    """The study that settled settings describe.

    Args:
        chosen: with a preset, and `embedded` either `always` or `never`
            (`adsmtl.planning.settle` replaces `auto`).

    Raises:
        UserError: a configuration file is wrong; names file and key.
    """
    if AUTO in (chosen.preset, chosen.embedded):
        raise ValueError("settle the settings before asking for the study")
    own = preset(chosen.preset)
    path = paths.PRESETS / f"{chosen.preset}.yaml"
    embedded = chosen.embedded == "always"
    entries = task_entries()
    possible = tasks(chosen, own, embedded)
    # Arms on tasks that have no embedded data are not part of an embedded study.
    absent = set(entries) - set(possible)
    main = [name for name, entry in entries.items() if entry.main]
    if own.tasks is not None:
        for name in own.tasks:
            known(str(path), "tasks", name, entries)
        main = list(own.tasks)
    if not main:
        raise UserError(
            f"{paths.CONFIG / 'tasks.yaml'}: no task is a main one; leave main: false out of one"
        )
    wanted = {
        name: arm
        for name, arm in _wanted((*own.arms, *own.apart), path).items()
        if not absent & set(arm.tasks or main)
    }
    if not wanted:
        raise UserError(
            f"{path}: every arm trains a task without embedded data ({', '.join(sorted(absent))}); "
            "use embedded: never"
        )
    extent, apart = _extents(own, wanted, chosen, path)
    planned = {name: apart.get(name, extent).seeds for name in wanted}
    seeds = _selected(chosen, planned, path)
    part = wanted if chosen.arms is None else named(chosen.chosen_arms(), "arms", wanted)
    asked_for = part
    part = {name: arm for name, arm in part.items() if set(seeds) & set(planned[name])}
    if not part:
        raise UserError(_nothing(chosen, {name: planned[name] for name in asked_for}, path))
    test_time = own.test_time
    if test_time is not None:
        # Of those that are not asked for, none is evaluated; one that is not wanted is refused.
        asked = tuple(name for name in test_time.arms if name in part or name not in wanted)
        test_time = replace(test_time, arms=asked) if asked else None
    of_arms = {task for arm in part.values() for task in arm.tasks or ()}
    try:
        return Study(
            preset=chosen.preset,
            embedded=embedded,
            tasks={name: task for name, task in possible.items() if name in main},
            more_tasks={
                name: task
                for name, task in possible.items()
                if name in of_arms and name not in main
            },
            arms=part,
            seeds=seeds,
            extent=extent,
            apart={name: one for name, one in apart.items() if name in part},
            planned=planned,
            test_time=test_time,
        )
    except UserError as error:
        raise UserError(f"{path} and {paths.CONFIG / 'arms.yaml'}: {error}") from error


def related(chosen: Settings, of: Study) -> tuple[str, ...]:
    """The arms of a study of which the affinity of tasks is measured, in its order.

    Raises:
        UserError: the preset names what is neither a group nor an arm.
    """
    own = preset(chosen.preset).affinity
    if own is None:
        return ()
    where = f"{paths.PRESETS / chosen.preset}.yaml: affinity.arms"
    measured = named(own.arms, where, arms())
    if not set(measured) & set(of.planned):
        raise UserError(f"{where} names {', '.join(own.arms)}, of which the preset trains none")
    return tuple(
        i for i, arm in of.arms.items() if i in measured and len(arm.tasks or of.tasks) > 1
    )


def _extents(
    own: Preset, wanted: Mapping[str, Arm], chosen: Settings, path: Path
) -> tuple[Extent, dict[str, Extent]]:
    """How the arms of a preset are run, and by id how those that have something of their own."""

    def extent(first: int, seeds: int, training: Training) -> Extent:
        return Extent(
            tuple(range(first, first + seeds)), replace(training, precision=chosen.precision)
        )

    apart = {}
    for name, stated in own.apart.items():
        where = f"{path}: apart.{name}.training"
        training = check(Training, {**asdict(own.training), **stated.training}, where)
        limits.training(training, where)
        first = own.first_seed if stated.first_seed is None else stated.first_seed
        own_extent = extent(first, stated.seeds or own.seeds, training)
        apart |= {i: own_extent for i, arm in wanted.items() if name in (i, arm.group)}
    return extent(own.first_seed, own.seeds, own.training), apart


def _selected(
    chosen: Settings, planned: Mapping[str, tuple[int, ...]], path: Path
) -> tuple[int, ...]:
    """The seeds that are run now, of those that are planned for each arm."""
    every = sorted(set().union(*planned.values()))
    asked = chosen.chosen_seeds()
    if asked is None:
        return tuple(every)
    if not set(asked) <= set(every):
        raise UserError(
            f"seeds is {chosen.seeds!r}, but {path} has the seeds {every[0]} to {every[-1]}"
        )
    return asked


def _nothing(chosen: Settings, planned: Mapping[str, tuple[int, ...]], path: Path) -> str:
    """Why no run is asked for."""
    if not planned:
        return f"arms is {chosen.arms!r}; name groups or arms of {path}"
    every = sorted(set().union(*planned.values()))
    return (
        f"seeds is {chosen.seeds!r}, but the arms that are asked for have the seeds"
        f" {every[0]} to {every[-1]} in {path}"
    )


def _wanted(names: tuple[str, ...], path: Path) -> dict[str, Arm]:
    """The arms that a preset names by group or id, in the order of `config/arms.yaml`."""
    if not names:
        raise UserError(f"{path}: arms is empty; name groups or arms of config/arms.yaml")
    return named(names, f"{path}: arms", arms())
