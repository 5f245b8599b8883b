"""The kind `segments`: what becomes of labelled audio, and who is tested on it."""

import json
import shutil
from pathlib import Path
from typing import Any

import mine
import numpy as np
import pandas as pd
import pytest
import soundfile
from fakes import needs_mirror

from adsmtl.data import registry, samples
from adsmtl.data.fetch.extract import extract
from adsmtl.data.folds import split_indices
from adsmtl.data.own.kinds import Segments, data_set
from adsmtl.data.prepared import Prepared, load
from adsmtl.data.speech import features

CLASSES = ["aa", "s", "sil"]


def prepare(tmp_path: Path, out: str = "out", **keys: Any) -> Prepared:
    declared = {"mine": data_set("mine", Segments(**keys), "config/datasets.yaml: mine")}
    folder = registry.prepare("mine", tmp_path / "raw", tmp_path / out, {}, 1, declared)
    samples.write(folder)
    return load(folder, verify=True)


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    return mine.speech(tmp_path / "speech")


def speakers(data: Prepared, seed: int) -> list[set[str]]:
    """Who trains, validates and is tested."""
    names = np.array(data.card["groups"])
    return [set(names[data.groups[part]].tolist()) for part in split_indices(data, seed)]


def test_a_table_becomes_the_features_of_the_built_in_corpora(tmp_path, speech):
    data = prepare(tmp_path, path=str(speech / "segments.csv"))
    assert data.card["targets"] == {"phone": {"classes": CLASSES}}
    assert data.card["groups"] == sorted(mine.SPEAKERS)
    assert len(data) == 4 * len(mine.SPEAKERS)
    sound, _ = soundfile.read(speech / "ann/1.wav", dtype="float32")
    with features.one_thread():
        expected = features.utterance(sound)
    assert np.array_equal(data.inputs[: len(expected)], expected)
    # 0.2 s to 0.45 s are the frames 20 to 44, and three of context on both sides
    assert data.spans[1].tolist() == [20, 45 + 6]
    assert data.targets["phone"][:4].tolist() == [2, 0, 1, 2]
    assert str(tmp_path) not in (tmp_path / "out/mine/card.json").read_text()


def test_other_folds_are_other_data(tmp_path, speech):
    table = str(speech / "segments.csv")
    four, three = (prepare(tmp_path, f"{n}", path=table, folds=n) for n in (4, 3))
    assert four.card["digest"] != three.card["digest"]
    assert four.card["digest"] == prepare(tmp_path, "again", path=table).card["digest"]
    parts = np.load(tmp_path / "4/mine/folds.npy")
    assert parts.shape == (4, len(mine.SPEAKERS))
    for seed, row in enumerate(parts):
        names = np.array(four.card["groups"])
        assert speakers(four, seed) == [set(names[row == part]) for part in (0, 1, 2)]


def test_a_long_recording_at_another_rate(tmp_path, speech):
    seconds = 1_200.51  # beyond 2^24 samples at 16 kHz, where float32 counts no more by ones
    mine.sound(speech / "ann/1.wav", seconds, 44_100)
    data = prepare(tmp_path, path=str(speech / "segments.csv"))
    assert len(data) == 4 * len(mine.SPEAKERS)


def test_every_kind_of_table_and_text_grids_give_the_same(tmp_path, speech):
    digest = prepare(tmp_path, path=str(speech / "segments.csv")).card["digest"]
    frame = pd.read_csv(speech / "segments.csv")
    frame.to_parquet(speech / "s.parquet")
    # in another order, with a mark of byte order and other names
    other = frame.iloc[::-1].rename(columns={"label": "Phone", "path": "File"})
    other.to_csv(speech / "s.tsv", sep="\t", index=False, encoding="utf-8-sig")
    in_samples = frame.assign(start=frame["start"] * 16_000, end=frame["end"] * 16_000)
    in_samples.to_csv(speech / "samples.csv", index=False)
    grids = mine.grids(tmp_path / "grids")
    apart = shutil.copytree(grids, tmp_path / "apart")
    for path in apart.glob("*/*.wav"):
        path.unlink()
    for name, keys in {
        "parquet": {"path": str(speech), "table": "s.parquet"},
        "tsv": {"path": str(speech / "s.tsv"), "columns": {"label": "Phone", "path": "File"}},
        "samples": {"path": str(speech / "samples.csv"), "unit": "samples"},
        "grids": {"path": str(grids), "tier": "phones"},
        "apart": {"path": str(apart), "audio": str(grids), "tier": "phones"},
        "pattern": {"path": str(grids), "tier": "phones", "speaker": "^([a-z]+)/"},
    }.items():
        assert prepare(tmp_path, name, **keys).card["digest"] == digest, name


def test_text_grids_of_other_forms_and_empty_intervals(tmp_path):
    root = mine.grids(tmp_path / "grids")
    marks = [(0.0, 0.2, ""), (0.2, 0.5, "aa"), (0.5, 1.0, " s ")]
    (root / "ann/1.TextGrid").write_text(mine.text_grid({"phones": marks}), encoding="utf-16")
    short = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n1\n<exists>\n1\n'
    short += '"IntervalTier"\n"phones"\n0\n1\n2\n0\n0.5\n"aa"\n0.5\n1\n"s"\n'
    (root / "bob/1.TextGrid").write_text(short)
    mine.sound(root / "cid/unlabelled.wav")
    (root / "dot/1.TextGrid").write_text(mine.text_grid({"phones": [(0.0, 1.0, "")]}))
    data = prepare(tmp_path, path=str(root), tier="phones")
    found = dict(zip(data.card["groups"], np.bincount(data.groups).tolist(), strict=True))
    whole = dict.fromkeys(sorted(mine.SPEAKERS), 4) | {"ann": 2, "bob": 2}
    assert found == {name: count for name, count in whole.items() if name != "dot"}
    assert data.card["left_out"] == ["dot/1: no labels", "cid/unlabelled: no TextGrid file"]


