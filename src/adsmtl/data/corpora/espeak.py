"""Speech synthesised by espeak-ng in eight voices, with the phone timings it reports.

It stands in for TIMIT where that cannot be had: `phone` and `sex` as targets, speaker-disjoint
folds. The phones of one voice are all alike, so accuracies are far above those on natural speech.

Phone classes are espeak-ng's mnemonics without stress marks. One that occurs fewer than 20 times
takes the name without its marks of variation (`I2` -> `I`, `r-` -> `r`); if that is still rarer,
its segments are left out. The same voices, texts and library give the same bytes.
"""

import hashlib
import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from adsmtl import isolated
from adsmtl.data import cards, folds
from adsmtl.data.dataset import DataSet
from adsmtl.data.fetch import progress
from adsmtl.data.prepared import Card
from adsmtl.data.speech import clip, features
from adsmtl.data.speech.segments import INPUT, Segment, Utterance, assemble
from adsmtl.errors import UserError
from adsmtl.files import atomic_folder, digest

#: Voice -> sex: two accents, each with two female and two male variants of the voice tract.
VOICES: dict[str, str] = {
    f"{accent}+{variant}": variant[0]
    for accent, variants in (("en-gb-x-rp", "f3 f4 m2 m7"), ("en-us", "f1 f2 m1 m3"))
    for variant in variants.split()
}

TEXTS: tuple[str, ...] = (
    "My brother left his blue coat on the kitchen chair.",
    "We usually measure the garden before we plant the beans.",
    "Please give both of these letters to the young nurse.",
    "The choir sang a joyful tune while the crowd clapped.",
    "She thought the weather would be much warmer in July.",
    "A huge owl watched the mouse from the top of the barn.",
    "George put the sugar and the cheese into a yellow box.",
    "How often do you visit your father in the village?",
    "The judge chose a fair punishment for the careless driver.",
    "Nothing makes a long voyage nicer than good company.",
    "They found an old toy ship under the bathroom floor.",
    "Vera reads thick books about music, birds and the ocean.",
    "Could you show us where the south road joins the highway?",
    "Eight hungry foxes were hiding behind the wooden fence.",
    "The boy's voice was quiet, yet everyone heard his decision.",
    "Bring a hook, a rope and a torch, and meet us at noon.",
    "His cousin works at the bank near the royal theatre.",
    "Leave the engine running while I push the van uphill.",
    "The usual treasure hunt ends with cake and orange juice.",
    "Ruth asked the chef for soup, fresh bread and cold tea.",
)

RARE = 20
FOLDS = 4
SEXES = ("f", "m")
PAUSE = "_"
TIME_LIMIT = 120  # seconds; the synthesis takes about four


def prepare(folder: Path) -> None:
    """Synthesise and prepare the corpus as `folder`. Targets: `phone`, `sex`.

    Raises:
        UserError: the library crashes, hangs or has other voices than expected.
    """
    progress.say(f"espeak: speaking {len(TEXTS)} sentences in {len(VOICES)} voices")
    speakers = sorted(VOICES)
    with features.one_thread():
        utterances = list(_utterances([(voice, text) for voice in speakers for text in TEXTS]))
    names = merge_rare(Counter(s.phone for u in utterances for s in u.segments))
    utterances = [_renamed(utterance, names) for utterance in utterances]
    classes = sorted({name for name in names.values() if name is not None})
    tracked = progress.track(utterances, "espeak: features")
    data = assemble(tracked, classes, speakers)
    sex_of = np.array([SEXES.index(VOICES[speaker]) for speaker in speakers])
    card: Card = {
        "dataset": "espeak",
        "title": "Speech synthesised by espeak-ng, 8 voices",
        "kind": "sequence",
        "embedded": True,
        "input": INPUT,
        "targets": {"phone": {"classes": classes}, "sex": {"classes": list(SEXES)}},
        "groups": speakers,
        "audio": data.audio,
        "credit": "spoken by espeak-ng (https://github.com/espeak-ng/espeak-ng) for this package",
        "folds": folds.speaker_folds(VOICES, FOLDS),
        "source": {
            "name": f"espeakng-loader {version('espeakng-loader')}",
            "origin": "embedded",
            "sha256": _audio_digest(utterances),
            "provenance": (
                f"Synthesised by espeak-ng: {len(TEXTS)} sentences written for this package in "
                f"{len(VOICES)} voices; the digest is that of the audio at 16 kHz."
            ),
            "licence": "espeak-ng GPL-3.0-or-later; its output is not covered; sentences MIT",
        },
    }
    with atomic_folder(folder) as temporary:
        clip.write(temporary, card, utterances[0].samples, TEXTS[0])
        cards.write(
            temporary,
            card,
            inputs=data.blocks,
            targets={"phone": data.phones, "sex": sex_of[data.groups]},
            groups=data.groups,
            spans=data.spans,
        )


