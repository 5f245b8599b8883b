"""Settles what `auto` means on this machine."""

import ctypes
import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from adsmtl import config, isolated, paths, stopping
from adsmtl.config import Settings
from adsmtl.data import registry
from adsmtl.data.registry import DEFAULT_SPEECH
from adsmtl.errors import UserError
from adsmtl.study import Study, Task

SETTINGS, PROCESSES = "ADSMTL_SETTINGS", "ADSMTL_PROCESSES"
RUNS_PER_PACK = 6  # on a CPU, about; an arm's seeds stay together


@dataclass(frozen=True)
class Pack:
    """Arms that one process trains, each with the same seeds.

    Attributes:
        after: arms that they follow, which are trained before.
    """

    name: str
    arms: tuple[str, ...]
    seeds: tuple[int, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """Settled settings, the study they describe, and what a person should know of the choices.

    Attributes:
        related: the arms of which the affinity of tasks is measured.
    """

    settings: Settings
    study: Study
    notes: tuple[str, ...]
    related: tuple[str, ...] = ()

    @property
    def root(self) -> Path:
        """The study's results folder."""
        corpus = self.settings.corpus
        other = None if self.study.embedded or corpus == DEFAULT_SPEECH else corpus
        return paths.results(self.study.preset, self.study.embedded, other)

    @property
    def gpus(self) -> int:
        """CUDA devices that a training process takes: one, or none where it uses the CPU."""
        return int(_devices(self.settings) > 0)

    @property
    def packs(self) -> list[Pack]:
        """Every arm of the study, in packs; each is trained by one process.

        On CUDA there is one per device, and another for arms that follow others. On a CPU packs
        are small, so that they spread over the cores, but not so small that starting processes
        takes more time than training. `runs_per_job` says otherwise for both.
        """
        waves: dict[tuple, list[str]] = {}
        for arm in self.study.arms:
            key = self.study.follows(arm) is not None, self.study.seeds_of(arm)
            waves.setdefault(key, []).append(arm)
        return [
            self._pack(own, seeds)
            for (_, seeds), arms in sorted(waves.items(), key=lambda wave: wave[0][0])
            for own in self._shared_out(arms, len(seeds))
        ]

    def _shared_out(self, arms: Sequence[str], seeds: int) -> list[Sequence[str]]:
        if self.gpus and self.settings.runs_per_job is None:
            count = 1 if ":" in self.settings.device else _devices(self.settings)
        else:
            runs = self.settings.runs_per_job or RUNS_PER_PACK
            count = math.ceil(len(arms) * seeds / runs)
        count = min(count, len(arms))
        return [arms[number::count] for number in range(count)]

    def _pack(self, arms: Sequence[str], seeds: tuple[int, ...]) -> Pack:
        more = "" if len(arms) == 1 else f"-and-{len(arms) - 1}-more"
        leaders = dict.fromkeys(filter(None, map(self.study.follows, arms)))
        return Pack(f"{arms[0]}{more}", tuple(arms), seeds, tuple(leaders))

    def processes(self, cores: int, devices: int) -> int:
        """Training processes at once: one per CUDA device, or on a CPU as many as the cores hold.

        Args:
            cores: that the processes may use.
            devices: CUDA devices that they may use.
        """
        room = devices if self.gpus else cores // self.settings.threads
        return max(1, min(room, len(self.packs)))

    @property
    def tasks(self) -> dict[str, Task]:
        """Every task that an arm of the study trains, main tasks first."""
        return {**self.study.tasks, **self.study.more_tasks}

    @property
    def datasets(self) -> list[str]:
        """The data sets that the study's tasks use."""
        return self.study.datasets


def cuda_devices() -> int:
    """CUDA devices that torch can train on; it is loaded only where a driver is installed."""
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _devices(settings: Settings) -> int:
    """CUDA devices that the study is spread over, here or on a cluster; none where a CPU trains."""
    if settings.device == "cpu":
        return 0
    return cuda_devices() if settings.gpus is None else settings.gpus


def settle(settings: Settings) -> Plan:
    """Replace `auto` in preset and embedded by what this machine and its data allow.

    Raises:
        UserError: the data cannot be had and the preset may not fall back; says why.
    """
    notes = []
    if settings.preset == "auto":
        if settings.embedded == "always":
            choice, reason = "quick", "embedded data were asked for"
        elif _devices(settings) > 0:
            choice, reason = "paper", "CUDA is available"
        else:
            choice, reason = "quick", "there is no CUDA device to train on"
        settings = replace(settings, preset=choice)
        notes.append(f"preset {choice}, because {reason}")
    fallback = config.preset(settings.preset).fallback
    if settings.embedded == "always" and not fallback:
        raise UserError(
            f"preset {settings.preset!r} is for real data only; use embedded: never or auto, "
            "or the preset quick"
        )
    if settings.embedded != "always":
        real = replace(settings, embedded="never")
        missing = _missing(Plan(real, config.study(real), ()).datasets, settings)
        if missing and settings.embedded == "auto" and fallback:
            settings = replace(settings, embedded="always")
            notes += missing
            notes.append(
                "EMBEDDED DATA: digits and synthetic speech stand in for the real data; the "
                f"results go to {paths.results(settings.preset, True)} and say nothing about the "
                "paper. Set ADSMTL_MIRROR or connect to the internet for the real data"
            )
        elif missing:
            raise UserError(
                "the data cannot be had, and nothing may stand in:\n" + "\n".join(missing)
            )
        else:
            settings = real
    # Jobs on another machine keep to the devices that were planned with, whatever they find there.
    devices = _devices(settings)
    device = "cpu" if settings.device == "auto" and devices == 0 else settings.device
    settings = replace(settings, gpus=devices, device=device)
    study = config.study(settings)
    # Nothing stands in for data of one's own, whatever `embedded` says.
    declared = config.datasets()
    if gone := _missing([name for name in study.datasets if name in declared], settings):
        raise UserError("data of your own cannot be had:\n" + "\n".join(gone))
    return Plan(settings, study, tuple(notes), config.related(settings, study))


def share(settings: Settings, processes: int) -> None:
    """Tell the processes that this one starts the settled settings, and where the package is; they
    end when it does.

    Args:
        processes: how many of them train at once.
    """
    os.environ[SETTINGS] = json.dumps(asdict(settings))
    os.environ[PROCESSES] = str(processes)
    os.environ["PYTHONPATH"] = isolated.search_path(os.environ)
    stopping.name_caller()


def shared() -> dict[str, Any]:
    """The settings that `share` told this process, which may run on another machine."""
    return json.loads(os.environ.get(SETTINGS, "{}"))


def _missing(datasets: Sequence[str], settings: Settings) -> list[str]:
    """Why each data set that cannot be had cannot be had."""
    found, own = [], config.datasets()
    for name in datasets:
        if (paths.PREPARED / name / "card.json").exists():
            continue
        location = registry.locate(name, paths.RAW, vars(settings), own)
        if location.origin is None:
            found += [f"{name}: {reason}" for reason in location.refused]
    return found
