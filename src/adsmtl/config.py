"""Reads the configuration files into the typed values of `adsmtl.study`.

Every file is checked once, here: unknown keys, wrong types and impossible values end with one
message that names the file and the key. The JSON schema that Snakemake validates its
configuration with is derived from `Settings`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter

from adsmtl import paths
from adsmtl.arms import expand
from adsmtl.data import views
from adsmtl.data.registry import DATASETS, DEFAULT_SPEECH, speech_corpora
from adsmtl.errors import UserError
from adsmtl.study import (
    AS_IT_IS,
    Arm,
    Examples,
    Extent,
    Precision,
    Study,
    Task,
    TestTime,
    Training,
    View,
)
from adsmtl.tasks.registry import BRANCHES, LOSSES, METRICS
from adsmtl.yaml_files import check, known, read_yaml

AUTO = "auto"
SINGLE_TASK = "single-task"  # the baseline of a group that is compared with each task alone


@dataclass(frozen=True)
class Settings:
    """`config/config.yaml`: what a person chooses for one call; see the comments there."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}
    preset: str = AUTO
    seeds: int | str | None = None
    arms: str | None = None
    embedded: Literal["auto", "always", "never"] = "auto"
    speech: str = AUTO
    timit_path: str | None = None
    device: str = "auto"
    precision: Precision = "auto"
    threads: int = 1
    replicas: int | None = None

    def __post_init__(self) -> None:
        self.chosen_seeds()
        if self.replicas is not None and self.replicas < 1:
            raise UserError(f"replicas is {self.replicas}; give at least 1, or null")
        if self.threads < 1:
            raise UserError(f"threads is {self.threads}; give at least 1 per training process")

    @property
    def corpus(self) -> str:
        """The data set that `speech` names."""
        if self.speech != AUTO:
            return self.speech
        return DEFAULT_SPEECH if self.timit_path is None else "timit"

    def chosen_seeds(self) -> tuple[int, ...] | None:
        """The seeds that `seeds` names, in order; None for all of the preset.

        Raises:
            UserError: it names none.
        """
        if self.seeds is None:
            return None
        found: set[int] = set()
        for part in str(self.seeds).replace(" ", "").split(","):
            bounds = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", part)
            own = range(int(bounds[1]), int(bounds[2] or bounds[1]) + 1) if bounds else ()
            if not own:
                raise UserError(
                    f"seeds is {self.seeds!r}; give seeds and ranges of them, such as 0-3 or 0-3,8"
                )
            found |= set(own)
        return tuple(sorted(found))

    def chosen_arms(self) -> list[str]:
        """The groups and arms that `arms` names."""
        return [name.strip() for name in (self.arms or "").split(",") if name.strip()]


@dataclass(frozen=True)
class Substitute:
    """The embedded data that stand in for a task's own when those cannot be had."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}
    dataset: str
    target: str


@dataclass(frozen=True)
class TaskEntry:
    """One task in `config/tasks.yaml`.

    Attributes:
        embedded: the data that stand in for its own; null where none can.
        main: whether arms train it unless they say otherwise.
        examples: limits on the number of its examples in presets that give it none; null for
            those of the main task on the same data.
        view: how it sees the data.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}
    dataset: str
    target: str
    branch: str
    embedded: Substitute | None = None
    loss: str = "cross-entropy"
    metric: str = "accuracy"
    main: bool = True
    examples: Examples | None = None
    view: View = AS_IT_IS


@dataclass(frozen=True)
class Apart:
    """What some arms of a preset have of their own: seeds, or keys of `training`."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}
    seeds: int | None = None
    first_seed: int | None = None
    training: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Affinity:
    """Of which arms the affinity of tasks is measured, and how; see `adsmtl.training.affinity`.

    Attributes:
        arms: groups or arms; those of them that train one task alone have none.
        examples: training examples of each task behind a gradient, at most, evenly spaced.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}
    arms: tuple[str, ...]
    examples: int = 1000

    def __post_init__(self) -> None:
        if self.examples < 1:
            raise UserError(f"examples is {self.examples}; give at least 1")


