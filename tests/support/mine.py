"""Small data sets as a person would hold them: pictures by class, and labelled speech."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

COLOURS = {"blue": (30, 60, 200), "red": (200, 40, 30)}
SPEAKERS = ("ann", "bob", "cid", "dot", "eve", "fay", "gus", "hal")
COLUMNS = ("path", "start", "end", "label", "speaker")
#: Seconds and label of the segments of every file, which lasts a second.
MARKS = ((0.0, 0.2, "sil"), (0.2, 0.45, "aa"), (0.45, 0.7, "s"), (0.7, 1.0, "sil"))


def picture(path: Path, colour: tuple[int, int, int], number: int = 0) -> None:
    """A noisy picture of a colour, wider than high."""
    random = np.random.default_rng(number)
    pixels = np.clip(np.array(colour) + random.integers(-25, 25, (24, 36, 3)), 0, 255)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(path)


def pictures(root: Path, per_class: int = 12) -> Path:
    """A folder for each of two colours."""
    for label, colour in COLOURS.items():
        for number in range(per_class):
            suffix = ("png", "jpg")[number % 2]
            picture(root / label / f"{number:02d}.{suffix}", colour, number)
    return root


def sound(path: Path, seconds: float = 1.0, rate: int = 16_000, channels: int = 1) -> None:
    """Noise, louder in the second half of a file."""
    count = round(seconds * rate)
    random = np.random.default_rng(count)
    samples = random.normal(0, 0.05, (count, channels)) * np.linspace(0.3, 1, count)[:, None]
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate)


def rows(speakers: Iterable[str] = SPEAKERS) -> list[list]:
    """The rows of a table of segments, with the columns of `COLUMNS`."""
    return [[f"{own}/1.wav", a, b, label, own] for own in speakers for a, b, label in MARKS]


def write_table(path: Path, lines: Iterable[Iterable], columns: Iterable[str] = COLUMNS) -> None:
    """A CSV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([list(columns), *lines])


def speech(root: Path) -> Path:
    """A file of a second for each of eight speakers, and `segments.csv`."""
    for speaker in SPEAKERS:
        sound(root / speaker / "1.wav")
    write_table(root / "segments.csv", rows())
    return root


def text_grid(tiers: Mapping[str, Iterable[tuple[float, float, str]]], seconds: float = 1.0) -> str:
    """A TextGrid file in Praat's long form."""
    lines = [
        *('File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0"),
        *(f"xmax = {seconds}", "tiers? <exists>", f"size = {len(tiers)}", "item []:"),
    ]
    for number, (name, marks) in enumerate(tiers.items(), start=1):
        marks = list(marks)
        lines += [f"    item [{number}]:", '        class = "IntervalTier"']
        lines += [f'        name = "{name}"', "        xmin = 0", f"        xmax = {seconds}"]
        lines += [f"        intervals: size = {len(marks)}"]
        for place, (start, end, label) in enumerate(marks, start=1):
            lines += [f"        intervals [{place}]:", f"            xmin = {start}"]
            lines += [f"            xmax = {end}", f'            text = "{label}"']
    return "\n".join(lines) + "\n"


def grids(root: Path) -> Path:
    """`speech` with a TextGrid file beside each sound instead of the table."""
    speech(root)
    (root / "segments.csv").unlink()
    for speaker in SPEAKERS:
        text = text_grid({"words": [(0.0, 1.0, "word")], "phones": MARKS})
        (root / speaker / "1.TextGrid").write_text(text, encoding="utf-8")
    return root
