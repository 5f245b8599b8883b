"""Praat TextGrid files, beside the audio that they label or in a folder like that of the audio."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from adsmtl.data.own import layout
from adsmtl.data.own.kinds import Segments
from adsmtl.data.own.recordings import Recording, mark
from adsmtl.errors import UserError

SUFFIX = ".textgrid"


def recordings(root: Path, sounds: Path, entry: Segments) -> tuple[list[Recording], list[str]]:
    """The labelled recordings, by path, and what was left out with the reason.

    Audio has the name of its TextGrid file, and lies at the same place below `sounds`. A split is
    that of the folders `train`, `val` and `test`, where those in `root` have no other names.

    Raises:
        UserError: there are none, a file is malformed, or its audio or speaker is not to be found.
    """
    files = layout.below(root)
    grids = [path for path in files if path.suffix.lower() == SUFFIX]
    if not grids:
        raise UserError(f"{root} holds no TextGrid files; add some, or name a `table`")
    by_stem: dict[Path, list[Path]] = {}
    heard = layout.below(sounds)
    for path in heard:
        if path.suffix.lower() in _suffixes():
            by_stem.setdefault(path.relative_to(sounds).with_suffix(""), []).append(path)
    parts = layout.parts(root)
    found, left_out = [], []
    for path in grids:
        stem = path.relative_to(root).with_suffix("")
        audio = _audio(path, by_stem.pop(stem, []))
        part, top = _part(path, root, parts)
        own = Recording(audio, path, "interval", _speaker(path, root, top, entry), part=part)
        for number, (start, end, label) in enumerate(_intervals(path, entry.tier), start=1):
            if label.strip():
                own.marks.append(mark(start, end, label.strip(), number, own.place(number)))
        if own.marks:
            found.append(own)
        else:
            left_out.append(f"{stem.as_posix()}: no labels")
    left_out += [f"{stem.as_posix()}: no TextGrid file" for stem in sorted(by_stem)]
    return found, left_out


def _suffixes() -> set[str]:
    import soundfile

    formats = {f".{name.lower()}" for name in soundfile.available_formats()}
    return formats - {".raw"} | {".sph", ".aif"}  # raw samples do not say their rate


def _audio(grid: Path, found: Sequence[Path]) -> Path:
    if not found:
        raise UserError(
            f"{grid} has no audio of its name; add it, or say under `audio` where it is"
        )
    if len(found) > 1:
        raise UserError(f"{grid} could label {found[0].name} or {found[1].name}; delete one")
    return found[0]


def _part(path: Path, root: Path, parts: Mapping[int, Path] | None) -> tuple[int | None, Path]:
    """Its part of a split, and the folder that holds the speakers."""
    if parts is None:
        return None, root
    for part, folder in parts.items():
        if path.is_relative_to(folder):
            return part, folder
    raise UserError(f"{path} lies beside the folders of a split; move it into one of them")


def _speaker(path: Path, root: Path, top: Path, entry: Segments) -> str:
    if entry.speaker is None:
        if path.parent.parent != top:
            raise UserError(
                f"{path} does not lie in a folder of its speaker, one level below {top}; move it"
                " into one, or say under `speaker` what in its path is the speaker"
            )
        return path.parent.name
    name = path.relative_to(root).with_suffix("").as_posix()
    match = re.search(entry.speaker, name)
    if match is None or not match[1]:
        raise UserError(f"{path}: the pattern {entry.speaker!r} finds no speaker in {name!r}")
    return match[1]


def _intervals(path: Path, tier: str | None) -> list[tuple[str, str, str]]:
    """Start, end and label of every interval, as text."""
    from praatio import textgrid
    from praatio.data_classes.interval_tier import IntervalTier
    from praatio.utilities.errors import PraatioException

    try:
        grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=True, reportingMode="silence")
    except UnicodeError as error:
        raise UserError(f"{path} is neither UTF-8 nor UTF-16: {error}; save it so") from error
    except (PraatioException, ValueError, IndexError, KeyError, TypeError) as error:
        raise UserError(f"{path} is no whole TextGrid file: {error}") from error
    tiers = [one for one in grid.tiers if isinstance(one, IntervalTier)]
    names = ", ".join(repr(one.name) for one in tiers) or "none"
    if tier is None and len(tiers) != 1:
        raise UserError(
            f"{path} has the interval tiers {names}; say under `tier` which holds the labels"
        )
    chosen = tiers if tier is None else [one for one in tiers if one.name == tier]
    if not chosen:
        raise UserError(f"{path} has no interval tier {tier!r}; it has {names}")
    return [(str(one.start), str(one.end), one.label) for one in chosen[0].entries]
