"""LibriSpeech (Panayotov et al. 2015): read English, phones by forced alignment.

Nobody has labelled its phones: `speech.aligner` finds them from the words, and docs/aligner.md says
how well. Utterances that cannot be aligned are left out; the card counts them and lists them.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from adsmtl.data import cards, folds
from adsmtl.data.corpora import librispeech_files
from adsmtl.data.corpora.librispeech_files import read_audio
from adsmtl.data.dataset import Archive, Archives, DataSet, Fetched
from adsmtl.data.fetch import progress
from adsmtl.data.fetch.extract import extract
from adsmtl.data.prepared import Card, Source
from adsmtl.data.speech import arpabet, clip, features
from adsmtl.data.speech.aligner import Aligner
from adsmtl.data.speech.alignments import Spoken, Table
from adsmtl.data.speech.pronunciation import pronounce, words_of
from adsmtl.data.speech.segments import INPUT, Index
from adsmtl.errors import UserError
from adsmtl.files import atomic_folder, digest

SEXES = ("f", "m")
FOLDS = 4
#: What a subset is for where a data set has training, validation and test subsets.
PURPOSES = {"train": folds.TRAIN, "dev": folds.VALIDATION, "test": folds.TEST}
#: The licence, CC BY 4.0, asks for it wherever a part of the corpus is passed on.
CREDIT = (
    "LibriSpeech (V. Panayotov, G. Chen, D. Povey and S. Khudanpur, 2015), https://openslr.org/12, "
    "licensed under CC BY 4.0, https://creativecommons.org/licenses/by/4.0/; cut and converted"
)
ALIGNMENTS = "alignments.jsonl"  # beside the archive, for all data sets that use it


class Part(NamedTuple):
    """One subset: its table of alignments, and what was said with which sex."""

    subset: str
    table: Table
    sexes: Mapping[str, str]


def prepare(parts: Mapping[str, Fetched], folder: Path, processes: int) -> None:
    """Align and prepare subsets. Targets: `phone` (39 phones and silence), `sex`.

    The split is that of the corpus where there are subsets for training, validation and test, else
    four speaker-disjoint folds.

    Args:
        parts: archives by subset.
        processes: that align at once.

    Raises:
        UserError: a transcript is malformed, too few speakers, or the alignment broke off.
    """
    with atomic_folder(folder) as temporary, ExitStack() as stack:
        found = []
        for subset, fetched in parts.items():
            scratch = Path(
                stack.enter_context(tempfile.TemporaryDirectory(dir=folder.parent, prefix=".un-"))
            )
            extract(fetched.path, scratch / "files")
            try:
                found.append(part_of(subset, scratch / "files", fetched.path.parent, processes))
            except UserError as error:
                # the unpacked files are gone by the time the message is read
                message = str(error).replace(str(scratch / "files"), str(fetched.path))
                raise UserError(message) from error
        write(temporary, folder.name, found, [fetched.source for fetched in parts.values()])


def part_of(subset: str, root: Path, shelf: Path, processes: int) -> Part:
    """Read a subset and align what its table lacks.

    Args:
        root: folder with the unpacked archive.
        shelf: folder of the table of alignments.
        processes: that align at once.

    Raises:
        UserError: a transcript is malformed, or the alignment broke off.
    """
    recordings = librispeech_files.recordings(root, subset)
    sexes = librispeech_files.sexes(root)
    if unknown := {one.speaker for one in recordings} - set(sexes):
        raise UserError(f"{root}: SPEAKERS.TXT lacks speaker {min(unknown)}")
    spoken = [Spoken(one.name, one.text, one.audio) for one in recordings]
    table = Table(shelf / ALIGNMENTS, spoken, pronunciations(spoken))
    table.fill(read_audio, processes)
    return Part(subset, table, {one.speaker: sexes[one.speaker] for one in recordings})


def pronunciations(spoken: Sequence[Spoken]) -> dict[str, str]:
    """Of the words that the aligner's dictionary lacks, as far as espeak-ng knows them."""
    plain = Aligner()
    words = {word for one in spoken for word in words_of(one.text)}
    found = pronounce(word for word in words if not plain.knows(word))
    return {word: phones for word, phones in found.items() if phones is not None}


