"""Reads the configuration files into the typed values of `adsmtl.study`.

Every file is checked once, here: unknown keys, wrong types and impossible values end with one
message that names the file and the key. The JSON schema that Snakemake validates its
configuration with is derived from `Settings`.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from adsmtl import paths
from adsmtl.data.registry import DATASETS
from adsmtl.dropout.schedules import SCHEDULES
from adsmtl.errors import UserError
from adsmtl.study import Arm, Examples, Precision, Study, Task, TestTime, Training
from adsmtl.tasks.registry import BRANCHES, LOSSES, METRICS
from adsmtl.weighting import WEIGHTINGS


@dataclass(frozen=True)
class Settings:
    """`config/config.yaml`: what a person chooses for one call; see the comments there."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}
    preset: Literal["auto", "smoke", "quick", "study", "paper"] = "auto"
    embedded: Literal["auto", "always", "never"] = "auto"
    timit_path: str | None = None
    device: str = "auto"
    precision: Precision = "auto"
    threads: int = 1
    replicas: int | None = None

    def __post_init__(self) -> None:
        if self.replicas is not None and self.replicas < 1:
            raise UserError(f"replicas is {self.replicas}; give at least 1, or null")
        if self.threads < 1:
            raise UserError(f"threads is {self.threads}; give at least 1 per training process")


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
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}
    dataset: str
    target: str
    branch: str
    embedded: Substitute | None = None
    loss: str = "cross-entropy"
    metric: str = "accuracy"
    main: bool = True


@dataclass(frozen=True)
class Preset:
    """One file in `config/presets/`; see the comments there."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}
    seeds: int
    arms: tuple[str, ...]
    training: Training
    examples: dict[str, Examples] = field(default_factory=dict)
    test_time: TestTime | None = None
    fallback: bool = False


class _Loader(yaml.SafeLoader):
    """Refuses a key given twice, where YAML itself would keep the last one silently."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict:
    merge = "tag:yaml.org,2002:merge"  # `<<` takes the keys of another mapping, own keys win
    keys = [
        key.value if key.tag == merge else loader.construct_object(key) for key, _ in node.value
    ]
    twice = {str(key) for key in keys if keys.count(key) > 1}
    if twice:
        raise yaml.constructor.ConstructorError(
            None, None, f"the key {', '.join(sorted(twice))} is given twice", node.start_mark
        )
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file that holds a mapping.

    Raises:
        UserError: it is missing or no such file; names it and, where known, the line.
    """
    try:
        value = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing; run from the project's folder") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid YAML: {error}") from error
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise UserError(f"{path} must hold keys and values, not a {type(value).__name__}")
    return value


@cache
def _adapter(kind: type) -> TypeAdapter:
    return TypeAdapter(kind)


def check(kind: type, value: Any, where: str) -> Any:
    """`value` as an instance of the dataclass `kind`.

    Args:
        where: file, and key within it, for messages.

    Raises:
        UserError: an unknown key, a wrong type or an impossible value.
    """
    foreign = [f"{where}: {text}" for text in _foreign(value, "")]
    if foreign:
        raise UserError("\n".join(foreign))
    try:
        # JSON's strict mode takes a list for a tuple and an integer for a float, and no more.
        return _adapter(kind).validate_json(json.dumps(value), strict=True)
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    except ValidationError as error:
        raise UserError("\n".join(_explain(where, item, kind) for item in error.errors())) from None


def _foreign(value: Any, key: str) -> Iterator[str]:
    """What YAML reads and JSON does not know: dates, and numbers that are not finite."""
    if isinstance(value, dict):
        for name, own in value.items():
            path = f"{key}.{name}" if key else str(name)
            if not isinstance(name, str | int | float | None):
                yield f"the key {path} is a {type(name).__name__} to YAML; put it in quotes"
            yield from _foreign(own, path)
    elif isinstance(value, list):
        for own in value:
            yield from _foreign(own, key)
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{key} is {value}; give a finite number"
    elif not isinstance(value, str | int | float | None):
        yield f"{key} is {value}, which YAML takes for a {type(value).__name__}; put text in quotes"


def _explain(where: str, item: Mapping[str, Any], kind: type) -> str:
    key = ".".join(str(part) for part in item["loc"])
    if item["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        known = ", ".join(field.name for field in fields(kind))
        hint = "check its spelling" if "." in key else f"known are {known}"
        return f"{where}: unknown key {key!r}; {hint}"
    if item["type"] == "missing":
        return f"{where}: the key {key!r} is missing"
    return f"{where}: {key} is {json.dumps(item['input'])}: {item['msg']}"


def settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """`config/config.yaml` with values given on the command line put over it."""
    path = paths.CONFIG / "config.yaml"
    return check(Settings, {**read_yaml(path), **(overrides or {})}, str(path))


def preset(name: str) -> Preset:
    """The file of one preset."""
    path = paths.PRESETS / f"{name}.yaml"
    return check(Preset, read_yaml(path), str(path))


def arms() -> dict[str, Arm]:
    """Every arm of `config/arms.yaml`, by id, in the order of the file."""
    path = paths.CONFIG / "arms.yaml"
    return {
        _arm_id(name, path): _arm(own, f"{path}: {name}") for name, own in read_yaml(path).items()
    }


def _arm_id(name: Any, path: Path) -> str:
    """An arm's id, which is also the name of the folder of its runs."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", str(name)):
        raise UserError(
            f"{path}: the arm {name!r} would be no folder name; use letters, digits, . _ and -"
        )
    return str(name)


