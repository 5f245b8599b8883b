"""TIMIT in both layouts, and its ways to be broken."""

import numpy as np
import pytest
from fakes import LABELS, SAMPLE_SPEAKERS, SOURCE, audio, make_zip, needs_mirror, sample_files

from adsmtl.data import registry
from adsmtl.data.corpora import timit, timit_files
from adsmtl.data.corpora.timit_speakers import CORE_TEST, DEVELOPMENT
from adsmtl.data.folds import split_indices
from adsmtl.data.prepared import load
from adsmtl.data.speech.phones import PHONES
from adsmtl.errors import UserError

BROKEN = "timit/dr2-fab20/si10"


def prepare(tmp_path, members):
    archive = make_zip(tmp_path / "timit.zip", members)
    timit.prepare_sample(archive, tmp_path / "out", SOURCE)
    return load(tmp_path / "out", verify=True)


def check_folds(data):
    """Speakers of a fold's parts differ, and each speaker is tested exactly once."""
    tested = []
    for seed in range(len(data.card["folds"])):
        parts = [set(data.groups[part]) for part in split_indices(data, seed)]
        assert not parts[0] & parts[1]
        assert not parts[0] & parts[2]
        assert not parts[1] & parts[2]
        assert sum(map(len, split_indices(data, seed))) == len(data)
        tested += parts[2]
    assert sorted(tested) == list(range(len(data.card["groups"])))


def test_sample(tmp_path):
    data = prepare(tmp_path, sample_files())
    assert data.card["groups"] == sorted(SAMPLE_SPEAKERS)
    # 16 speakers, one sentence that is not SA, four segments
    assert len(data) == 64
    assert [PHONES[n] for n in data.targets["phone"][:4]] == ["h#", "sh", "q", "h#"]
    assert data.inputs.shape == (16 * (21 + 6), 3, 40)
    assert (np.diff(data.spans[:4]).ravel() == [11, 11, 7, 15]).all()
    manners = data.card["targets"]["manner"]["classes"]
    assert [manners[n] for n in data.targets["manner"][:3]] == ["closure", "fricative", "stop"]
    sexes = [data.card["groups"][group][4] for group in data.groups]
    assert [data.card["targets"]["sex"]["classes"][n] for n in data.targets["sex"]] == sexes
    folding = data.card["targets"]["phone"]["foldings"]["39"]
    assert folding["map"][PHONES.index("q")] == -1
    check_folds(data)
    for fold in data.card["folds"]:
        assert sorted(name[4] for name in fold["test"]) == ["f", "f", "m", "m"]
        assert sorted(name[4] for name in fold["val"]) == ["f", "m"]
    assert split_indices(data, 5).test.tolist() == split_indices(data, 1).test.tolist()


def test_missing_labels_and_missing_audio(tmp_path):
    for suffix, lost in ((".phn", ".wav"), (".wav", ".phn")):
        members = sample_files()
        del members[BROKEN + suffix]
        with pytest.raises(UserError, match=rf"timit\.zip/{BROKEN}{lost} has no {suffix} file"):
            prepare(tmp_path, members)
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("800 1600 xx", "'xx' is none of TIMIT's 61 phones"),
        ("800 sh", "expected `<start> <end> <phone>`, found '800 sh'"),
        ("800 -5 sh", "expected `<start> <end> <phone>`"),
        ("1600 800 sh", "segment 1600 to 800 is empty or out of order"),
        ("800 9999 sh", r"segment 800 to 9999 ends after the audio \(3200 samples\)"),
    ],
)
def test_malformed_labels_name_file_and_line(tmp_path, line, message):
    members = sample_files()
    members[f"{BROKEN}.phn"] = f"0 800 h#\n{line}\n".encode()
    with pytest.raises(UserError, match=rf"timit\.zip/{BROKEN}\.phn, line 2: {message}"):
        prepare(tmp_path, members)


def test_an_end_within_one_hop_of_the_audio_is_rounding(tmp_path):
    (tmp_path / "x.phn").write_text("0 3300 h#\n")
    assert timit_files.read_labels(tmp_path / "x.phn", 3200) == [(0, 3200, "h#")]


def test_unreadable_audio(tmp_path):
    members = sample_files()
    members[f"{BROKEN}.wav"] = b"RIFF but not audio"
    with pytest.raises(UserError, match=rf"{BROKEN}\.wav cannot be read as audio"):
        prepare(tmp_path, members)


def test_incomplete_sample(tmp_path):
    with pytest.raises(UserError, match=r"timit\.zip is not the TIMIT sample: 4 folds need"):
        prepare(tmp_path, sample_files(SAMPLE_SPEAKERS[:4]))
    with pytest.raises(UserError, match="no TIMIT recordings"):
        prepare(tmp_path, {"timit/README": b""})


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """The corpus with all its speakers, one very short sentence each, in capitals."""
    root = tmp_path_factory.mktemp("corpus") / "TIMIT"
    sphere = audio(sphere=True)

    def add(part, speaker, number):
        folder = root / part / f"DR{number % 8 + 1}" / speaker.upper()
        folder.mkdir(parents=True)
        for sentence in ("SA1", "SX1"):
            (folder / f"{sentence}.WAV").write_bytes(sphere)
            (folder / f"{sentence}.PHN").write_text(LABELS)

    for number in range(462):
        add("TRAIN", f"{'fm'[number % 2]}tr{number}", number)
    for number, speaker in enumerate((*CORE_TEST, *DEVELOPMENT, "mxyz0", "fxyz0")):
        add("TEST", speaker, number)
    return root


def test_corpus_has_the_customary_split(corpus, tmp_path):
    folder = registry.prepare(
        "timit", tmp_path / "raw", tmp_path, {"timit_path": str(corpus.parent)}
    )
    data = load(folder, verify=True)
    speakers = [
        {data.card["groups"][group].partition("-")[2] for group in data.groups[part]}
        for part in split_indices(data, seed=7)
    ]
    assert len(speakers[0]) == 462
    assert speakers[1] == set(DEVELOPMENT)
    assert speakers[2] == set(CORE_TEST)
    assert len(data) == 4 * (462 + 50 + 24)
    assert data.card["split"] == "fixed"
    assert data.card["source"]["origin"] == "local"
    assert len(data.card["source"]["sha256"]) == 64
    assert str(tmp_path) not in (folder / "card.json").read_text()


def test_corpus_without_a_core_test_speaker(corpus, tmp_path):
    hidden = next(corpus.rglob("FELC0"))
    hidden.rename(tmp_path / "FELC0")
    with pytest.raises(UserError, match="no TEST speakers felc0"):
        timit.prepare_corpus(corpus, tmp_path / "out", SOURCE)
    (tmp_path / "FELC0").rename(hidden)


def test_held_out_speaker_lists():
    assert len(set(CORE_TEST)) == 24
    assert len(set(DEVELOPMENT)) == 50
    assert not set(CORE_TEST) & set(DEVELOPMENT)
    assert sum(speaker.startswith("f") for speaker in CORE_TEST) == 8


@needs_mirror
def test_real_sample(tmp_path):
    data = load(registry.prepare("timit-sample", tmp_path / "raw", tmp_path), verify=True)
    assert len(data) == 4988
    assert len(np.unique(data.targets["phone"])) == 61
    assert len(data.card["groups"]) == 16
    assert data.card["counts"]["phone"]["all"]["ix"] == 257
    check_folds(data)