def write(folder: Path, name: str, parts: Sequence[Part], sources: Sequence[Source]) -> None:
    """Write the prepared data of aligned subsets; see `prepare`.

    Args:
        folder: an existing (temporary) folder.
        name: of the data set.
        parts: whose audio is still there.
        sources: of their archives.
    """
    sexes: dict[str, str] = {}
    for part in parts:
        if both := sexes.keys() & part.sexes.keys():
            raise UserError(
                f"{name} cannot be split by speaker: {min(both, key=int)} is in {part.subset} and "
                "in another subset"
            )
        sexes |= part.sexes
    speakers = sorted(sexes, key=int)
    index = Index(arpabet.CLASSES, speakers, folder)
    kept: list[Path] = []
    heard: tuple[Path, str] | None = None
    lost: list[str] = []
    subset_of: dict[str, str] = {}
    for part in parts:
        subset_of |= dict.fromkeys(part.sexes, part.subset)
        for one, aligned in part.table.rows():
            if aligned.failed is not None or one.path is None:
                lost.append(f"{one.name}: {aligned.failed}")
                continue
            index.add(one.name.partition("-")[0], aligned.samples, aligned.segments)
            kept.append(one.path)
            if heard is None and clip.fits(aligned.samples):
                heard = one.path, one.text
    if not kept:
        raise UserError(f"{name}: none of its utterances could be aligned; first {lost[0]}")
    card = _card(name, speakers, sources, index.audio(), lost)
    split = _split(card, name, sexes, subset_of)
    if heard is not None:
        clip.write(folder, card, read_audio(heard[0]), heard[1].capitalize())
    sex_of = np.array([SEXES.index(sexes[speaker]) for speaker in speakers])
    with features.one_thread():
        cards.write(
            folder,
            card,
            inputs=cards.Stream(_frames(name, kept), (index.frames, *INPUT["shape"]), np.float32),
            targets={"phone": index.phones, "sex": index.groups.through(sex_of)},
            groups=index.groups,
            spans=index.spans,
            split=None if split is None else index.groups.through(split),
        )


def _frames(name: str, kept: Sequence[Path]) -> Iterator[np.ndarray]:
    for path in progress.track(kept, f"{name}: features"):
        yield features.utterance(read_audio(path))


def _split(
    card: Card, name: str, sexes: Mapping[str, str], subset_of: Mapping[str, str]
) -> np.ndarray | None:
    """The split of every speaker, or None and folds in the card."""
    purpose = {speaker: PURPOSES[own.partition("-")[0]] for speaker, own in subset_of.items()}
    if set(purpose.values()) == set(PURPOSES.values()):
        card["notes"] += ["split: train-* trains, dev-* validates, test-* tests; no common speaker"]
        return np.array([purpose[speaker] for speaker in card["groups"]], np.int8)
    # names of equal length sort as numbers do
    longest = max(map(len, sexes))
    try:
        dealt = folds.speaker_folds({own.zfill(longest): sexes[own] for own in sexes}, FOLDS)
    except ValueError as error:
        raise UserError(f"{name} cannot be split by speaker: {error}") from error
    card["folds"] = [
        {part: [own.lstrip("0") for own in names] for part, names in fold.items()} for fold in dealt
    ]
    card["notes"] += [
        f"{FOLDS} folds: the speakers of each sex, by number, are dealt to the folds in turn; a "
        "fold is validated on the first of each sex of the next fold"
    ]
    return None


def _card(
    name: str,
    speakers: Sequence[str],
    sources: Sequence[Source],
    audio: Mapping[str, Any],
    lost: Sequence[str],
) -> Card:
    reasons = Counter(entry.partition(": ")[2].partition(" of ")[0] for entry in lost)
    why = "; ".join(f"{count} times {reason}" for reason, count in reasons.most_common())
    return {
        "dataset": name,
        "title": f"LibriSpeech, {len(speakers)} speakers, phones by forced alignment",
        "kind": "sequence",
        "embedded": False,
        "input": INPUT,
        "targets": {"phone": {"classes": list(arpabet.CLASSES)}, "sex": {"classes": list(SEXES)}},
        "groups": list(speakers),
        "audio": audio,
        "credit": CREDIT,
        "source": _source(sources),
        "notes": [
            "labels: PocketSphinx aligned the words, docs/aligner.md says how well; "
            f"`{arpabet.SILENCE}` is silence; words that its dictionary lacks are pronounced as "
            "espeak-ng does",
            f"left out: {len(lost)} utterances{f' ({why})' if why else ''}; `left_out` in "
            "card.json lists them",
        ],
        "left_out": list(lost),
    }


