"""What a module in `corpora` declares of a data set: how it is had, and what prepares it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from adsmtl.data.prepared import Source


@dataclass(frozen=True)
class Archive:
    """A file as the authors of the data publish it.

    Attributes:
        file: its name.
        urls: where it is downloaded from, in the order in which they are tried.
        digest: "<algorithm>:<hexadecimal>".
        bytes: its size.
        licence, provenance: for the card.
        mirrored_as: names that it may have on a mirror, best first.
    """

    file: str
    urls: tuple[str, ...]
    digest: str
    bytes: int
    licence: str
    provenance: str
    mirrored_as: tuple[str, ...]


@dataclass(frozen=True)
class Archives:
    """Archives of one corpus, each kept in `<raw data>/<shelf>/<part>/` for all who use it.

    Attributes:
        shelf: the corpus.
        parts: by name.
    """

    shelf: str
    parts: Mapping[str, Archive]


class Fetched(NamedTuple):
    """An archive that is here."""

    path: Path
    source: Source


@dataclass(frozen=True)
class Folder:
    """A corpus that the user holds, in a folder that `config/config.yaml` names.

    Attributes:
        setting: the key there.
        name, licence, provenance: for the card.
    """

    setting: str
    name: str
    licence: str
    provenance: str


@dataclass(frozen=True)
class Held:
    """A folder, an archive or a table that the user holds, as `config/datasets.yaml` declares it.

    Attributes:
        path: of it.
        where: file and key that name it, for messages.
        provenance, licence: for the card.
    """

    path: Path
    where: str
    provenance: str
    licence: str


@dataclass(frozen=True)
class DataSet:
    """A data set.

    Attributes:
        raw: what it is made from; None where it installs with the package.
        prepare: writes the prepared folder. Its arguments are the path of `raw`, the folder to
            write, and the card's `source`; the folder alone where `raw` is None. For `Archives`
            they are what was fetched by part, the folder, and how many processes may be used.
    """

    raw: Archive | Archives | Folder | Held | None
    prepare: Callable[..., None]
