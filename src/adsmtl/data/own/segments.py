"""The kind `segments`: labelled stretches of speech, in a table or in TextGrid files."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from adsmtl.data import cards
from adsmtl.data.fetch import progress
from adsmtl.data.folds import TEST, TRAIN, VALIDATION
from adsmtl.data.own import audio, layout, splits, tables, textgrids
from adsmtl.data.own.kinds import TABLES, Segments
from adsmtl.data.own.recordings import Recording, mark, one_speaker, segments
from adsmtl.data.prepared import Card, Source
from adsmtl.data.speech import features
from adsmtl.data.speech.segments import INPUT, Index, Segment
from adsmtl.errors import UserError
from adsmtl.files import atomic_folder, expanded


class Heard(NamedTuple):
    """A recording whose audio can be used, with its segments in samples at 16 kHz."""

    recording: Recording
    samples: int
    segments: list[Segment]
    channels: int
    rate: int


def prepare(name: str, entry: Segments, path: Path, folder: Path, source: Source) -> None:
    """Prepare the segments as `folder`.

    Audio becomes one channel, the mean, at 16 kHz; features are those of the built-in corpora, and
    are normalised over a file.

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
            sounds = root if entry.audio is None else root / expanded(entry.audio)
            if not sounds.is_dir():
                raise UserError(f"{sounds}, which `audio` names, is no folder")
            table = path.name if is_table else entry.table
            if table is None:
                found, left_out = textgrids.recordings(root, sounds, entry)
            else:
                found, left_out = _of_table(root / table, sounds, entry, unpacked), []
            found = _labelled(found, entry, left_out)
            heard = _heard(name, found, entry, root, left_out)
            used = {own.recording.labels for own in heard} | {own.recording.audio for own in heard}
            source = {**source, "sha256": layout.digest(root, sorted(used))}
            _write(temporary, name, entry, source, heard, left_out)


def _of_table(path: Path, sounds: Path, entry: Segments, unpacked: bool) -> list[Recording]:
    required = ("path", "start", "end", "label", "speaker")
    table = tables.read(path, required, ("split",), entry.columns)
    files: dict[str, Path] = {}
    found: dict[Path, Recording] = {}  # a file may be written in two ways
    for number, values in table.rows:
        place = table.place(number)
        part = layout.part_of(values["split"], place) if "split" in table.columns else None
        name, speaker = values["path"], values["speaker"]
        if name not in files:
            files[name] = layout.inside(sounds, name, place, unpacked)
        real = files[name].resolve()
        own = found.get(real)
        if own is None:
            in_samples = entry.unit == "samples"
            own = Recording(files[name], path, table.unit, speaker, in_samples, part)
            found[real] = own
        if own.speaker != speaker:
            raise UserError(
                f"{place}: {name} is of speaker {own.speaker!r} in {table.unit}"
                f" {own.marks[0].number}; cut it, so that a file has one speaker"
            )
        if own.part != part:
            raise UserError(
                f"{place}: {name} is in another part of the split in {table.unit}"
                f" {own.marks[0].number}"
            )
        own.marks.append(mark(values["start"], values["end"], values["label"], number, place))
    return sorted(found.values(), key=lambda own: own.audio)


def _labelled(found: list[Recording], entry: Segments, left_out: list[str]) -> list[Recording]:
    """The recordings without ignored labels; those without any are left out."""
    ignored: Counter[str] = Counter()
    for own in found:
        for one in own.marks:
            if one.label in entry.ignore:
                ignored[one.label] += 1
            elif entry.classes is not None and one.label not in entry.classes:
                raise UserError(
                    f"{own.place(one.number)}: label {one.label!r} is none of `classes`; add it"
                    " there or to `ignore`"
                )
    if never := set(entry.ignore) - set(ignored):
        raise UserError(f"no segment has the label {min(never)!r}, which `ignore` names")
    left_out += [
        f"{label}: {count} segments of an ignored label" for label, count in ignored.items()
    ]
    return [own for own in found if any(one.label not in entry.ignore for one in own.marks)]