def merge_rare(counts: Counter[str], rare: int = RARE) -> dict[str, str | None]:
    """Phone -> its class, or None where it is left out; see the top of this module."""
    names = {
        phone: phone if count >= rare else re.sub(r"(?<=.)[^A-Za-z]+$", "", phone)
        for phone, count in counts.items()
    }
    merged: Counter[str] = Counter()
    for phone, name in names.items():
        merged[name] += counts[phone]
    return {phone: name if merged[name] >= rare else None for phone, name in names.items()}


def synthesise(jobs: Sequence[tuple[str, str]]) -> Iterator[tuple[np.ndarray, np.ndarray, list]]:
    """Speak `(voice, text)` jobs in another process.

    Yields:
        For each job: samples float32 `[S]` in [-1, 1] at 16 kHz, the first sample of each phone
        int64 `[P]`, and the P mnemonics.
    """
    with tempfile.TemporaryDirectory() as scratch:
        request, out = Path(scratch) / "jobs.json", Path(scratch) / "spoken.npz"
        request.write_text(json.dumps(jobs), encoding="utf-8")
        module = "adsmtl.data.corpora.espeak_library"
        try:
            isolated.run(module, str(request), str(out), limit_s=TIME_LIMIT)
        except isolated.NoAnswer as error:
            raise UserError(
                f"espeak-ng failed: {error}; reinstall espeakng-loader or use real speech data"
            ) from error
        with np.load(out) as arrays:
            rate = int(arrays["rate"])
            for number in range(len(jobs)):
                spoken = arrays[f"{number}.samples"] / np.float32(32768)
                starts = np.rint(arrays[f"{number}.starts"] * features.SAMPLE_RATE / rate)
                yield (
                    features.resampled(spoken, rate),
                    starts.astype(np.int64),
                    arrays[f"{number}.phones"].tolist(),
                )


def _utterances(jobs: Sequence[tuple[str, str]]) -> Iterator[Utterance]:
    for (voice, _), (audio, starts, mnemonics) in zip(jobs, synthesise(jobs), strict=True):
        # a phone ends where the next begins, the last one with the audio
        ends = np.minimum(np.append(starts[1:], len(audio)), len(audio)).tolist()
        segments = [
            Segment(start, end, _unmarked(phone))
            for start, end, phone in zip(starts.tolist(), ends, mnemonics, strict=True)
            if start < end
        ]
        yield Utterance(voice, audio, segments)


def _unmarked(mnemonic: str) -> str:
    """A mnemonic without stress and tone marks; all pauses are one."""
    return PAUSE if mnemonic.startswith(PAUSE) else mnemonic.lstrip("',%=|")


def _renamed(utterance: Utterance, names: dict[str, str | None]) -> Utterance:
    kept = [
        segment._replace(phone=name)
        for segment in utterance.segments
        if (name := names[segment.phone]) is not None
    ]
    return replace(utterance, segments=kept)


def _audio_digest(utterances: Sequence[Utterance]) -> str:
    """One SHA-256 over all audio and its labels, in order."""
    return digest(
        [
            [u.speaker, hashlib.sha256(u.samples.tobytes()).hexdigest(), list(u.segments)]
            for u in utterances
        ]
    )


ESPEAK = DataSet(None, prepare)
