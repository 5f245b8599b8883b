"""The table of data sets. A new one is a module in `corpora` and a line of `DATASETS`."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adsmtl.data.dataset import Archive, DataSet
from adsmtl.data.fetch import sources
from adsmtl.data.fetch.sources import Location, Origin
from adsmtl.errors import UserError
from adsmtl.files import read_json

#: Name -> "<module in corpora>:<its DataSet>". A module is loaded when its data set is asked for.
DATASETS: dict[str, str] = {
    "cifar10": "cifar10:CIFAR10",
    "timit-sample": "timit:SAMPLE",
    "timit": "timit:CORPUS",
    "digits": "digits:DIGITS",
    "espeak": "espeak:ESPEAK",
}


def lookup(name: str) -> DataSet:
    """The declaration of `name`.

    Raises:
        UserError: there is none; lists the names.
    """
    if name not in DATASETS:
        raise UserError(f"no data set {name!r}; there are {', '.join(sorted(DATASETS))}")
    module, _, constant = DATASETS[name].partition(":")
    return getattr(importlib.import_module(f"adsmtl.data.corpora.{module}"), constant)


def locate(name: str, raw_root: Path, settings: Mapping[str, Any]) -> Location:
    """Where `prepare` would get `name` from, without downloading, and why not from elsewhere.

    Raises:
        UserError: unknown name, or what is there is unusable (see `sources.locate`).
    """
    raw = lookup(name).raw
    if raw is None:
        return Location(Origin("embedded", "installed with the package"), ())
    if isinstance(raw, Archive):
        return sources.locate(raw, raw_root / name)
    given = settings.get(raw.setting)
    if given is None:
        return Location(None, (f"{raw.setting} in config/config.yaml names no folder",))
    if not Path(given).is_dir():
        return Location(None, (f"{raw.setting} is {given}, which is no folder",))
    return Location(Origin("local", str(given)), ())


def prepare(
    name: str, raw_root: Path, prepared_root: Path, settings: Mapping[str, Any] | None = None
) -> Path:
    """Fetch and prepare one data set.

    Args:
        name: a key of `DATASETS`.
        raw_root: holds the archives, `raw_root/<name>/`.
        prepared_root: receives `prepared_root/<name>/`, replaced as a whole.
        settings: values of `config/config.yaml`, which name the folders of corpora that the
            user holds.

    Returns:
        The prepared folder.

    Raises:
        UserError: the data cannot be had, are damaged, or there is no space.
    """
    dataset, folder = lookup(name), prepared_root / name
    if dataset.raw is None:
        dataset.prepare(folder)
    elif isinstance(dataset.raw, Archive):
        archive = sources.fetch(dataset.raw, raw_root / name)
        record = read_json(archive.parent / sources.RECORD)
        keys = ("name", "origin", "sha256", "provenance", "licence")
        source = {key: record[key] for key in keys}
        dataset.prepare(archive, folder, source)
    else:
        origin = sources.required(name, locate(name, raw_root, settings or {}))
        source = {
            "name": dataset.raw.name,
            "origin": origin.kind,
            "sha256": "",  # known once the files have been read
            "provenance": dataset.raw.provenance,
            "licence": dataset.raw.licence,
        }
        dataset.prepare(Path(origin.where), folder, source)
    return folder
