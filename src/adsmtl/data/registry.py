"""The table of data sets. A new one is a module in `corpora` and a line of `DATASETS`.

Beside them are the data sets of one's own, which `config/datasets.yaml` declares; who knows the
configuration passes them as `own`.
"""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from adsmtl.data.dataset import Archive, Archives, DataSet, Fetched, Held
from adsmtl.data.fetch import records, sources
from adsmtl.data.fetch.sources import Location, Origin
from adsmtl.errors import UserError
from adsmtl.files import expanded, read_json

#: Name -> "<module in corpora>:<its DataSet>". A module is loaded when its data set is asked for.
DATASETS: dict[str, str] = {
    "cifar10": "cifar10:CIFAR10",
    "timit-sample": "timit:SAMPLE",
    "timit": "timit:CORPUS",
    "digits": "digits:DIGITS",
    "espeak": "espeak:ESPEAK",
    "librispeech": "librispeech:DEV_CLEAN",
    "librispeech-clean-100": "librispeech:CLEAN_100",
    "librispeech-mini": "librispeech:MINI",
    "librispeech-dev-other": "librispeech:DEV_OTHER",
    "librispeech-test-clean": "librispeech:TEST_CLEAN",
    "librispeech-test-other": "librispeech:TEST_OTHER",
    "librispeech-train-clean-5": "librispeech:TRAIN_CLEAN_5",
    "librispeech-train-clean-100": "librispeech:TRAIN_CLEAN_100",
    "librispeech-train-clean-360": "librispeech:TRAIN_CLEAN_360",
    "librispeech-train-other-500": "librispeech:TRAIN_OTHER_500",
}

#: The corpus of speech where the configuration names none.
DEFAULT_SPEECH = "timit-sample"


def speech_corpora() -> list[str]:
    """The data sets that may take the place of the TIMIT sample: those with phones as a target."""
    return [name for name in DATASETS if name.startswith(("timit", "librispeech"))]


#: Data sets of one's own, by name.
Own = Mapping[str, DataSet]
NONE: Own = {}


def lookup(name: str, own: Own = NONE) -> DataSet:
    """The declaration of `name`.

    Raises:
        UserError: there is none; lists the names.
    """
    if name in own:
        return own[name]
    if name not in DATASETS:
        there = ", ".join(sorted({*DATASETS, *own}))
        raise UserError(f"no data set {name!r}; there are {there}")
    module, _, constant = DATASETS[name].partition(":")
    return getattr(importlib.import_module(f"adsmtl.data.corpora.{module}"), constant)


def locate(name: str, raw_root: Path, settings: Mapping[str, Any], own: Own = NONE) -> Location:
    """Where `prepare` would get `name` from, without downloading, and why not from elsewhere.

    Raises:
        UserError: unknown name, or what is there is unusable (see `sources.locate`).
    """
    raw = lookup(name, own).raw
    if raw is None:
        return Location(Origin("embedded", "installed with the package"), ())
    if isinstance(raw, Held):
        if not raw.path.exists():
            return Location(None, (f"{raw.where}: path is {raw.path}, where nothing is",))
        return Location(Origin("local", str(raw.path)), ())
    if isinstance(raw, Archive):
        return sources.locate(raw, raw_root / name, _mirrors(settings))
    if isinstance(raw, Archives):
        return _all_located(raw, raw_root, _mirrors(settings))
    given = settings.get(raw.setting)
    if given is None:
        return Location(None, (f"{raw.setting} in config/config.yaml names no folder",))
    folder = expanded(given)
    if not folder.is_dir():
        return Location(None, (f"{raw.setting} is {given}, which is no folder",))
    return Location(Origin("local", str(folder)), ())


def _mirrors(settings: Mapping[str, Any]) -> Sequence[str]:
    return settings.get("mirrors", ())


def _all_located(raw: Archives, raw_root: Path, mirrors: Sequence[str]) -> Location:
    """The origin of the last part, or of a part that cannot be had."""
    found = Location(None, ())
    for part, archive in raw.parts.items():
        found = sources.locate(archive, raw_root / raw.shelf / part, mirrors)
        if found.origin is None:
            return Location(None, tuple(f"{part}: {reason}" for reason in found.refused))
    return found


def archive(name: str, raw_root: Path, settings: Mapping[str, Any] | None = None) -> Path:
    """The verified archive of a data set that has one, fetched if it is not here yet.

    Args:
        settings: as for `prepare`.

    Raises:
        UserError: it cannot be had or is damaged.
    """
    raw = lookup(name).raw
    if not isinstance(raw, Archive):
        raise ValueError(f"{name} is not made from one archive")
    return _fetched(raw, raw_root / name, _mirrors(settings or {})).path


def _fetched(archive: Archive, folder: Path, mirrors: Sequence[str]) -> Fetched:
    path = sources.fetch(archive, folder, mirrors)
    record = read_json(path.parent / records.SOURCE)
    keys = ("name", "origin", "sha256", "provenance", "licence")
    return Fetched(path, {key: record[key] for key in keys})


def prepare(
    name: str,
    raw_root: Path,
    prepared_root: Path,
    settings: Mapping[str, Any] | None = None,
    processes: int = 1,
    own: Own = NONE,
) -> Path:
    """Fetch and prepare one data set.

    Args:
        name: a key of `DATASETS` or of `own`.
        raw_root: holds the archives, `raw_root/<name>/`.
        prepared_root: receives `prepared_root/<name>/`, replaced as a whole.
        settings: values of `config/config.yaml`, which name mirrors and the folders of corpora
            that the user holds.
        processes: that may work at once.
        own: data sets that the configuration declares.

    Returns:
        The prepared folder.

    Raises:
        UserError: the data cannot be had, are damaged, or there is no space. An archive that
            cannot be unpacked is set aside.
    """
    dataset, folder = lookup(name, own), prepared_root / name
    mirrors = _mirrors(settings or {})
    if dataset.raw is None:
        dataset.prepare(folder)
    elif isinstance(dataset.raw, Archive):
        fetched = _fetched(dataset.raw, raw_root / name, mirrors)
        with records.judged():
            dataset.prepare(fetched.path, folder, fetched.source)
    elif isinstance(dataset.raw, Archives):
        shelf = raw_root / dataset.raw.shelf
        parts = {
            part: _fetched(own, shelf / part, mirrors) for part, own in dataset.raw.parts.items()
        }
        with records.judged():
            dataset.prepare(parts, folder, processes)
    else:
        origin = sources.required(name, locate(name, raw_root, settings or {}, own))
        is_own = isinstance(dataset.raw, Held)
        source = {
            "name": dataset.raw.path.name if is_own else dataset.raw.name,
            "origin": origin.kind,
            "sha256": "",  # known once the files have been read
            "provenance": dataset.raw.provenance,
            "licence": dataset.raw.licence,
        }
        dataset.prepare(Path(origin.where), folder, source)
    return folder
