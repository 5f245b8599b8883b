"""What an entry of `config/datasets.yaml` may say, and the data set that it declares.

Nothing heavy is loaded here: the workflow reads the configuration at every call.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

from adsmtl.data.dataset import DataSet, Held
from adsmtl.data.prepared import Source
from adsmtl.errors import UserError
from adsmtl.files import expanded

SIZES = (8, 256)  # pixels; the branch for images needs 6
NOT_STATED = "not stated"
TABLES = (".csv", ".tsv", ".parquet")


@dataclass(frozen=True)
class ImageFolder:
    """Images in a subfolder for each class, or in a table of paths and labels.

    Attributes:
        path: a folder, an archive or a table.
        table: a table below `path`, where that is a folder or an archive.
        columns: what the table calls `path`, `label` and `split`, where it calls them otherwise.
        classes: of these and no other labels; those found, by name, where it is null.
        ignore: labels whose images are left out.
        size: height and width to which every image is brought, in pixels.
        fit: how: the largest centred square, the whole with black bars, or out of proportion.
        held_out: share of the images for validation and again for test, where no split is given.
        broken: whether a file that is no whole image ends the preparation, or is left out.
        target: name of the labels.
        title, licence, provenance: for the card.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    unfit: ClassVar = "lstm"  # the branch that cannot read it
    path: str
    table: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    size: int = 32
    fit: Literal["crop", "pad", "stretch"] = "crop"
    held_out: float = 0.15
    broken: Literal["refuse", "skip"] = "refuse"
    target: str = "label"
    title: str | None = None
    licence: str = NOT_STATED
    provenance: str = "files that the user holds"

    def __post_init__(self) -> None:
        _check_classes(self.classes, self.ignore)
        _check_columns(self.columns, ("path", "label", "split"))
        _check_target(self.target)
        if not SIZES[0] <= self.size <= SIZES[1]:
            raise UserError(f"size is {self.size}; give {SIZES[0]} to {SIZES[1]} pixels")
        if not 0 < self.held_out < 0.5:
            raise UserError(f"held_out is {self.held_out}; give a share in (0, 0.5)")


@dataclass(frozen=True)
class Segments:
    """Labelled segments of speech: in a table, or in Praat TextGrid files beside the audio.

    Attributes:
        path: a table, or a folder or an archive with a table or TextGrid files.
        table: a table below `path`; where that is a folder and this is null, TextGrid files are
            read.
        audio: the folder that holds the audio, where it is not that of the labels.
        columns: what the table calls `path`, `start`, `end`, `label`, `speaker` and `split`.
        unit: of `start` and `end` in a table: seconds, or samples of the file.
        tier: of the TextGrid files, where they have several of intervals.
        speaker: a regular expression whose first group, in the path of a TextGrid file, is its
            speaker; where it is null, every file lies in a folder that is called like its speaker.
        classes: of these and no other labels; those found, by name, where it is null.
        ignore: labels whose segments are left out.
        folds: number of speaker-disjoint folds, where no split is given.
        broken: whether audio that cannot be read ends the preparation, or is left out.
        target: name of the labels; `phone` takes the place of the TIMIT sample.
        title, licence, provenance: for the card.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    unfit: ClassVar = "cnn"  # the branch that cannot read it
    path: str
    table: str | None = None
    audio: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    unit: Literal["seconds", "samples"] = "seconds"
    tier: str | None = None
    speaker: str | None = None
    classes: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    folds: int = 4
    broken: Literal["refuse", "skip"] = "refuse"
    target: str = "phone"
    title: str | None = None
    licence: str = NOT_STATED
    provenance: str = "files that the user holds"

    def __post_init__(self) -> None:
        _check_classes(self.classes, self.ignore)
        _check_columns(self.columns, ("path", "start", "end", "label", "speaker", "split"))
        _check_target(self.target)
        if self.folds < 3:
            raise UserError(f"folds is {self.folds}; give at least 3: to train, validate and test")
        if self.speaker is not None:
            try:
                groups = re.compile(self.speaker).groups
            except re.error as error:
                raise UserError(f"speaker is no regular expression: {error}") from error
            if groups < 1:
                raise UserError(f"speaker is {self.speaker!r}; put the speaker in parentheses")


Entry = ImageFolder | Segments

#: The kinds of data sets that can be declared.
KINDS: dict[str, type[Entry]] = {"image-folder": ImageFolder, "segments": Segments}


def data_set(name: str, entry: Entry, where: str) -> DataSet:
    """The data set that an entry declares.

    Args:
        name: of the data set.
        where: file and key of the entry, for messages.
    """
    path = expanded(entry.path)
    held = Held(path, where, entry.provenance, entry.licence)
    return DataSet(held, partial(_prepare, name, entry))


def _prepare(name: str, entry: Entry, path: Path, folder: Path, source: Source) -> None:
    # loaded here: they need libraries for images and sound
    if isinstance(entry, ImageFolder):
        from adsmtl.data.own import images

        images.prepare(name, entry, path, folder, source)
    else:
        from adsmtl.data.own import segments

        segments.prepare(name, entry, path, folder, source)


def _check_classes(classes: tuple[str, ...] | None, ignore: tuple[str, ...]) -> None:
    if classes is None:
        return
    if not 2 <= len(classes) == len(set(classes)):
        raise UserError(f"classes is {', '.join(classes)}; name at least two, each once")
    if both := set(classes) & set(ignore):
        raise UserError(f"{min(both)!r} is in classes and in ignore; leave it out of one")


def _check_columns(columns: Mapping[str, Any], known: tuple[str, ...]) -> None:
    if unknown := sorted(set(columns) - set(known)):
        raise UserError(f"columns names {unknown[0]!r}; known are {', '.join(known)}")


def _check_target(target: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", target):
        raise UserError(f"target is {target!r}; use letters, digits, _ and -")
