"""Scale, measured on a corpus of a few sentences: what is repeated, and that nothing stays."""

import json

import pytest
from benchmarks import scale
from librispeech_tree import ROOT, files, prepare, spoken_by_all

from adsmtl.files import read_json


@pytest.mark.slow
def test_corpora_of_two_lengths(tmp_path):
    prepare(tmp_path, ("dev-clean", files(spoken_by_all())))
    scratch, out = tmp_path / "scratch", tmp_path / "docs"
    lengths = ["0.006", "0.012"]  # hours; all that is spoken lasts a quarter of a minute
    arguments = ["--raw", str(tmp_path / "dev-clean"), "--scratch", str(scratch)]
    assert scale.main([*arguments, "--out", str(out), "--hours", *lengths]) == 0
    assert list(scratch.iterdir()) == []
    found = read_json(out / "scale.json")
    assert found["utterances"] == 8
    short, long = found["preparation"]
    assert 1.5 < long["utterances"] / short["utterances"] < 2.5
    assert 1.5 < long["segments"] / short["segments"] < 2.5
    assert 1.5 < long["bytes"] / short["bytes"] < 2.5
    assert 100 < short["loaded_mib"] <= short["peak_mib"]
    assert found["alignment"]["hours_per_minute"] > 0
    assert "| 0.012 | " in (out / "scale.md").read_text()


def test_without_alignments_it_says_what_to_run(tmp_path, capsys):
    assert scale.main(["--raw", str(tmp_path), "--scratch", str(tmp_path), "--hours", "0.1"]) == 2
    assert "run `adsmtl prepare librispeech`" in capsys.readouterr().err


def test_too_little_room_is_said_before_anything_is_written(tmp_path, capsys):
    assert scale.main(["--raw", str(tmp_path), "--scratch", str(tmp_path), "--hours", "1e9"]) == 2
    assert "name another --scratch" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_copies_have_speakers_of_their_own(tmp_path):
    audio = tmp_path / "1-2-0.flac"
    audio.touch()
    one = scale.Recording("1-2-0", "1", "WORDS", audio)
    row = {"name": "1-2-0", "digest": "d", "samples": 16_000, "starts": [0], "phones": "ah"}
    (tmp_path / "out").mkdir()
    assert scale._write_corpus([scale.Source(one, row)], tmp_path / "out", hours=3 / 3600) == 3
    rows = [json.loads(own) for own in (tmp_path / "out/alignments.jsonl").open()]
    assert [own["name"] for own in rows] == ["1-2-0", "10001-2-0", "20001-2-0"]
    chapter = tmp_path / "out" / ROOT / "dev-clean/10001/2"
    assert (chapter / "10001-2.trans.txt").read_text() == "10001-2-0 WORDS\n"
    assert (chapter / "10001-2-0.flac").samefile(audio)
    speakers = (tmp_path / "out" / ROOT / "SPEAKERS.TXT").read_text().splitlines()
    assert [own.split(" | ")[1] for own in speakers] == ["F", "M", "F"]


def test_the_committed_page_is_that_of_the_committed_numbers(request):
    docs = request.config.rootpath / "docs"
    assert (docs / "scale.md").read_text() == scale.page(read_json(docs / "scale.json"))
