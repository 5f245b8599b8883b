"""Damaged data of one's own end with one message that names the file and, in tables, the line.

A new case is a line of a table: what is done to a whole data set, and what the message says. What
a damage returns as a mapping are more keys of the entry.
"""

import io
import os
import shutil
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mine
import numpy as np
import pytest
import soundfile
from PIL import Image

from adsmtl.data import registry
from adsmtl.data.fetch import members
from adsmtl.data.own.kinds import KINDS, data_set
from adsmtl.errors import UserError

pytestmark = pytest.mark.faults("damages of one's own data")


Damage = Callable[[Path], Any]
CLASSES = ["aa", "s", "sil"]


def prepare(folder: Path, kind: str, **keys: Any) -> Path:
    entry = KINDS[kind](**keys)
    declared = {"mine": data_set("mine", entry, "config/datasets.yaml: mine")}
    return registry.prepare("mine", folder / "raw", folder / "out", {}, 1, declared)


def refused(folder: Path, kind: str, message: str, **keys: Any) -> None:
    with pytest.raises(UserError, match=message) as caught:
        prepare(folder, kind, **keys)
    assert ".unpacked-" not in str(caught.value)
    assert not (folder / "out" / "mine").exists()
    assert list((folder / "out").glob(".*")) == []


def keys_of(damage: Damage, root: Path) -> dict[str, Any]:
    done = damage(root)
    return done if isinstance(done, dict) else {}


def first(root: Path) -> Path:
    return root / "blue/00.png"


def pictured(root: Path, *lines: list, columns: tuple[str, ...] = ("path", "label")) -> dict:
    """A table of all pictures, with more lines at its end."""
    every = [[f"{path.parent.name}/{path.name}", path.parent.name] for path in root.glob("*/*")]
    padding = [""] * (len(columns) - 2)
    lines_of_all = [[*line, *padding] for line in sorted(every)]
    mine.write_table(root / "table.csv", [*lines_of_all, *lines], columns)
    return {"table": "table.csv"}


def split_pictures(root: Path, *names: str) -> None:
    """The same pictures below each of these folders."""
    for name in names:
        for label in mine.COLOURS:
            shutil.copytree(root / label, root / "parts" / name / label)
    for label in mine.COLOURS:
        shutil.rmtree(root / label)
    for path in (root / "parts").iterdir():
        path.rename(root / path.name)
    (root / "parts").rmdir()


def changed(root: Path, line: int, **values: Any) -> None:
    """Change values of one line of the table of segments; the first line is its head."""
    rows = mine.rows()
    for name, value in values.items():
        rows[line - 2][mine.COLUMNS.index(name)] = value
    mine.write_table(root / "segments.csv", rows)


def renamed(root: Path) -> None:
    (root / "ann/1.wav").rename(root / "ann/1.raw")
    table = root / "segments.csv"
    table.write_text(table.read_text().replace("ann/1.wav", "ann/1.raw"))


def with_split(root: Path, of: Callable[[int, str], str]) -> None:
    rows = mine.rows()
    lines = [[*row, of(number, row[4])] for number, row in enumerate(rows)]
    mine.write_table(root / "segments.csv", lines, (*mine.COLUMNS, "split"))


def trained_and_tested(root: Path) -> None:
    mine.sound(root / "ann/2.wav")
    lines = [[*row, "train"] for row in mine.rows()]
    lines.append(["ann/2.wav", 0, 0.5, "aa", "ann", "test"])
    mine.write_table(root / "segments.csv", lines, (*mine.COLUMNS, "split"))


def only(root: Path, *rows: list) -> None:
    mine.write_table(root / "segments.csv", rows)


def overwritten(name: str, content: bytes) -> Damage:
    def damage(root: Path) -> None:
        (root / name).write_bytes(content)

    return damage


