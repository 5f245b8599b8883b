"""The table of data sets. A new one is one module and one line of `DATASETS`."""

import importlib
from dataclasses import dataclass
from pathlib import Path

from adsmtl import files
from adsmtl.data.fetch import sources
from adsmtl.data.prepared import Source
from adsmtl.errors import UserError


@dataclass(frozen=True)
class DataSet:
    """How to prepare one data set.

    `prepare` is "<module>:<function>", loaded when used, because the modules load torch. Its
    arguments are `(archive, folder, source)` where `raw` is "archive", `(folder_given, folder,
    source)` where it is "folder", and `(folder)` where it is "embedded".
    """

    prepare: str
    raw: str

    @property
    def embedded(self) -> bool:
        """Whether the data install with the package."""
        return self.raw == "embedded"


DATASETS: dict[str, DataSet] = {
    "cifar10": DataSet("adsmtl.data.corpora.cifar10:prepare", "archive"),
    "timit-sample": DataSet("adsmtl.data.corpora.timit:prepare_sample", "archive"),
    "timit": DataSet("adsmtl.data.corpora.timit:prepare_corpus", "folder"),
    "digits": DataSet("adsmtl.data.corpora.digits:prepare", "embedded"),
    "espeak": DataSet("adsmtl.data.corpora.espeak:prepare", "embedded"),
}

TIMIT_LICENCE = "LDC licence of LDC93S1; not to be passed on"
TIMIT_PROVENANCE = "TIMIT corpus (LDC93S1), a copy held by the user; nothing is known to differ."


def lookup(name: str) -> DataSet:
    """The entry of `name`.

    Raises:
        UserError: there is none; lists the names.
    """
    if name not in DATASETS:
        raise UserError(f"no data set {name!r}; there are {', '.join(sorted(DATASETS))}")
    return DATASETS[name]


def locate(name: str, raw_root: Path, timit_path: Path | None = None) -> sources.Location:
    """Where `prepare` would get `name` from, without downloading, and why not from elsewhere.

    Raises:
        UserError: unknown name, or what is there is unusable (see `sources.locate`).
    """
    dataset = lookup(name)
    if dataset.raw == "archive":
        return sources.locate(name, raw_root)
    if dataset.embedded:
        kind, where, licence, provenance = "embedded", "installed with the package", "", ""
    elif timit_path is None:
        return sources.Location(None, ("no path of a licensed corpus was given (timit_path)",))
    elif not Path(timit_path).is_dir():
        return sources.Location(None, (f"{timit_path} is no folder",))
    else:
        kind, where = "local", str(timit_path)
        licence, provenance = TIMIT_LICENCE, TIMIT_PROVENANCE
    return sources.Location(sources.Origin(kind, name, where, "", 0, licence, provenance), ())


def prepare(name: str, raw_root: Path, prepared_root: Path, timit_path: Path | None = None) -> Path:
    """Fetch and prepare one data set.

    Args:
        name: a key of `DATASETS`.
        raw_root: holds the archives, `raw_root/<name>/`.
        prepared_root: receives `prepared_root/<name>/`, replaced as a whole.
        timit_path: the licensed corpus, needed by `timit` alone.

    Returns:
        The prepared folder.

    Raises:
        UserError: the data cannot be had, are damaged, or there is no space.
    """
    dataset, folder = lookup(name), prepared_root / name
    module, _, function = dataset.prepare.partition(":")
    if dataset.embedded:
        getattr(importlib.import_module(module), function)(folder)
        return folder
    source: Source
    if dataset.raw == "archive":
        given = sources.fetch(name, raw_root)
        record = files.read_json(given.parent / "source.json")
        keys = ("name", "origin", "sha256", "provenance", "licence")
        source = {key: record[key] for key in keys}  # type: ignore[assignment]
    else:
        if timit_path is None:
            raise UserError(f"{name} needs the path of your licensed corpus (timit_path)")
        given = Path(timit_path)
        source = {
            "name": "LDC93S1",
            "origin": "local",
            "sha256": "",  # known once the files have been read
            "provenance": TIMIT_PROVENANCE,
            "licence": TIMIT_LICENCE,
        }
    getattr(importlib.import_module(module), function)(given, folder, source)
    return folder