def test_folds_share_no_speaker_and_are_the_same_at_every_call(tmp_path, speech):
    data = prepare(tmp_path, path=str(speech / "segments.csv"))
    tested = []
    for seed in range(4):
        train, val, test = speakers(data, seed)
        assert len(train | val | test) == len(train) + len(val) + len(test) == len(mine.SPEAKERS)
        assert (len(val), len(test)) == (1, 2)
        tested += sorted(test)
    assert sorted(tested) == sorted(mine.SPEAKERS)
    again = prepare(tmp_path, "again", path=str(speech / "segments.csv"))
    assert again.card == data.card
    three = prepare(tmp_path, "three", path=str(speech / "segments.csv"), folds=3)
    assert len(three.card["folds"]) == 3


def test_a_split_that_is_given(tmp_path, speech):
    part = dict.fromkeys(mine.SPEAKERS, "train") | {"ann": "test", "bob": "Val", "cid": "test"}
    rows = [[*row, part[row[4]]] for row in mine.rows()]
    mine.write_table(speech / "split.csv", rows, (*mine.COLUMNS, "split"))
    data = prepare(tmp_path, path=str(speech / "split.csv"))
    assert speakers(data, 7)[1:] == [{"bob"}, {"ann", "cid"}]
    rows = [[*row[:-1], row[-1].replace("Val", "train")] for row in rows]
    mine.write_table(speech / "split.csv", rows, (*mine.COLUMNS, "split"))
    drawn = prepare(tmp_path, "drawn", path=str(speech / "split.csv"))
    assert [len(part) for part in speakers(drawn, 0)] == [5, 1, 2]
    assert "1 training speakers were drawn to validate" in str(drawn.card["notes"])


def test_folders_of_a_split_around_text_grids(tmp_path):
    grids, root = mine.grids(tmp_path / "grids"), tmp_path / "split"
    for number, speaker in enumerate(mine.SPEAKERS):
        shutil.copytree(grids / speaker, root / ("test", "dev", "train")[min(number, 2)] / speaker)
    data = prepare(tmp_path, path=str(root), tier="phones")
    assert speakers(data, 0)[1:] == [{"bob"}, {"ann"}]


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_rates_and_channels(tmp_path, speech, rate, channels):
    mine.sound(speech / "ann/1.wav", rate=rate, channels=channels)
    data = prepare(tmp_path, path=str(speech / "segments.csv"))
    assert data.spans[:4].tolist() == [[0, 26], [20, 51], [45, 76], [70, 106]]
    assert data.inputs.shape[0] == 8 * (101 + 6)
    several = int(channels > 1)
    assert data.card["notes"][1] == (
        f"{several} files with several channels became their mean; 1 files were resampled to 16 kHz"
    )


def test_several_channels_become_their_mean(tmp_path, speech):
    mono, rate = soundfile.read(speech / "ann/1.wav")
    expected = prepare(tmp_path, path=str(speech / "segments.csv")).inputs
    stereo = np.stack([2 * mono, 0 * mono], axis=1)
    soundfile.write(speech / "ann/1.wav", stereo, rate, subtype="FLOAT")
    found = prepare(tmp_path, "stereo", path=str(speech / "segments.csv")).inputs
    assert np.abs(found - expected).max() < 1e-3


def test_rounding_at_the_edges_is_no_fault(tmp_path, speech):
    rows = mine.rows()
    rows[1][2], rows[3][2] = 0.455, 1.008
    mine.write_table(speech / "segments.csv", rows)
    data = prepare(tmp_path, path=str(speech / "segments.csv"))
    assert data.spans[3].tolist() == [70, 100 + 6]


def test_broken_audio_and_ignored_labels_are_left_out_and_counted(tmp_path, speech):
    (speech / "ann/1.wav").write_bytes(b"RIFF but not audio")
    data = prepare(tmp_path, path=str(speech / "segments.csv"), broken="skip", ignore=("sil",))
    assert data.card["targets"]["phone"]["classes"] == ["aa", "s"]
    assert "ann" not in data.card["groups"]
    assert data.card["left_out"][0] == "sil: 16 segments of an ignored label"
    assert data.card["left_out"][1].startswith("ann/1.wav cannot be read as audio")
    assert len(data) == 2 * 7


@needs_mirror
def test_the_timit_sample_as_a_table_gives_the_arrays_of_the_built_in_corpus(tmp_path):
    built_in = load(registry.prepare("timit-sample", tmp_path / "raw", tmp_path))
    extract(tmp_path / "raw/timit-sample/timit.zip", tmp_path / "files")
    lines = []
    for path in sorted((tmp_path / "files").rglob("*.phn")):
        if not path.stem.startswith("sa"):
            length = soundfile.info(path.with_suffix(".wav")).frames
            audio = path.with_suffix(".wav").relative_to(tmp_path / "files")
            for line in path.read_text().splitlines():
                start, end, phone = line.split()
                lines.append([audio, start, min(int(end), length), phone, path.parent.name])
    mine.write_table(tmp_path / "files/all.csv", lines)
    ours = prepare(tmp_path, path=str(tmp_path / "files/all.csv"), unit="samples")
    for name in ("inputs.npy", "spans.npy", "target.phone.npy", "groups.npy"):
        assert ours.card["files"][name] == built_in.card["files"][name], name
    assert json.loads((tmp_path / "out/mine/card.json").read_text())["split"] == "folds"