def cut(name: str) -> Damage:
    def damage(root: Path) -> None:
        content = (root / name).read_bytes()
        (root / name).write_bytes(content[: len(content) // 2])

    return damage


def segment(**values: Any) -> Damage:
    """Line 3, the second segment of the first speaker, says something else."""
    return lambda root: changed(root, 3, **values)


def deep(root: Path) -> None:
    pixels = np.arange(40_000, dtype=np.uint16).reshape(200, 200)
    Image.fromarray(pixels).save(first(root))


def huge(root: Path) -> None:
    Image.new("1", (20_000, 20_000)).save(first(root))


def emptied(root: Path) -> None:
    shutil.rmtree(root / "blue")
    (root / "blue").mkdir()


def one_class(root: Path) -> None:
    shutil.rmtree(root / "blue")


def few(root: Path) -> None:
    for path in root.glob("*/*"):
        if path.stem != "00":
            path.unlink()


def untrained(root: Path) -> None:
    split_pictures(root, "train", "test")
    shutil.rmtree(root / "train/red")


def quoted(root: Path) -> dict:
    (root / "t.csv").write_text('path,label\nblue/00.png,"blue\n')
    return {"table": "t.csv"}


def deep_colours(root: Path) -> None:
    """A PNG of 16 bits a channel, which Pillow opens with eight and no word."""
    row = b"\0" + bytes(6 * 8)
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", 8, 8, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(row * 8)),
        (b"IEND", b""),
    ]
    content = b"\x89PNG\r\n\x1a\n"
    for kind, body in chunks:
        content += struct.pack(">I", len(body)) + kind + body
        content += struct.pack(">I", zlib.crc32(kind + body))
    first(root).write_bytes(content)


def under(*tops: str) -> Damage:
    """The classes lie in each of some folders."""

    def damage(root: Path) -> None:
        inner = list(root.iterdir())
        for top in tops:
            for path in inner:
                shutil.copytree(path, root / top / path.name)
        for path in inner:
            shutil.rmtree(path)

    return damage


def beside_a_split(root: Path) -> None:
    split_pictures(root, "train", "val", "test")
    mine.picture(root / "unlabelled/00.png", (0, 0, 0))


def unfetched(root: Path) -> None:
    first(root).unlink()
    first(root).symlink_to(root / "not here.png")


def another_code(root: Path) -> None:
    (root / "blue" / os.fsdecode(b"caf\xe9.png")).write_bytes(first(root).read_bytes())


IMAGES: dict[str, tuple[Damage, str]] = {
    "sixteen bits in colour": (deep_colours, r"blue/00\.png has pixels of the kind 'RGB;16B'"),
    "folders beside a split": (beside_a_split, "unlabelled lies beside the folders of a split"),
    "parts that have other names": (
        under("training_set", "test_set"),
        "all hold the folders blue, red. If these are the classes, call the outer ones train",
    ),
    "a file that is not there": (unfetched, r"00\.png is a link that leads nowhere; get its file"),
    "a name that is not UTF-8": (another_code, r"caf\\xe9\.png has a name that is not UTF-8"),
    "an ignored label that no image has": (
        lambda root: {"ignore": ["green"]},
        "no image has the label 'green', which `ignore` names",
    ),
    "a column that is named and not there": (
        lambda root: pictured(root) | {"columns": {"split": "Part"}},
        r"table\.csv has no column 'Part'; it has 'path', 'label'",
    ),
    "a column in another case": (
        lambda root: pictured(root, columns=("path", "label", "Split")),
        r"table\.csv has no column 'split'; it has 'path', 'label', 'Split'",
    ),
    "no image": (overwritten("blue/00.png", b"hello"), r"blue/00\.png is no image that can be"),
    "empty image": (overwritten("blue/00.png", b""), r"blue/00\.png is no image"),
    "broken image": (cut("blue/00.png"), r"blue/00\.png is damaged: .*broken: skip"),
    "broken photograph": (cut("red/01.jpg"), r"red/01\.jpg is damaged: "),
    "sixteen bits": (deep, r"blue/00\.png has pixels of the kind 'I;16'; save it with eight"),
    "too many pixels": (huge, r"blue/00\.png has too many pixels"),
    "empty class folder": (emptied, r"pictures/blue holds no images; delete it or add some"),
    "one class only": (one_class, r"mine: there is nothing to tell apart: the labels are red"),
    "no folders": (lambda root: [shutil.rmtree(p) for p in root.iterdir()], "no folders"),
    "too few to split": (few, "mine: no example is for 'train'; give every part some"),
    "a class that is tested alone": (untrained, "class 'red' has no training example"),
    "a class that is not stated": (
        lambda root: {"classes": ["blue", "green"]},
        r"red/00\.png: label 'red' is none of `classes`; add it there or to `ignore`",
    ),
    "a stated class without images": (
        lambda root: {"classes": ["blue", "red", "green"]},
        "class 'green' has no example",
    ),
    "a split without tests": (
        lambda root: split_pictures(root, "train", "val"),
        "no example is for 'test'",
    ),
    "two folders of one part": (
        lambda root: split_pictures(root, "train", "val", "dev", "test"),
        r"pictures/val and .*pictures/dev are the same part",
    ),
    "a table without a column": (
        lambda root: (
            mine.write_table(root / "t.csv", [["a", "b"]], ["file", "label"]) or {"table": "t.csv"}
        ),
        r"t\.csv has no column 'path'; it has 'file', 'label'",
    ),
    "a table that is missing": (lambda root: {"table": "no.csv"}, r"no\.csv is missing"),
    "a table without rows": (
        lambda root: mine.write_table(root / "t.csv", [], ["path", "label"]) or {"table": "t.csv"},
        r"t\.csv has no rows",
    ),
    "a listed image that is missing": (
        lambda root: pictured(root, ["blue/gone.png", "blue"]),
        r"table\.csv, line 26: .*blue/gone\.png is missing",
    ),
    "an image that is listed twice": (
        lambda root: pictured(root, ["blue/00.png", "red"]),
        r"table\.csv, line 26: .*blue/00\.png is that of line 2 already",
    ),
    "an image without a label": (
        lambda root: pictured(root, ["blue/00.png", " "]),
        r"table\.csv, line 26: 'label' is empty",
    ),
    "an unknown part of a split": (
        lambda root: pictured(root, columns=("path", "label", "split")),
        r"table\.csv, line 2: split is ''; write train, val or test",
    ),
    "a table with no head for a value": (
        lambda root: pictured(root, ["blue/00.png", "blue", "x"]),
        r"table\.csv, line 26: 3 values, but the head of the table has 2",
    ),
    "a table with an open quote": (
        quoted,
        r"t\.csv, line \d: unexpected end of data",
    ),
}

SEGMENTS: dict[str, tuple[Damage, str]] = {
    "missing audio": (
        lambda root: (root / "ann/1.wav").unlink(),
        r"segments\.csv, line 2: .*ann/1\.wav is missing",
    ),
    "empty audio": (overwritten("ann/1.wav", b""), r"ann/1\.wav cannot be read as audio"),
    "audio without samples": (
        lambda root: mine.sound(root / "ann/1.wav", seconds=0),
        r"ann/1\.wav holds no samples",
    ),
    "truncated audio": (
        cut("ann/1.wav"),
        r"segments\.csv, line 4: the segment ends at 0\.700 s, but 1\.wav is 0\.49\d s long",
    ),
    "channels that cancel": (
        lambda root: soundfile.write(
            root / "ann/1.wav", np.array([[0.25, -0.25]] * 16_000), 16_000
        ),
        r"ann/1\.wav cannot be used: its channels cancel each other",
    ),
    "raw samples": (
        renamed,
        r"ann/1\.raw cannot be read as audio",
    ),
    "an ignored label that no segment has": (
        lambda root: {"ignore": ["SIL"]},
        "no segment has the label 'SIL', which `ignore` names",
    ),
    "a file of two speakers, written in two ways": (
        segment(path="./ann/1.wav", speaker="bob"),
        r"\./ann/1\.wav is of speaker 'ann'",
    ),
    "silent audio": (
        lambda root: soundfile.write(root / "ann/1.wav", np.zeros(16_000), 16_000),
        r"ann/1\.wav cannot be used: it is silent throughout",
    ),
    "audio that is no number": (
        lambda root: soundfile.write(
            root / "ann/1.wav", np.full(16_000, np.nan), 16_000, subtype="FLOAT"
        ),
        r"ann/1\.wav holds samples that are no numbers",
    ),
    "an odd rate": (
        lambda root: mine.sound(root / "ann/1.wav", rate=44_101),
        r"ann/1\.wav has 44,101 samples a second; convert it to 16,000",
    ),
    "a label beyond the audio": (
        segment(end=3.5),
        r"segments\.csv, line \d: the segment ends at|line 4 overlaps line 3",
    ),
    "the last label beyond the audio": (
        lambda root: changed(root, 5, end=1.5),
        r"segments\.csv, line 5: the segment ends at 1\.500 s, but 1\.wav is 1\.000 s long",
    ),
    "overlapping labels": (segment(end=0.6), r"segments\.csv, line 4 overlaps line 3"),
    "a duplicate row": (
        lambda root: only(root, *mine.rows(), mine.rows()[1]),
        r"segments\.csv, line 34 repeats line 3; delete one",
    ),
    "a time that is no number": (segment(start="soon"), r"line 3: start is 'soon', which is no nu"),
    "NaN": (segment(end="nan"), r"segments\.csv, line 3: end is nan; give a finite number"),
    "an infinite time": (segment(end="inf"), r"line 3: end is inf; give a finite number"),
    "a negative time": (segment(start=-0.1), r"segments\.csv, line 3: start is -0\.1, before the"),
    "an end before its start": (segment(end=0.1), r"line 3: the segment ends at 0\.1, not after"),
    "shorter than a sample": (segment(start=0.2, end=0.20000001), "line 3: the segment is shorter"),
    "an empty label": (segment(label=""), r"segments\.csv, line 3: 'label' is empty"),
    "an unknown label": (
        lambda root: changed(root, 3, label="qq") or {"classes": CLASSES},
        r"segments\.csv, line 3: label 'qq' is none of `classes`",
    ),
    "no speaker": (segment(speaker=""), r"segments\.csv, line 3: 'speaker' is empty"),
    "two speakers in a file": (
        segment(speaker="bob"),
        r"line 3: ann/1\.wav is of speaker 'ann' in line 2; cut it",
    ),
    "one class only": (
        lambda root: only(root, *(row for row in mine.rows() if row[3] == "sil")),
        "nothing to tell apart: the labels are sil",
    ),
    "too few speakers": (
        lambda root: only(root, *mine.rows(mine.SPEAKERS[:3])),
        "4 folds need as many speakers, not 3; say folds: 3",
    ),
    "two speakers in all": (
        lambda root: only(root, *mine.rows(mine.SPEAKERS[:2])),
        "4 folds need as many speakers, not 2; get data of more",
    ),
    "a speaker in two parts": (
        trained_and_tested,
        r"speaker 'ann' is in two parts of the split: .*line 2 and .*line 34; a speaker who is",
    ),
    "a file in two parts": (
        lambda root: with_split(root, lambda number, speaker: "test" if number == 2 else "train"),
        r"line 4: ann/1\.wav is in another part of the split in line 2",
    ),
    "an unknown part": (
        lambda root: with_split(root, lambda number, speaker: "later"),
        r"line 2: split is 'later'; write train, val or test",
    ),
    "no test speakers": (
        lambda root: with_split(root, lambda number, s: "val" if s == "ann" else "train"),
        "no example is for 'test'",
    ),
    "not UTF-8": (
        overwritten("segments.csv", "path,start,end,label,speaker\na,0,1,b,é\n".encode("latin-1")),
        r"segments\.csv, line 2, is not UTF-8",
    ),
    "another separator": (
        lambda root: (root / "segments.csv").write_text("path;start;end;label;speaker\n"),
        r"segments\.csv separates values by ';'; separate them by ','",
    ),
    "a column twice": (
        lambda root: mine.write_table(root / "segments.csv", [], (*mine.COLUMNS, "label")),
        r"segments\.csv has two columns 'label'",
    ),
    "no Parquet": (
        lambda root: (root / "x.parquet").write_text("no") and {"table": "x.parquet"},
        r"x\.parquet cannot be read as Parquet",
    ),
    "no table": (
        lambda root: (root / "x.xls").write_text("no") and {"table": "x.xls"},
        r"x\.xls is no table; write \.csv, \.tsv or \.parquet",
    ),
    "no folder of audio": (lambda root: {"audio": "no"}, r"speech/no, which `audio` names, is no"),
}


def grid(content: str | bytes, name: str = "ann/1.TextGrid") -> Damage:
    return overwritten(name, content.encode() if isinstance(content, str) else content)


def moved_up(root: Path) -> None:
    for name in ("1.TextGrid", "1.wav"):
        (root / "ann" / name).rename(root / name)


PHONES = {"tier": "phones"}


def beside(root: Path) -> None:
    """The speakers lie in the folders of a split, and a file beside these."""
    for number, path in enumerate(sorted(root.iterdir())):
        shutil.move(path, root / ("train", "val", "test")[number % 3] / path.name)
    text = (root / "train/ann/1.TextGrid").read_text()
    (root / "x.TextGrid").write_text(text)
    mine.sound(root / "x.wav")


GRIDS: dict[str, tuple[Damage, str]] = {
    "no such tier": (
        lambda root: {"tier": "syllables"},
        r"ann/1\.TextGrid has no interval tier 'syllables'; it has 'words', 'phones'",
    ),
    "several tiers": (lambda root: {"tier": None}, "say under `tier` which holds the labels"),
    "a file that is cut off": (cut("ann/1.TextGrid"), r"ann/1\.TextGrid (is no whole|has)"),
    "another file": (grid("hello"), r"ann/1\.TextGrid is no whole TextGrid file"),
    "not Unicode": (grid(b"\xff\xfe\xfa"), r"ann/1\.TextGrid is neither UTF-8 nor UTF-16"),
    "no audio": (
        lambda root: (root / "ann/1.wav").unlink(),
        r"ann/1\.TextGrid has no audio of its name",
    ),
    "two files of audio": (
        lambda root: mine.sound(root / "ann/1.flac"),
        r"ann/1\.TextGrid could label 1\.flac or 1\.wav; delete one",
    ),
    "folders in the folder of a speaker": (
        lambda root: [
            shutil.move(path, path.parent / "chapter" / path.name)
            for path in sorted(root.glob("*/*"))
            if (path.parent / "chapter").mkdir(exist_ok=True) is None
        ],
        r"1\.TextGrid does not lie in a folder of its speaker, one level below",
    ),
    "a TextGrid file beside a split": (beside, r"x\.TextGrid lies beside the folders of a split"),
    "no folder of a speaker": (
        moved_up,
        r"1\.TextGrid does not lie in a folder of its speaker",
    ),
    "no speaker in the name": (
        lambda root: {"speaker": "^(b.*)/"},
        r"ann/1\.TextGrid: the pattern '\^\(b\.\*\)/' finds no speaker in 'ann/1'",
    ),
    "an interval beyond the audio": (
        grid(mine.text_grid({"phones": [(0.0, 0.9, "aa"), (0.9, 1.4, "s")]}, 1.4)),
        r"ann/1\.TextGrid, interval 2: the segment ends at 1\.400 s",
    ),
    "no TextGrid files": (
        lambda root: [path.unlink() for path in root.glob("*/*.TextGrid")],
        "holds no TextGrid files",
    ),
}


@pytest.mark.parametrize("name", IMAGES)
def test_images(tmp_path, name):
    damage, message = IMAGES[name]
    root = mine.pictures(tmp_path / "pictures")
    keys = keys_of(damage, root)
    refused(tmp_path, "image-folder", message, path=str(root), **keys)


@pytest.mark.parametrize("name", SEGMENTS)
def test_segments(tmp_path, name):
    damage, message = SEGMENTS[name]
    root = mine.speech(tmp_path / "speech")
    keys = {"table": "segments.csv"} | keys_of(damage, root)
    refused(tmp_path, "segments", message, path=str(root), **keys)


@pytest.mark.parametrize("name", GRIDS)
def test_text_grids(tmp_path, name):
    damage, message = GRIDS[name]
    root = mine.grids(tmp_path / "speech")
    keys = PHONES | keys_of(damage, root)
    refused(tmp_path, "segments", message, path=str(root), **keys)


def zipped(root: Path, archive: Path) -> zipfile.ZipFile:
    pack = zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED)
    for path in sorted(root.rglob("*")):
        pack.write(path, path.relative_to(root.parent))
    return pack


