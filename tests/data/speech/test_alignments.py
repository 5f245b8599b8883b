"""The table of alignments: nothing is aligned twice, nothing is lost silently."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from adsmtl.data.corpora.espeak import synthesise
from adsmtl.data.corpora.librispeech_files import read_audio
from adsmtl.data.speech.alignments import Spoken, Table
from adsmtl.errors import UserError


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> list[Spoken]:
    """Two sentences that can be aligned, and one whose file is no audio."""
    folder = tmp_path_factory.mktemp("spoken")
    texts = ["the old ship", "a blue coat"]
    found = []
    for number, (samples, _, _) in enumerate(synthesise([("en-us+m1", text) for text in texts])):
        path = folder / f"{number}.flac"
        soundfile.write(path, samples, 16_000)
        found.append(Spoken(f"1-1-{number}", texts[number].upper(), path))
    (folder / "2.flac").write_bytes(b"no audio")
    return [*found, Spoken("1-1-2", "NOTHING", folder / "2.flac")]


@pytest.fixture(scope="module")
def table(spoken: list[Spoken], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished table; read only."""
    path = tmp_path_factory.mktemp("table") / "alignments.jsonl"
    Table(path, spoken, {}).fill(read_audio, 2)
    return path


def copy(table: Path, folder: Path, change=lambda lines: lines) -> Path:
    lines = change(table.read_text().splitlines(keepends=True))
    (folder / "alignments.jsonl").write_text("".join(lines))
    return folder / "alignments.jsonl"


def never(_: Path | None) -> np.ndarray:
    raise AssertionError("nothing is left to align")


def test_every_utterance_has_a_line_and_failures_have_a_reason(table, spoken):
    rows = list(Table(table, spoken, {}).rows())
    assert [one.name for one, _ in rows] == ["1-1-0", "1-1-1", "1-1-2"]
    assert [aligned.failed for _, aligned in rows] == [None, None, "the audio cannot be read"]
    first = rows[0][1]
    assert [one.phone for one in first.segments if one.phone != "pau"][:2] == ["dh", "ah"]
    assert first.segments[-1].end == first.samples == len(read_audio(spoken[0].path))


def test_a_finished_table_starts_no_process(table, spoken, tmp_path):
    path = copy(table, tmp_path)
    Table(path, spoken, {}).fill(never, 1)
    assert path.read_bytes() == table.read_bytes()


def test_after_a_crash_only_what_is_missing_is_aligned(table, spoken, tmp_path):
    kept = []

    def cut(lines: list[str]) -> list[str]:
        kept.append(lines[0])
        return [lines[0], lines[1][:20]]

    path = copy(table, tmp_path, cut)
    Table(path, spoken, {}).fill(read_audio, 1)
    assert path.read_text().startswith(kept[0])
    assert len(path.read_text().splitlines()) == 4  # the cut one stays, and is not read
    found = {one.name: aligned for one, aligned in Table(path, spoken, {}).rows()}
    assert found == {one.name: aligned for one, aligned in Table(table, spoken, {}).rows()}


def test_other_words_or_another_pronunciation_make_a_line_stale(table, spoken):
    other = [spoken[0]._replace(text="THE NEW SHIP"), *spoken[1:]]
    with pytest.raises(UserError, match="lacks 1-1-0"):
        list(Table(table, other, {}).rows())
    with pytest.raises(UserError, match="lacks 1-1-1"):
        list(Table(table, spoken[1:], {"coat": "K OW"}).rows())
    assert len(list(Table(table, spoken, {"unused": "AH"}).rows())) == 3


def test_a_table_that_cannot_be_written_is_named(spoken, tmp_path):
    (tmp_path / "alignments.jsonl").mkdir()
    with pytest.raises(UserError, match=r"cannot (read|write) .*alignments\.jsonl"):
        Table(tmp_path / "alignments.jsonl", spoken, {}).fill(read_audio, 1)


def test_the_lines_are_json(table):
    rows = [json.loads(line) for line in table.read_text().splitlines()]
    assert {key for row in rows for key in row} == {
        *("name", "digest", "samples", "starts", "phones"),
        "failed",
    }