def _heard(
    name: str, found: Sequence[Recording], entry: Segments, root: Path, left_out: list[str]
) -> list[Heard]:
    result = []
    for own in progress.track(found, f"{name}: audio"):
        try:
            sound = audio.read(own.audio)
        except audio.Broken as error:
            if entry.broken == "refuse":
                raise UserError(f"{error}. Mend it, or say broken: skip") from error
            left_out.append(str(error).replace(f"{root}/", ""))
            continue
        every = segments(own, sound.rate, sound.length, len(sound.samples))
        labelled = [one for one in every if one.phone not in entry.ignore]
        result.append(Heard(own, len(sound.samples), labelled, sound.channels, sound.rate))
    if not result:
        raise UserError(f"{name}: no audio with labels is left; {'; '.join(left_out[:3])}")
    return result


def _write(
    folder: Path,
    name: str,
    entry: Segments,
    source: Source,
    heard: Sequence[Heard],
    left_out: Sequence[str],
) -> None:
    first = one_speaker([own.recording for own in heard])
    speakers = sorted(first)
    named = [one.phone for own in heard for one in own.segments]
    classes = splits.classes_of(named, entry.classes, name)
    index = Index(classes, speakers)
    for own in heard:
        index.add(own.recording.speaker, own.samples, own.segments)
    spans, labels, groups = index.arrays()
    card = _card(name, entry, source, classes, speakers, heard, left_out)
    split = None
    given = {speaker: own.part for speaker, own in first.items()}
    if None in given.values():
        card["folds"] = splits.speaker_folds(speakers, entry.folds, name)
        _save_folds(folder, card["folds"], speakers)
        card["notes"].append(f"{entry.folds} folds: speakers by name are dealt to them in turn")
    else:
        of_speaker, note = splits.of_speakers(given, name)
        split = np.array([of_speaker[speaker] for speaker in speakers], np.int8)[groups]
        splits.require_whole(split, labels, classes, name)
        card["notes"].append(note)
    with features.one_thread():
        cards.write(
            folder,
            card,
            inputs=cards.Stream(_frames(name, heard), (index.frames, *INPUT["shape"]), np.float32),
            targets={entry.target: labels},
            groups=groups,
            spans=spans,
            split=split,
        )


def _save_folds(folder: Path, folds: Sequence[Mapping], speakers: Sequence[str]) -> None:
    """The part of every speaker in every fold, int8 `[folds, speakers]`, as an array.

    The digest of the data is that of their arrays, so other folds are other data.
    """
    part = {"val": VALIDATION, "test": TEST}
    table = np.full((len(folds), len(speakers)), TRAIN, np.int8)
    for row, fold in zip(table, folds, strict=True):
        for name, number in part.items():
            row[[speakers.index(speaker) for speaker in fold[name]]] = number
    cards.save(folder / "folds.npy", [table])


def _frames(name: str, heard: Sequence[Heard]) -> Iterator[np.ndarray]:
    for own in progress.track(heard, f"{name}: features"):
        yield features.utterance(audio.read(own.recording.audio).samples)


def _card(
    name: str,
    entry: Segments,
    source: Source,
    classes: Sequence[str],
    speakers: Sequence[str],
    heard: Sequence[Heard],
    left_out: Sequence[str],
) -> Card:
    hours = sum(own.samples for own in heard) / features.SAMPLE_RATE / 3600
    several = sum(own.channels > 1 for own in heard)
    resampled = sum(own.rate != features.SAMPLE_RATE for own in heard)
    return {
        "dataset": name,
        "title": entry.title or f"{name}: segments of speech, {len(classes)} classes",
        "kind": "sequence",
        "embedded": False,
        "input": INPUT,
        "targets": {entry.target: {"classes": list(classes)}},
        "groups": list(speakers),
        "source": source,
        "notes": [
            f"{hours:.2f} hours, {len(heard):,} files, {len(speakers)} speakers",
            f"{several:,} files with several channels became their mean; {resampled:,} files were"
            " resampled to 16 kHz",
            f"left out: {len(left_out)}; `left_out` in card.json lists them",
        ],
        "left_out": list(left_out),
    }
