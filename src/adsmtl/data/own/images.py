"""The kind `image-folder`: images in a folder for each class, or in a table of paths and labels."""

import hashlib
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from adsmtl.data import cards, folds
from adsmtl.data.corpora.cifar10 import channel_moments
from adsmtl.data.fetch import progress
from adsmtl.data.own import layout, splits, tables
from adsmtl.data.own.kinds import TABLES, ImageFolder
from adsmtl.data.prepared import Card, Source
from adsmtl.errors import UserError
from adsmtl.files import atomic_folder

#: Pixel formats that become R, G and B without loss of meaning; others hold more than eight bits.
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "La", "RGBa")


class Broken(UserError):
    """A file that is no whole image."""


@dataclass
class Found:
    """Images by path, with label and part of the split, or None where the split is drawn."""

    paths: list[Path] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    parts: list[int] | None = None
    left_out: list[str] = field(default_factory=list)


def prepare(name: str, entry: ImageFolder, path: Path, folder: Path, source: Source) -> None:
    """Prepare the images as `folder`.

    They become RGB of `entry.size` in both directions: turned as their camera says, transparency
    on white, resized with an antialiasing filter. Of animations the first picture counts.

    Args:
        path: what `entry.path` names.
        source: `sha256` is replaced by a digest of the files that were used.

    Raises:
        UserError: the data do not fit; names file and line.
    """
    with atomic_folder(folder) as temporary:
        is_table = path.suffix.lower() in TABLES
        with layout.opened(path.parent if is_table else path, temporary.parent) as root:
            unpacked = not is_table and not path.is_dir()
            table = path.name if is_table else entry.table
            found = _of_folders(root) if table is None else _of_table(root, table, entry, unpacked)
            _ignore(found, entry)
            images, kept = _read(name, found, entry, root)
            source = {**source, "sha256": layout.digest(root, [found.paths[i] for i in kept])}
        _write(temporary, name, entry, source, images, found, kept)


