"""The data sets of a study as its page shows them: numbers, pictures, something to listen to.

Pages are passed on, so examples are in them only where the card names whom to credit for that.
Statistics of the data are in every page.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adsmtl.baselines import svm
from adsmtl.collected import provenance
from adsmtl.collected.reading import Collected
from adsmtl.data import pictures, statistics
from adsmtl.data.statistics import ALL
from adsmtl.files import read_json
from adsmtl.report import aligner
from adsmtl.tables.numbers import MISSING
from adsmtl.tables.render import TextTable


@dataclass(frozen=True)
class DataCard:
    """One data set; pictures and sound are base64.

    Attributes:
        name: of the data set.
        title: what it is, in words.
        lacking: why there is nothing but the name, else None.
        parts: numbers of every part of the split.
        classes: numbers of every class.
        examples: PNG of an example of each class, None where it may not be passed on.
        means: PNG of the mean of each class.
        drawn: PNG of the number and duration of all classes.
        sound: FLAC of a few seconds, None where there is none or it may not be passed on.
        words: that are said there.
        credit: whom examples are from, None where they may not be passed on.
        folder: where they are on the machine that prepared the data.
        baseline: of `baselines.svm.measure`, None where it was not run.
        sequence: whether it is speech.
        aligner: how good its labels are, where they come from the aligner and it was measured.
    """

    name: str
    title: str = ""
    lacking: str | None = None
    parts: TextTable | None = None
    classes: TextTable | None = None
    examples: str | None = None
    means: str | None = None
    drawn: str | None = None
    sound: str | None = None
    words: str = ""
    credit: str | None = None
    folder: str = ""
    baseline: Mapping[str, Any] | None = None
    sequence: bool = False
    aligner: TextTable | None = None


def read(collected: Collected, prepared: Path) -> list[DataCard]:
    """The card of every data set that the runs saw.

    A folder that is not there, or holds other data than those of the runs, gives a card that
    says so.

    Args:
        prepared: holds the prepared folders.

    Raises:
        UserError: a file there cannot be understood.
    """
    return [
        _read(name, str(data.get("digest")), prepared / name.partition(" @")[0])
        for name, data in provenance.data_sets(collected).items()
    ]


def _read(name: str, digest: str, folder: Path) -> DataCard:
    drawn = (pictures.EXAMPLES, pictures.MEANS, pictures.CLASSES)
    needed = [folder / name for name in (statistics.NAME, *drawn)]
    again = f"`adsmtl prepare {folder.name}` and `adsmtl report` add them"
    if missing := [path.name for path in needed if not path.is_file()]:
        return DataCard(name, lacking=f"Its numbers ({missing[0]}) were not at hand; {again}.")
    numbers, card = read_json(folder / statistics.NAME), read_json(folder / "card.json")
    if digest not in (numbers["digest"], "None") or card["digest"] != numbers["digest"]:
        return DataCard(
            name, lacking="The data prepared on this machine are not those of the runs."
        )
    sequence = card["kind"] == "sequence"
    return DataCard(
        name=name,
        title=card["title"],
        parts=_parts(name, numbers, sequence),
        classes=_classes(name, numbers, sequence),
        examples=_base64(folder / pictures.EXAMPLES) if card.get("credit") else None,
        means=_base64(folder / pictures.MEANS),
        drawn=_base64(folder / pictures.CLASSES),
        sound=_base64(folder / card["clip"]["file"]) if "clip" in card else None,
        words=card.get("clip", {}).get("words", ""),
        credit=card.get("credit"),
        folder=folder.as_posix(),
        baseline=_baseline(folder / svm.NAME, numbers["digest"]),
        sequence=sequence,
        aligner=aligner.table() if name.startswith("librispeech") else None,
    )


def _baseline(path: Path, digest: str) -> Mapping[str, Any] | None:
    """The measured baseline, if it is of these data."""
    found = read_json(path) if path.is_file() else None
    return found if found and found["digest"] == digest else None


def _parts(name: str, numbers: Mapping[str, Any], sequence: bool) -> TextTable:
    rows = [
        [
            part,
            f"{own['examples']:,}",
            *([f"{own['speakers']:,}", _hours(own["hours"])] if sequence else []),
        ]
        for part, own in numbers["parts"].items()
    ]
    columns = ["Part", "Examples", *(["Speakers", "Speech"] if sequence else [])]
    whole = numbers["parts"][ALL]["ms"]
    notes = []
    if whole:
        notes = [
            f"Half of the segments are longer than {whole['median']:.0f} ms; 90 % last "
            f"{whole['p5']:.0f} to {whole['p95']:.0f} ms."
        ]
    return TextTable(f"parts-{name}", "", columns, rows, notes)


def _classes(name: str, numbers: Mapping[str, Any], sequence: bool) -> TextTable:
    parts: Sequence[str] = list(numbers["parts"])
    rows = [
        [
            label,
            *(f"{own['counts'][part]:,}" for part in parts),
            *(_durations(own["ms"]) if sequence else []),
        ]
        for label, own in numbers["classes"].items()
    ]
    lengths = ["5 % (ms)", "median (ms)", "95 % (ms)"] if sequence else []
    caption = "Examples of every class"
    caption += ", and how long its segments last." if sequence else "."
    columns = [numbers["target"], *parts, *lengths]
    return TextTable(f"classes-{name}", caption, columns, rows)


def _durations(ms: Mapping[str, float] | None) -> list[str]:
    keys = statistics.QUANTILES
    return [MISSING] * len(keys) if ms is None else [f"{ms[key]:.0f}" for key in keys]


def _hours(hours: float | None) -> str:
    if hours is None:
        return MISSING
    return f"{hours:.2f} h" if hours >= 1 else f"{60 * hours:.1f} min"


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