def escaping(pack: zipfile.ZipFile) -> None:
    pack.writestr("/etc/evil", b"")


def linked(pack: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("pictures/blue/link.png")
    info.external_attr = 0o120777 << 16
    pack.writestr(info, "/etc/passwd")


def bomb(pack: zipfile.ZipFile) -> None:
    for number in range(30):
        pack.writestr(f"pictures/blue/zeros{number}.png", bytes(400_000))


def not_an_image(pack: zipfile.ZipFile) -> None:
    pack.writestr("pictures/blue/text.png", b"text")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (escaping, r"x\.zip: refused to unpack '/etc/evil': its path leaves the folder"),
        (linked, r"x\.zip: refused to unpack .*link\.png': it is a link or a special file"),
        (bomb, r"x\.zip: refused to unpack .*times as large as the archive"),
        (not_an_image, r"x\.zip/pictures/blue/text\.png is no image"),
    ],
)
def test_archives(tmp_path, monkeypatch, damage, message):
    monkeypatch.setattr(members, "HARMLESS", 1_000_000)
    with zipped(mine.pictures(tmp_path / "pictures"), tmp_path / "x.zip") as pack:
        damage(pack)
    refused(tmp_path, "image-folder", message, path=str(tmp_path / "x.zip"))


def test_a_table_in_an_archive_names_files_in_it_alone(tmp_path):
    root = mine.speech(tmp_path / "speech")
    mine.sound(tmp_path / "outside.wav")
    changed(root, 2, path=str(tmp_path / "outside.wav"))
    with zipped(root, tmp_path / "x.zip"):
        pass
    message = r"x\.zip/speech/segments\.csv, line 2: .*outside\.wav lies outside the archive"
    keys = {"path": str(tmp_path / "x.zip"), "table": "segments.csv"}
    refused(tmp_path, "segments", message, **keys)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x.zip", "cannot be unpacked"),
        ("x.tar.gz", "cannot be unpacked"),
        ("x.txt", "is neither a folder, an archive nor a table; save it as .csv"),
        ("x.xlsx", "is neither a folder, an archive nor a table; save it as .csv"),
    ],
)
def test_what_is_no_archive(tmp_path, name, message):
    (tmp_path / name).write_bytes(b"no archive")
    message = rf"{name}:? {message}"
    refused(tmp_path, "image-folder", message, path=str(tmp_path / name))


def test_a_link_in_a_tar(tmp_path):
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as pack:
        pack.add(mine.pictures(tmp_path / "pictures"), "pictures")
        info = tarfile.TarInfo("pictures/blue/x.png")
        info.type, info.linkname = tarfile.SYMTYPE, "../../../secret"
        pack.addfile(info, io.BytesIO())
    message = r"x\.tar\.gz: refused to unpack 'pictures/blue/x\.png': it is a link"
    refused(tmp_path, "image-folder", message, path=str(tmp_path / "x.tar.gz"))


def test_nothing_is_there(tmp_path):
    (tmp_path / "out").mkdir()
    message = r"mine cannot be had:\n  - config/datasets\.yaml: mine: path is .*no, where nothing"
    refused(tmp_path, "segments", message, path=str(tmp_path / "no"))