def _arm(value: Any, where: str) -> Arm:
    """An arm; its schedule and its weighting are checked by themselves, so that a message
    speaks of that one alone."""
    if not isinstance(value, dict):
        return check(Arm, value, where)
    parts = {"dropout": ("schedule", SCHEDULES), "weighting": ("weighting", WEIGHTINGS)}
    found = {}
    for key, (tag, kinds) in parts.items():
        if key in value:
            own = value[key]
            if not isinstance(own, dict):
                raise UserError(f"{where}: {key} is {own!r}; write {key}: {{{tag}: <name>}}")
            name = own.get(tag)
            if not isinstance(name, str) or name not in kinds:
                raise UserError(f"{where}: {key}.{tag} is {name!r}; known are {', '.join(kinds)}")
            found[key] = check(kinds[name], own, f"{where}: {key}")
    rest = {key: own for key, own in value.items() if key not in found}
    return replace(check(Arm, rest, where), **found)


def task_entries() -> dict[str, TaskEntry]:
    """Every task of `config/tasks.yaml`, by name."""
    path = paths.CONFIG / "tasks.yaml"
    entries = {}
    for name, value in read_yaml(path).items():
        where = f"{path}: {name}"
        entry = check(TaskEntry, value, where)
        _known(where, "dataset", entry.dataset, DATASETS)
        if entry.embedded is not None:
            _known(where, "embedded.dataset", entry.embedded.dataset, DATASETS)
        _known(where, "branch", entry.branch, BRANCHES)
        _known(where, "loss", entry.loss, LOSSES)
        _known(where, "metric", entry.metric, METRICS)
        entries[name] = entry
    return entries


def _known(where: str, key: str, value: str, names: Any) -> None:
    if value not in names:
        raise UserError(f"{where}: {key} is {value!r}; known are {', '.join(sorted(names))}")


def tasks(chosen: Settings, own: Preset, embedded: bool) -> dict[str, Task]:
    """The tasks that a preset can train, on their own data or on the embedded ones.

    A task without limits of its own on the number of examples takes those of the main task on
    the same data.
    """
    entries = task_entries()
    path = paths.PRESETS / f"{chosen.preset}.yaml"
    for name in own.examples:
        _known(str(path), "examples", name, entries)
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
        elif dataset == "timit-sample" and chosen.timit_path is not None:
            dataset = "timit"
        examples = own.examples.get(name, limits.get(entry.dataset, Examples()))
        result[name] = Task(dataset, target, entry.branch, entry.loss, entry.metric, examples)
    return result


def study(chosen: Settings) -> Study:
    """The study that settled settings describe.

    Args:
        chosen: with a preset, and `embedded` either `always` or `never`
            (`adsmtl.planning.settle` replaces `auto`).

    Raises:
        UserError: a configuration file is wrong; names file and key.
    """
    if chosen.preset == "auto" or chosen.embedded == "auto":
        raise ValueError("settle the settings before asking for the study")
    own = preset(chosen.preset)
    path = paths.PRESETS / f"{chosen.preset}.yaml"
    if own.seeds < 1:
        raise UserError(f"{path}: seeds is {own.seeds}; give at least 1")
    embedded = chosen.embedded == "always"
    entries = task_entries()
    possible = tasks(chosen, own, embedded)
    # Arms on tasks that have no embedded data are not part of an embedded study.
    absent = set(entries) - set(possible)
    main = [name for name, entry in entries.items() if entry.main]
    wanted = {
        name: arm
        for name, arm in _wanted(own.arms, path).items()
        if not absent & set(arm.tasks or main)
    }
    if not wanted:
        raise UserError(
            f"{path}: every arm trains a task without embedded data ({', '.join(sorted(absent))}); "
            "use embedded: never"
        )
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
            seeds=tuple(range(own.seeds)),
            training=replace(own.training, precision=chosen.precision),
            test_time=own.test_time,
        )
    except UserError as error:
        raise UserError(f"{path} and {paths.CONFIG / 'arms.yaml'}: {error}") from error


def _wanted(names: tuple[str, ...], path: Path) -> dict[str, Arm]:
    """The arms that a preset names by group or id, in the order of `config/arms.yaml`."""
    known = arms()
    wanted: set[str] = set()
    for name in names:
        members = {i for i, arm in known.items() if name in (i, arm.group)}
        if not members:
            groups = dict.fromkeys(arm.group for arm in known.values())
            raise UserError(
                f"{path}: arms names {name!r}, which is neither a group nor an arm of "
                f"config/arms.yaml; there are {', '.join([*groups, *known])}"
            )
        wanted |= members
    if not wanted:
        raise UserError(f"{path}: arms is empty; name groups or arms of config/arms.yaml")
    return {name: arm for name, arm in known.items() if name in wanted}


def schema() -> dict[str, Any]:
    """JSON schema of `config/config.yaml`, for Snakemake."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_adapter(Settings).json_schema(),
    }