def load(path: Path, size: int, fit: str) -> np.ndarray:
    """One image, uint8 `[3, size, size]`.

    Raises:
        Broken: it is no image, cut off, far too large, or has more than eight bits a channel.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as opened:
                mode = _mode(opened)
                opened.load()
                image = ImageOps.exif_transpose(opened)
    except Image.UnidentifiedImageError as error:
        raise Broken(f"{path} is no image that can be read") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Broken(f"{path} has too many pixels; make it smaller") from error
    except (OSError, SyntaxError, ValueError, EOFError, IndexError) as error:
        raise Broken(f"{path} is damaged: {error}") from error
    if mode not in _MODES:
        raise Broken(f"{path} has pixels of the kind {mode!r}; save it with eight bits a channel")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB")
    how = Image.Resampling.BICUBIC
    if fit == "crop":
        image = ImageOps.fit(image, (size, size), how)
    elif fit == "pad":
        image = ImageOps.pad(image, (size, size), how)
    else:
        image = image.resize((size, size), how)
    return np.asarray(image).transpose(2, 0, 1)


def _mode(image: Image.Image) -> str:
    """The kind of its pixels; Pillow halves the bits of some that have sixteen a channel."""
    deep = [str(part) for tile in image.tile for part in tile[3:] if "16" in str(part)]
    return deep[0] if deep and image.mode in _MODES else image.mode


def _of_folders(root: Path) -> Found:
    """Images below a folder for each class, or below such folders in those of a split."""
    parts = layout.parts(root)
    found = Found(parts=None if parts is None else [])
    for part, top in (parts or {folds.TRAIN: root}).items():
        folders = [path for path in layout.visible(top) if path.is_dir()]
        if not folders:
            raise UserError(
                f"{top} has no folders; put the images of each class into one, or name a table"
            )
        _require_classes(top, folders)
        found.left_out += [
            f"{path.name}: in no folder of a class"
            for path in layout.visible(top)
            if path.is_file()
        ]
        for folder in folders:
            own = _images(folder, found)
            if not own:
                raise UserError(f"{folder} holds no images; delete it or add some")
            found.paths += own
            found.labels += [folder.name] * len(own)
            if found.parts is not None:
                found.parts += [part] * len(own)
    return found


def _require_classes(top: Path, folders: Sequence[Path]) -> None:
    """Refuse folders that all hold the same folders and nothing else: those are the classes."""
    inner = [layout.visible(folder) for folder in folders]
    names = [[path.name for path in own] for own in inner]
    every = [path for own in inner for path in own]
    alike = len(folders) > 1 and len(names[0]) > 1 and names.count(names[0]) == len(names)
    if alike and all(path.is_dir() for path in every):
        raise UserError(
            f"the folders in {top} all hold the folders {', '.join(names[0])}. If these are the"
            " classes, call the outer ones train, val and test"
        )


def _images(folder: Path, found: Found) -> list[Path]:
    """The files below a folder that are called like images; others are noted."""
    known = {end for end, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    files = layout.below(folder)
    own = [path for path in files if path.suffix.lower() in known]
    for path in files:
        if path.suffix.lower() not in known:
            found.left_out.append(f"{folder.name}/{path.name}: not called like an image")
    return own


def _of_table(root: Path, name: str, entry: ImageFolder, unpacked: bool) -> Found:
    table = tables.read(root / name, ("path", "label"), ("split",), entry.columns)
    found = Found(parts=[] if "split" in table.columns else None)
    seen: dict[Path, int] = {}
    for number, values in table.rows:
        place = table.place(number)
        path = layout.inside(root, values["path"], place, unpacked)
        if (real := path.resolve()) in seen:
            raise UserError(f"{place}: {path} is that of {table.unit} {seen[real]} already")
        seen[real] = number
        found.paths.append(path)
        found.labels.append(values["label"])
        if found.parts is not None:
            found.parts.append(layout.part_of(values["split"], place))
    return found


def _ignore(found: Found, entry: ImageFolder) -> None:
    if never := set(entry.ignore) - set(found.labels):
        raise UserError(f"no image has the label {min(never)!r}, which `ignore` names")
    kept = [i for i, label in enumerate(found.labels) if label not in entry.ignore]
    for label, count in Counter(found.labels).items():
        if label in entry.ignore:
            found.left_out.append(f"{label}: {count} images of an ignored label")
        elif entry.classes is not None and label not in entry.classes:
            first = found.paths[found.labels.index(label)]
            raise UserError(
                f"{first}: label {label!r} is none of `classes`; add it there or to `ignore`"
            )
    found.paths = [found.paths[i] for i in kept]
    found.labels = [found.labels[i] for i in kept]
    found.parts = None if found.parts is None else [found.parts[i] for i in kept]


def _read(
    name: str, found: Found, entry: ImageFolder, root: Path
) -> tuple[np.ndarray, Sequence[int]]:
    """All images uint8 `[N, 3, S, S]`, and which of those found they are."""
    images = np.empty((len(found.paths), 3, entry.size, entry.size), np.uint8)
    kept: list[int] = []
    for number, path in enumerate(progress.track(found.paths, f"{name}: images")):
        try:
            images[len(kept)] = load(path, entry.size, entry.fit)
        except Broken as error:
            if entry.broken == "refuse":
                raise UserError(f"{error}. Mend or delete it, or say broken: skip") from error
            found.left_out.append(str(error).replace(f"{root}/", ""))
            continue
        kept.append(number)
    return images[: len(kept)], kept


def _write(
    folder: Path,
    name: str,
    entry: ImageFolder,
    source: Source,
    images: np.ndarray,
    found: Found,
    kept: Sequence[int],
) -> None:
    named = [found.labels[i] for i in kept]
    classes = splits.classes_of(named, entry.classes, name)
    number = {label: index for index, label in enumerate(classes)}
    labels = np.array([number[label] for label in named], np.int64)
    if found.parts is None:
        split = splits.drawn(labels, entry.held_out)
        note = f"split: drawn by class; {entry.held_out:g} validate and {entry.held_out:g} test"
    else:
        split, note = splits.completed(np.array([found.parts[i] for i in kept], np.int8), labels)
    splits.require_whole(split, labels, classes, name)
    mean, std = channel_moments([images], split == folds.TRAIN)
    flat = [name for name, value in zip("RGB", std, strict=True) if value == 0]
    std = [value or 1.0 for value in std]
    same = len(images) - len({hashlib.sha256(image).digest() for image in images})
    how = {"crop": "its largest centred square", "pad": "the whole, with black bars"}
    card: Card = {
        "dataset": name,
        "title": entry.title or f"{name}: images of {len(classes)} classes",
        "kind": "image",
        "embedded": False,
        "input": {
            "shape": [3, entry.size, entry.size],
            "dtype": "uint8",
            "units": "grey levels 0 to 255 of the R, G, B planes",
        },
        "targets": {entry.target: {"classes": classes}},
        "groups": [],
        "normalisation": {"mean": mean, "std": std},
        "source": source,
        "notes": [
            f"every image was resized: {how.get(entry.fit, 'the whole, out of proportion')}",
            note,
            *([f"without any variation: {', '.join(flat)}, which are not scaled"] if flat else []),
            f"equal to an earlier image, pixel by pixel: {same} images",
            f"left out: {len(found.left_out)}; `left_out` in card.json lists them",
        ],
        "left_out": found.left_out,
    }
    cards.write(folder, card, inputs=[images], targets={entry.target: labels}, split=split)
