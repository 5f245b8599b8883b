"""TIMIT (Garofolo et al. 1993): the public sample of 16 speakers and the licensed corpus.

The two SA sentences, which every speaker reads, are left out, as is the custom: the same sentence
would else be in training and test data.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from adsmtl.data import cards, folds
from adsmtl.data.corpora import timit_files
from adsmtl.data.corpora.timit_speakers import CORE_TEST, DEVELOPMENT, TRAINING_SPEAKERS
from adsmtl.data.dataset import Archive, DataSet, Folder
from adsmtl.data.fetch import progress
from adsmtl.data.fetch.extract import extract
from adsmtl.data.prepared import Card, Source
from adsmtl.data.speech import features, phones
from adsmtl.data.speech.segments import INPUT, Index
from adsmtl.errors import UserError
from adsmtl.files import atomic_folder

SEXES = ("f", "m")
FOLDS = 4


def prepare_sample(archive: Path, folder: Path, source: Source) -> None:
    """Prepare the public sample: four speaker-disjoint folds, each speaker tested in one.

    Targets: `phone` (61 classes, folding `39`), `manner`, `sex`.

    Raises:
        UserError: a .phn or .wav file is missing, malformed or does not fit; names file and line.
    """
    with (
        atomic_folder(folder) as temporary,
        tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpacked-") as scratch,
    ):
        unpacked = Path(scratch) / "files"
        extract(archive, unpacked)
        try:
            found = timit_files.recordings(unpacked)
            speakers = sorted({recording.speaker for recording in found})
            title = "TIMIT, public sample of 16 speakers"
            card = _card("timit-sample", title, speakers, source)
            card["folds"] = _dealt(archive, speakers)
            _write(temporary, card, found, None)
        except UserError as error:
            # the unpacked files are gone by the time the message is read
            raise UserError(str(error).replace(str(unpacked), str(archive))) from error


def _dealt(archive: Path, speakers: Sequence[str]) -> list[dict]:
    try:
        return folds.speaker_folds({speaker: _sex(speaker) for speaker in speakers}, FOLDS)
    except ValueError as error:
        raise UserError(f"{archive} is not the TIMIT sample: {error}") from error


def prepare_corpus(corpus: Path, folder: Path, source: Source) -> None:
    """Prepare the licensed corpus with its customary fixed split.

    462 training speakers; the 24-speaker core test set; the 50-speaker development set of
    Halberstadt (1998) for validation. The other speakers of the TEST part are not used.
    Targets as for the sample.

    Args:
        corpus: a folder in which TRAIN and TEST lie, at most three levels down.
        source: `sha256` is replaced by a digest of the files that were used.

    Raises:
        UserError: as `prepare_sample`, or a speaker of the split is missing.
    """
    if not corpus.is_dir():
        raise UserError(f"TIMIT folder {corpus} does not exist; give the one that holds TRAIN/")
    held_out = dict.fromkeys(DEVELOPMENT, folds.VALIDATION) | dict.fromkeys(CORE_TEST, folds.TEST)
    found = [
        recording
        for recording in timit_files.recordings(corpus)
        if recording.part == "train"
        or (recording.part == "test" and _initials(recording.speaker) in held_out)
    ]
    speakers = sorted({recording.speaker for recording in found})
    part = {recording.speaker: recording.part for recording in found}
    training = sum(value == "train" for value in part.values())
    present = {_initials(speaker) for speaker in speakers if part[speaker] == "test"}
    if missing := sorted(set(held_out) - present):
        raise UserError(f"{corpus} is incomplete: no TEST speakers {', '.join(missing)}")
    if training != TRAINING_SPEAKERS:
        raise UserError(
            f"{corpus} is incomplete: {training} TRAIN speakers, not {TRAINING_SPEAKERS}"
        )
    split_of = [
        folds.TRAIN if part[speaker] == "train" else held_out[_initials(speaker)]
        for speaker in speakers
    ]
    with atomic_folder(folder) as temporary:
        source = {**source, "sha256": _digest(found)}
        card = _card("timit", "TIMIT, licensed corpus", speakers, source)
        _write(temporary, card, found, np.array(split_of, np.int8))


def _indexed(
    found: Sequence[timit_files.Recording], speakers: Sequence[str], folder: Path
) -> Index:
    """Where the segments lie; reads all audio and labels, so that damage shows before features."""
    index = Index(phones.PHONES, speakers, folder)
    for recording in found:
        length = len(timit_files.read_audio(recording.audio))
        labels = timit_files.read_labels(recording.labels, length)
        index.add(recording.speaker, length, labels)
    return index


def _frames(name: str, found: Sequence[timit_files.Recording]) -> Iterator[np.ndarray]:
    for recording in progress.track(found, f"{name}: features"):
        yield features.utterance(timit_files.read_audio(recording.audio))


def _write(
    folder: Path,
    card: Card,
    found: Sequence[timit_files.Recording],
    split: np.ndarray | None,
) -> None:
    """Write the prepared folder; `split` is of every speaker."""
    index = _indexed(found, card["groups"], folder)
    manner_of = np.array([list(phones.MANNERS).index(phones.manner_of(p)) for p in phones.PHONES])
    sex_of = np.array([SEXES.index(_sex(speaker)) for speaker in card["groups"]])
    card["audio"] = index.audio()
    shape = (index.frames, *INPUT["shape"])
    with features.one_thread():
        cards.write(
            folder,
            card,
            inputs=cards.Stream(_frames(card["dataset"], found), shape, np.float32),
            targets={
                "phone": index.phones,
                "manner": index.phones.through(manner_of),
                "sex": index.groups.through(sex_of),
            },
            groups=index.groups,
            spans=index.spans,
            split=None if split is None else index.groups.through(split),
        )


def _card(dataset: str, title: str, speakers: list[str], source: Source) -> Card:
    classes, mapping = phones.fold39()
    return {
        "dataset": dataset,
        "title": title,
        "kind": "sequence",
        "embedded": False,
        "input": INPUT,
        "targets": {
            "phone": {
                "classes": list(phones.PHONES),
                "foldings": {"39": {"classes": classes, "map": mapping}},
            },
            "manner": {"classes": list(phones.MANNERS)},
            "sex": {"classes": list(SEXES)},
        },
        "groups": speakers,
        "source": source,
    }


def _initials(speaker: str) -> str:
    return speaker.partition("-")[2]


def _sex(speaker: str) -> str:
    """`f` or `m`: the first letter of the speaker's name."""
    sex = _initials(speaker)[:1]
    if sex not in SEXES:
        raise UserError(f"speaker {speaker}: the name must start with the sex, f or m")
    return sex


def _digest(found: Sequence[timit_files.Recording]) -> str:
    """One SHA-256 over the files used and their names, whatever folder or letter case."""
    total = hashlib.sha256()
    for recording in found:
        for path in (recording.audio, recording.labels):
            total.update(f"{recording.speaker}/{path.name.lower()}\0".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


SAMPLE = DataSet(
    Archive(
        file="timit.zip",
        urls=(
            "https://raw.githubusercontent.com/nltk/nltk_data/gh-pages/packages/corpora/timit.zip",
        ),
        # upstream publishes no digest; this is the file the study was made with
        digest="sha256:ff314d02592d109dccf663bdf0180243a8886527e7d627de9567258ffa926d11",
        bytes=11_266_746,
        licence="CC BY-NC-SA, (c) 1993 Linguistic Data Consortium",
        provenance="TIMIT corpus sample as distributed with NLTK.",
        mirrored_as=("timit.zip",),
    ),
    prepare_sample,
)

CORPUS = DataSet(
    Folder(
        setting="timit_path",
        name="LDC93S1",
        licence="LDC licence of LDC93S1; not to be passed on",
        provenance="TIMIT corpus (LDC93S1), a copy held by the user; nothing is known to differ.",
    ),
    prepare_corpus,
)
