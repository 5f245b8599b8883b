"""The aligner measured on hand labels: the public TIMIT sample, which it has not been trained on.

Shifts, and the strength of the move, are estimated without the speakers that they are measured on:
in each of the four folds of the sample, on the twelve speakers that are not tested in it.
"""

import itertools
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from adsmtl import files
from adsmtl.data import folds
from adsmtl.data.corpora import timit, timit_files
from adsmtl.data.fetch import progress
from adsmtl.data.speech import agreement, boundaries, features
from adsmtl.data.speech.agreement import Boundary
from adsmtl.data.speech.aligner import ANALYSES, USUAL, Aligner, Analysis, Unalignable
from adsmtl.data.speech.boundaries import Correction
from adsmtl.data.speech.pronunciation import pronounce, words_of
from adsmtl.data.speech.segments import Segment

#: Of the move, from which training speakers choose: spread in ms, weight.
CHOICES = tuple(itertools.product((6.0, 8.0, 10.0, 12.0), (0.3, 0.5, 0.8)))
FAR = 60.0  # ms; errors beyond are gross ones and estimate no shift
DECIDING = "20"  # ms
BAR = 0.85  # of boundaries within 20 ms of the nearest


@dataclass(frozen=True)
class Example:
    """One utterance, by hand and aligned."""

    name: str
    speaker: str
    by_hand: Sequence[Segment]
    aligned: Sequence[Segment]
    change: np.ndarray
    seconds: float

    def corrected(self, correction: Correction) -> list[Segment]:
        """The aligned phones, their boundaries corrected."""
        return boundaries.corrected(self.aligned, self.change, correction)


def measure(corpus: Path) -> dict[str, Any]:
    """The table of docs/aligner.md, for the unpacked sample in `corpus`.

    Returns:
        JSON-able: `utterances`, `failed`, `speakers`; `rows`, each with `name`, `boundaries`,
        `shares` by measure and tolerance, `right_time` and `by_speaker` (nearest, within 20 ms);
        and what is estimated on all speakers: `shifts`, `otherwise`, `spread`, `weight`.
    """
    usual, lost = _aligned(corpus, "usual window", (USUAL,))
    examples, failed = _aligned(corpus, "short window", ANALYSES)
    speakers = sorted({one.speaker for one in examples})
    parts = folds.speaker_folds({name: name.partition("-")[2][0] for name in speakers}, timit.FOLDS)
    tested = {name: number for number, part in enumerate(parts) for name in part["test"]}
    kinds: dict[str, Callable[[Sequence[Example]], Correction]] = {
        "and one constant shift": _constant,
        "and a shift by the two phones": _shifted,
        "and moved to where the spectrum changes": chosen,
    }
    nothing = Correction({}, 0.0, weight=0.0)
    rows = [
        {**_row("usual window, 25.6 ms every 10 ms", usual, lambda _: nothing), "failed": lost},
        _row("window of 18 ms every 5 ms", examples, lambda _: nothing),
    ]
    for name, kind in kinds.items():
        own = [
            kind([one for one in examples if tested[one.speaker] != number])
            for number in range(timit.FOLDS)
        ]
        rows.append(_row(name, examples, lambda one, own=own: own[tested[one.speaker]]))
    final = chosen(examples)
    return {
        "speakers": speakers,
        "folds": timit.FOLDS,
        "utterances": len(examples),
        "seconds": round(sum(one.seconds for one in examples), 1),
        "failed": failed,
        "rows": rows,
        "shifts": [[*pair, round(shift, 1)] for pair, shift in sorted(final.shifts.items())],
        "otherwise": round(final.otherwise, 1),
        "spread": final.spread,
        "weight": final.weight,
    }


def chosen(examples: Sequence[Example]) -> Correction:
    """Shifts of these utterances with that move of `CHOICES` that suits them best (`_own`)."""
    shifted = _shifted(examples)
    options = [shifted._replace(spread=spread, weight=weight) for spread, weight in CHOICES]
    return max(options, key=lambda one: _own(_boundaries(examples, lambda _: one)))


def _shifted(examples: Sequence[Example]) -> Correction:
    found = _boundaries(examples, lambda _: Correction({}, 0.0, weight=0.0))
    usable = [one for one in found if abs(one.own) < FAR]  # NaN is not
    return boundaries.estimated([one.pair for one in usable], np.array([o.own for o in usable]))


def _constant(examples: Sequence[Example]) -> Correction:
    return _shifted(examples)._replace(shifts={})


def _boundaries(
    examples: Sequence[Example], correction: Callable[[Example], Correction]
) -> list[Boundary]:
    return [
        boundary
        for one in examples
        for boundary in agreement.boundaries_of(one.corrected(correction(one)), one.by_hand)
    ]


def _near(found: Sequence[Boundary]) -> float:
    return agreement.shares(found)["nearest"][DECIDING]