@dataclass(frozen=True)
class Preset:
    """One file in `config/presets/`; see the comments there.

    Attributes:
        first_seed: that of the first run; a pilot takes seeds that no study has.
        apart: by group or arm, what it has of its own; these arms are trained too.
        description: what it is for and how long it takes, in a line.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}
    seeds: int
    arms: tuple[str, ...]
    training: Training
    examples: dict[str, Examples] = field(default_factory=dict)
    apart: dict[str, Apart] = field(default_factory=dict)
    test_time: TestTime | None = None
    affinity: Affinity | None = None
    first_seed: int = 0
    fallback: bool = False
    description: str = ""

    def __post_init__(self) -> None:
        for count in (self.seeds, *(own.seeds for own in self.apart.values())):
            if count is not None and count < 1:
                raise UserError(f"seeds is {count}; give at least 1")
        for first in (self.first_seed, *(own.first_seed for own in self.apart.values())):
            if first is not None and first < 0:
                raise UserError(f"first_seed is {first}; give at least 0")


@dataclass(frozen=True)
class Group:
    """One group in `config/arms.yaml`; see the comments there. Its arms are checked one by one."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}
    title: str
    arms: dict[str, Any]
    baseline: str | None = None


def settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """`config/config.yaml` with values given on the command line put over it."""
    path = paths.CONFIG / "config.yaml"
    found = check(Settings, {**read_yaml(path), **(overrides or {})}, str(path))
    if found.preset != AUTO:
        known(str(path), "preset", found.preset, [AUTO, *presets()])
    known(str(path), "speech", found.speech, [AUTO, *speech_corpora()])
    return found


def presets() -> list[str]:
    """The name of every preset: of every file in `config/presets`."""
    return sorted(path.stem for path in paths.PRESETS.glob("*.yaml"))


def preset(name: str) -> Preset:
    """The file of one preset."""
    path = paths.PRESETS / f"{name}.yaml"
    return check(Preset, read_yaml(path), str(path))


def arms() -> dict[str, Arm]:
    """Every arm of `config/arms.yaml`, by id, in the order of the file."""
    path = paths.CONFIG / "arms.yaml"
    groups = read_yaml(path)
    for name, group in groups.items():
        check(Group, group, f"{path}: {name}")
    found = {
        _folder_name(arm_id, path): check(Arm, arm, f"{path}: {arm_id}")
        for arm_id, arm in expand(groups, str(path)).items()
    }
    roles: dict[tuple, str] = {}
    for arm_id, arm in found.items():
        where = f"{path}: {arm_id}"
        if arm.baseline not in (None, SINGLE_TASK, *found):
            raise UserError(
                f"{path}: {arm.group}: baseline is {arm.baseline!r}; name an arm, or {SINGLE_TASK}"
            )
        if arm.zero not in (None, *found):
            raise UserError(f"{where}: zero is {arm.zero!r}; name an arm")
        place = (arm.role, arm.tasks, arm.train_fraction, arm.names()["tunable"])
        if arm.role is not None and roles.setdefault(place, arm_id) != arm_id:
            raise UserError(
                f"{where}: role {arm.role!r} is that of {roles[place]} already, on the same tasks,"
                " share of the data and tunable; claims could not tell them apart"
            )
    return found