def _source(sources: Sequence[Source]) -> Source:
    """One source for the card; several archives have a digest over theirs."""
    if len(sources) == 1:
        return sources[0]
    joined = {key: "; ".join(dict.fromkeys(own[key] for own in sources)) for key in sources[0]}
    return {**joined, "sha256": digest([own["sha256"] for own in sources])}


#: OpenSLR and its mirrors in the USA and in Europe.
_SITES = ("https://www.openslr.org", "https://us.openslr.org", "https://openslr.elda.org")


def _archive(subset: str, size: int, sha: str, *, mini: bool = False) -> Archive:
    return Archive(
        file=f"{subset}.tar.gz",
        urls=tuple(f"{site}/resources/{31 if mini else 12}/{subset}.tar.gz" for site in _SITES),
        digest=sha,
        bytes=size,
        licence="CC BY 4.0, (c) 2014 Vassil Panayotov",
        provenance=f"LibriSpeech {subset} as published at OpenSLR; nothing is known to differ.",
        mirrored_as=(f"{subset}.tar.gz", *_MIRRORED.get(subset, ())),
    )


_MIRRORED = {"dev-clean": ("librispeech-dev-clean-20spk-mp3.tar.gz",)}

#: SHA-256 where torchaudio states it, else the MD5 of OpenSLR.
ARCHIVES: dict[str, Archive] = {
    subset: _archive(subset, size, f"sha256:{sha}")
    for subset, size, sha in (
        (
            "dev-clean",
            337_926_286,
            "76f87d090650617fca0cac8f88b9416e0ebf80350acb97b343a85fa903728ab3",
        ),
        (
            "dev-other",
            314_305_928,
            "12661c48e8c3fe1de2c1caa4c3e135193bfb1811584f11f569dd12645aa84365",
        ),
        (
            "test-clean",
            346_663_984,
            "39fde525e59672dc6d1551919b1478f724438a95aa55f874b576be21967e6c23",
        ),
        (
            "test-other",
            328_757_843,
            "d09c181bba5cf717b3dee7d4d592af11a3ee3a09e08ae025c5506f6ebe961c29",
        ),
        (
            "train-clean-100",
            6_387_309_499,
            "d4ddd1d5a6ab303066f14971d768ee43278a5f2a0aa43dc716b0e64ecbbbf6e2",
        ),
        (
            "train-clean-360",
            23_049_477_885,
            "146a56496217e96c14334a160df97fffedd6e0a04e66b9c5af0d40be3c792ecf",
        ),
        (
            "train-other-500",
            30_593_501_606,
            "ddb22f27f96ec163645d53215559df6aa36515f26e01dd70798188350adcb6d2",
        ),
    )
} | {
    "train-clean-5": _archive(
        "train-clean-5", 332_954_390, "md5:5df7d4e78065366204ca6845bb08f490", mini=True
    ),
    "dev-clean-2": _archive(
        "dev-clean-2", 126_046_265, "md5:6d7ab67ac6a1d2c993d050e16d61080d", mini=True
    ),
}


def _of(*subsets: str) -> DataSet:
    parts = {subset: ARCHIVES[subset] for subset in subsets}
    return DataSet(Archives("librispeech", parts), prepare)


DEV_CLEAN, DEV_OTHER = _of("dev-clean"), _of("dev-other")
TEST_CLEAN, TEST_OTHER = _of("test-clean"), _of("test-other")
TRAIN_CLEAN_5, TRAIN_CLEAN_100 = _of("train-clean-5"), _of("train-clean-100")
TRAIN_CLEAN_360, TRAIN_OTHER_500 = _of("train-clean-360"), _of("train-other-500")
#: Training, validation and test as the corpus has them.
CLEAN_100 = _of("train-clean-100", "dev-clean", "test-clean")
MINI = _of("train-clean-5", "dev-clean-2")