def _own(found: Sequence[Boundary]) -> float:
    """What decides between moves: the strict measure, because moves flatter the other one."""
    own = agreement.shares(found)["own"]
    return own["10"] + own["20"]


def _row(
    name: str, examples: Sequence[Example], correction: Callable[[Example], Correction]
) -> dict[str, Any]:
    found = {one.name: _boundaries([one], correction) for one in examples}
    times = [agreement.right_time(one.corrected(correction(one)), one.by_hand) for one in examples]
    right, compared = np.sum(times, axis=0)
    every = [boundary for own in found.values() for boundary in own]
    by_speaker: dict[str, list[Boundary]] = {}
    for one in examples:
        by_speaker.setdefault(one.speaker, []).extend(found[one.name])
    return {
        "name": name,
        "boundaries": len(every),
        "shares": agreement.shares(every),
        "right_time": float(right / compared),
        "by_speaker": {speaker: _near(own) for speaker, own in sorted(by_speaker.items())},
    }


def _aligned(
    corpus: Path, what: str, analyses: Sequence[Analysis]
) -> tuple[list[Example], list[str]]:
    """Every utterance of the sample aligned but not corrected, and those that failed."""
    recordings = timit_files.recordings(corpus)
    words = {one: words_of(_text(one.audio.with_suffix(".txt"))) for one in recordings}
    plain = Aligner(analyses=analyses)
    missing = {word for own in words.values() for word in own if not plain.knows(word)}
    spoken = {word: phones for word, phones in pronounce(missing).items() if phones}
    aligner = Aligner(spoken, analyses)
    examples, failed = [], []
    with features.one_thread():
        for one in progress.track(recordings, f"alignment of the TIMIT sample, {what}"):
            samples = timit_files.read_audio(one.audio)
            name = f"{one.speaker}/{one.audio.stem}"
            try:
                aligned = aligner.raw(samples, words[one])
            except Unalignable as error:
                failed.append(f"{name}: {error}")
                continue
            by_hand = timit_files.read_labels(one.labels, len(samples))
            change = boundaries.spectral_change(samples)
            seconds = len(samples) / features.SAMPLE_RATE
            examples.append(Example(name, one.speaker, by_hand, aligned, change, seconds))
    return examples, failed


def _text(path: Path) -> str:
    """The sentence of a .txt file: `<first sample> <last sample> <sentence>`."""
    return path.read_text(encoding="ascii").split(maxsplit=2)[2]


def write(found: Mapping[str, Any], folder: Path) -> None:
    """Write `aligner.json` and `aligner.md`."""
    files.write_json(folder / "aligner.json", found)
    files.write_text(folder / "aligner.md", markdown(found))


def markdown(found: Mapping[str, Any]) -> str:
    """The table for people."""
    head = ["", "n", *(f"{m} {t} ms" for m in ("nearest", "own", "same") for t in (10, 20, 50))]
    lines = [[*head, "right phone"], ["---"] * (len(head) + 1)]
    for row in found["rows"]:
        cells = [row["shares"][m][str(t)] for m in ("nearest", "own", "same") for t in (10, 20, 50)]
        shares = [f"{100 * value:.1f}" for value in (*cells, row["right_time"])]
        lines.append([row["name"], f"{row['boundaries']:,}", *shares])
    last = found["rows"][-1]
    worst, best = (pick(last["by_speaker"].values()) for pick in (min, max))
    reached = last["shares"]["nearest"][DECIDING]
    said = [
        f"PocketSphinx aligned {found['utterances']} utterances ({found['seconds']:.0f} s) of the "
        f"{len(found['speakers'])} speakers of the public TIMIT sample from their words, and its "
        "phones are compared with the hand labels. Every row adds to the one above it. Shifts and "
        "moves are estimated without the speakers that they are measured on, in "
        f"{found['folds']} folds.",
        "Numbers are percentages: of boundaries (n) within so many milliseconds, and of the time "
        "that has the right one of 39 phones. `adsmtl.data.speech.agreement` defines the measures: "
        "nearest hand boundary; own, where the phone's counterpart starts; same, where that is of "
        "the same class.",
        "".join(f"| {' | '.join(line)} |\n" for line in lines).rstrip(),
        f"The bar is {100 * BAR:.0f} % within {DECIDING} ms of the nearest boundary. It is "
        f"{'reached' if reached >= BAR else 'missed'} with {100 * reached:.1f} %; by speaker "
        f"{100 * worst:.1f} to {100 * best:.1f} %. What is used for other corpora is estimated in "
        "the same way on all speakers.",
        f"Utterances that could not be aligned: {'; '.join(found['failed']) or 'none'}.",
    ]
    title = "# The aligner, measured\n\nWritten by `adsmtl measure-aligner`."
    return "\n\n".join([title, *map(_wrapped, said)]) + "\n"


def _wrapped(text: str) -> str:
    return text if text.startswith("|") else textwrap.fill(text, 110, break_on_hyphens=False)
