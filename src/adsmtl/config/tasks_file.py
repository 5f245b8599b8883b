"""`config/tasks.yaml`: the tasks that can be trained."""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from adsmtl import paths
from adsmtl.config import limits
from adsmtl.config.datasets_file import entries as declared
from adsmtl.config.preset_files import Preset
from adsmtl.config.settings_file import Settings
from adsmtl.data import views
from adsmtl.data.registry import DATASETS, DEFAULT_SPEECH
from adsmtl.errors import UserError
from adsmtl.study import AS_IT_IS, Examples, Task, View
from adsmtl.tasks.registry import BRANCHES, LOSSES, METRICS
from adsmtl.yaml_files import check, known, read_yaml


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


def task_entries() -> dict[str, TaskEntry]:
    """Every task of `config/tasks.yaml`, by name."""
    path = paths.CONFIG / "tasks.yaml"
    entries, own = {}, declared()
    for key, value in read_yaml(path).items():
        name = str(key)
        limits.name(name, str(path), "task")
        where = f"{path}: {name}"
        entry = check(TaskEntry, value, where)
        known(where, "dataset", entry.dataset, [*DATASETS, *own])
        if entry.dataset in own:
            known(where, "target", entry.target, [own[entry.dataset].target])
        if entry.embedded is not None:
            known(where, "embedded.dataset", entry.embedded.dataset, DATASETS)
        known(where, "branch", entry.branch, BRANCHES)
        if entry.dataset in own and entry.branch == own[entry.dataset].unfit:
            fit = ", ".join(name for name in BRANCHES if name != entry.branch)
            raise UserError(
                f"{where}: branch {entry.branch} cannot read {entry.dataset}; use {fit}"
            )
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

    A task on data of one's own has them in either case: they are here.

    Limits on the number of a task's examples are those that the preset gives it, else those of
    its own entry, else those of the main task on the same data.
    """
    entries, here = task_entries(), declared()
    path = paths.PRESETS / f"{chosen.preset}.yaml"
    for name in own.examples:
        known(str(path), "examples", name, entries)
    limits = {
        e.dataset: own.examples[n] for n, e in entries.items() if e.main and n in own.examples
    }
    result = {}
    for name, entry in entries.items():
        dataset, target = entry.dataset, entry.target
        if embedded and entry.embedded is None and dataset not in here:
            continue
        if embedded and entry.embedded is not None:
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
