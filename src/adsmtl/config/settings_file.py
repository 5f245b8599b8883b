"""`config/config.yaml`: what a person chooses for one call."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter

from adsmtl import paths
from adsmtl.config import limits
from adsmtl.config.datasets_file import require_corpus
from adsmtl.config.preset_files import presets
from adsmtl.data.registry import DEFAULT_SPEECH
from adsmtl.errors import UserError
from adsmtl.study import Precision
from adsmtl.yaml_files import check, known, read_yaml

AUTO = "auto"


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
    mirrors: tuple[str, ...] = ()
    device: str = "auto"
    precision: Precision = "auto"
    threads: int = 1
    replicas: int | None = None
    gpus: int | None = None
    runs_per_job: int | None = None

    def __post_init__(self) -> None:
        self.chosen_seeds()
        if self.replicas is not None and self.replicas < 1:
            raise UserError(f"replicas is {self.replicas}; give at least 1, or null")
        if self.threads < 1:
            raise UserError(f"threads is {self.threads}; give at least 1 per training process")
        if self.gpus is not None and self.gpus < 0:
            raise UserError(
                f"gpus is {self.gpus}; give 0 or more, or null for those of this machine"
            )
        if self.runs_per_job is not None and self.runs_per_job < 1:
            raise UserError(f"runs_per_job is {self.runs_per_job}; give at least 1, or null")
        if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", self.device):
            raise UserError(f"device is {self.device!r}; give auto, cpu, cuda or cuda:<number>")
        limits.at_most("threads", self.threads, limits.THREADS)
        limits.at_most("replicas", self.replicas, limits.REPLICAS)
        limits.at_most("gpus", self.gpus, limits.GPUS)
        limits.at_most("runs_per_job", self.runs_per_job, limits.RUNS)

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


def settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """`config/config.yaml` with values given on the command line put over it."""
    path = paths.CONFIG / "config.yaml"
    found = check(Settings, {**read_yaml(path), **(overrides or {})}, str(path))
    if found.preset != AUTO:
        known(str(path), "preset", found.preset, [AUTO, *presets()])
    if found.speech != AUTO:
        require_corpus(found.speech, str(path))
    return found


def schema() -> dict[str, Any]:
    """JSON schema of `config/config.yaml`, with which Snakemake checks it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **TypeAdapter(Settings).json_schema(),
    }