def _folder_name(arm_id: str, path: Path) -> str:
    """An arm's id, which is also the name of the folder of its runs."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", arm_id):
        raise UserError(
            f"{path}: the arm {arm_id!r} would be no folder name; use letters, digits, . _ and -"
        )
    return arm_id


def task_entries() -> dict[str, TaskEntry]:
    """Every task of `config/tasks.yaml`, by name."""
    path = paths.CONFIG / "tasks.yaml"
    entries = {}
    for name, value in read_yaml(path).items():
        where = f"{path}: {name}"
        entry = check(TaskEntry, value, where)
        known(where, "dataset", entry.dataset, DATASETS)
        if entry.embedded is not None:
            known(where, "embedded.dataset", entry.embedded.dataset, DATASETS)
        known(where, "branch", entry.branch, BRANCHES)
        known(where, "loss", entry.loss, LOSSES)
        known(where, "metric", entry.metric, METRICS)
        if entry.view.labels is not None:
            known(where, "view.labels", entry.view.labels, views.LABELS)
        if entry.view.inputs is not None:
            known(where, "view.inputs", entry.view.inputs, views.INPUTS)
        entries[name] = entry
    return entries


def tasks(chosen: Settings, own: Preset, embedded: bool) -> dict[str, Task]:
    """The tasks that a preset can train, on their own data or on the embedded ones.

    Limits on the number of a task's examples are those that the preset gives it, else those of
    its own entry, else those of the main task on the same data.
    """
    entries = task_entries()
    path = paths.PRESETS / f"{chosen.preset}.yaml"
    for name in own.examples:
        known(str(path), "examples", name, entries)
    limits = {
        e.dataset: own.examples[n] for n, e in entries.items() if e.main and n in own.examples
    }
    result = {}
    for name, entry in entries.items():
        dataset, target = entry.dataset, entry.target
        if embedded and entry.embedded is None:
            continue
        if embedded:
            dataset, target = entry.embedded.dataset, entry.embedded.target
        elif dataset == DEFAULT_SPEECH:
            dataset = chosen.corpus
        usual = entry.examples or limits.get(entry.dataset, Examples())
        result[name] = Task(
            dataset=dataset,
            target=target,
            branch=entry.branch,
            loss=entry.loss,
            metric=entry.metric,
            examples=own.examples.get(name, usual),
            view=entry.view,
        )
    return result


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
    part = wanted if chosen.arms is None else _named(chosen.chosen_arms(), "arms", wanted)
    part = {name: arm for name, arm in part.items() if set(seeds) & set(planned[name])}
    test_time = own.test_time
    if test_time is not None and set(test_time.arms) & set(wanted) - set(part):
        test_time = None  # of its arms no seed is asked for
    wanted = part
    named = {task for arm in wanted.values() for task in arm.tasks or ()}
    try:
        return Study(
            preset=chosen.preset,
            embedded=embedded,
            tasks={name: task for name, task in possible.items() if name in main},
            more_tasks={
                name: task for name, task in possible.items() if name in named and name not in main
            },
            arms=wanted,
            seeds=seeds,
            extent=extent,
            apart={name: one for name, one in apart.items() if name in wanted},
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
    named = _named(own.arms, where, arms())
    return tuple(i for i, arm in of.arms.items() if i in named and len(arm.tasks or of.tasks) > 1)


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


def _wanted(names: tuple[str, ...], path: Path) -> dict[str, Arm]:
    """The arms that a preset names by group or id, in the order of `config/arms.yaml`."""
    if not names:
        raise UserError(f"{path}: arms is empty; name groups or arms of config/arms.yaml")
    return _named(names, f"{path}: arms", arms())


def _named(names: Iterable[str], where: str, every: Mapping[str, Arm]) -> dict[str, Arm]:
    """Those of `every` that are named by group or id, in its order.

    Args:
        where: the key that names them, for messages.
    """
    groups = dict.fromkeys(arm.group for arm in every.values())
    for name in names:
        if name not in (*groups, *every):
            raise UserError(
                f"{where} names {name!r}, which is neither a group nor an arm; "
                f"there are {', '.join([*groups, *every])}"
            )
    return {i: arm for i, arm in every.items() if i in names or arm.group in names}


def schema() -> dict[str, Any]:
    """JSON schema of `config/config.yaml`, for Snakemake."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **TypeAdapter(Settings).json_schema(),
    }
