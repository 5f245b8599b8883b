"""`config/presets/`: which arms are run, with how many seeds, examples and epochs."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import ConfigDict

from adsmtl import paths
from adsmtl.config import limits
from adsmtl.errors import UserError
from adsmtl.study import Examples, TestTime, Training
from adsmtl.yaml_files import check, known, read_yaml

RESERVED = ("frozen", "blocks", "benchmarks")  # what else lies in results/


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
class SideBySide:
    """The study that a report compares its own with.

    Attributes:
        preset: of the other study.
        reading: what the comparison is for, in a sentence or two.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}
    preset: str
    reading: str


@dataclass(frozen=True)
class Preset:
    """One file in `config/presets/`; see the comments there.

    Attributes:
        first_seed: that of the first run; a pilot takes seeds that no study has.
        apart: by group or arm, what it has of its own; these arms are trained too.
        tasks: that arms train unless they say otherwise; null for the main tasks of tasks.yaml.
        beside: another study, whose verdicts and effects the report shows beside these.
        description: what it is for and how long it takes, in a line.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}
    seeds: int
    arms: tuple[str, ...]
    training: Training
    examples: dict[str, Examples] = field(default_factory=dict)
    apart: dict[str, Apart] = field(default_factory=dict)
    tasks: tuple[str, ...] | None = None
    test_time: TestTime | None = None
    affinity: Affinity | None = None
    first_seed: int = 0
    beside: SideBySide | None = None
    fallback: bool = False
    description: str = ""

    def __post_init__(self) -> None:
        for count in (self.seeds, *(own.seeds for own in self.apart.values())):
            if count is not None and count < 1:
                raise UserError(f"seeds is {count}; give at least 1")
            limits.at_most("seeds", count, limits.SEEDS)
        limits.training(self.training)
        if self.test_time is not None:
            limits.test_time(self.test_time)
        for first in (self.first_seed, *(own.first_seed for own in self.apart.values())):
            if first is not None and first < 0:
                raise UserError(f"first_seed is {first}; give at least 0")
            limits.at_most("first_seed", first, limits.FIRST_SEED - limits.SEEDS)
        if self.tasks is not None and not 1 <= len(self.tasks) == len(set(self.tasks)):
            raise UserError(f"tasks is {list(self.tasks)}; name at least one task, each once")


def presets() -> list[str]:
    """The name of every preset: of every file in `config/presets`."""
    return sorted(path.stem for path in paths.PRESETS.glob("*.yaml"))


def preset(name: str) -> Preset:
    """The file of one preset."""
    limits.name(name, str(paths.PRESETS), "preset")
    path = paths.PRESETS / f"{name}.yaml"
    stated = read_yaml(path)
    found = check(Preset, stated, str(path))
    trainings = {"training": stated["training"]}
    trainings |= {f"apart.{key}.training": own.training for key, own in found.apart.items()}
    for key, own in trainings.items():
        if "precision" in own:
            raise UserError(
                f"{path}: {key}.precision would have no effect; say precision in"
                f" {paths.CONFIG / 'config.yaml'}"
            )
    if name in RESERVED:
        raise UserError(f"{path}: results/{name} is another folder's name; rename the preset")
    if found.beside is not None:
        known(str(path), "beside.preset", found.beside.preset, presets())
    return found
