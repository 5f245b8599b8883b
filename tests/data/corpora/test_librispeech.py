"""LibriSpeech from a tree of generated speech, and its ways to be broken."""

import re

import numpy as np
import pytest
from fakes import needs_mirror
from librispeech_tree import NUMBERS, ROOT, files, flac, prepare, spoken_by_all

from adsmtl.data import registry
from adsmtl.data.corpora import librispeech, librispeech_files
from adsmtl.data.folds import split_indices
from adsmtl.data.speech.aligner import Unalignable
from adsmtl.data.speech.arpabet import CLASSES
from adsmtl.errors import UserError


@pytest.fixture(scope="module")
def voices():
    return spoken_by_all()


def test_folds_labels_and_what_is_left_out(voices, tmp_path):
    data = prepare(tmp_path, ("dev-clean", files(voices)))
    card = data.card
    assert card["targets"]["phone"]["classes"] == list(CLASSES)
    assert len(CLASSES) == 40
    assert card["groups"] == sorted(NUMBERS.values(), key=int)
    said = [CLASSES[phone] for phone in data.targets["phone"][data.groups == 0]]
    assert [phone for phone in said if phone != "pau"][:6] == ["r", "ah", "g", "iy", "d", "ow"]
    # an utterance without audio and one with no audio in its file, of each of eight speakers
    assert len(card["left_out"]) == 16
    assert "900-7-0001: the audio cannot be read" in card["left_out"]
    assert "900-7-0002: no audio file" in card["left_out"]
    page = (tmp_path / "librispeech/card.md").read_text()
    assert "left out: 16 utterances (8 times the audio cannot be read; 8 times no audio" in page
    assert "4 folds: the speakers of each sex" in page
    tested = []
    for seed in range(4):
        train, val, test = (set(data.groups[part]) for part in split_indices(data, seed))
        assert len(train | val | test) == len(train) + len(val) + len(test) == 8
        sexes = [card["groups"].index(card["groups"][group]) for group in test]
        assert len(sexes) == 2
        tested += test
    assert sorted(tested) == list(range(8))
    # frames and spans agree: all frames belong to an utterance, and spans stay inside theirs
    assert data.spans.min() == 0
    assert data.spans.max() == len(data.inputs)
    assert (np.diff(data.spans) >= 7).all()
    assert np.abs(data.inputs).max() > 0

    # prepared again from the kept table: the same bytes, though nobody aligns
    again = prepare(tmp_path, ("dev-clean", files(voices)), name="again", processes=1)
    assert again.card["files"] == data.card["files"]


def test_subsets_for_all_purposes_keep_the_split_of_the_corpus(voices, tmp_path):
    three = [
        (subset, files({number: voices[number] for number in own}, subset))
        for subset, own in (
            ("train-clean-5", list(voices)[:4]),
            ("dev-clean-2", list(voices)[4:6]),
            ("test-clean", list(voices)[6:]),
        )
    ]
    data = prepare(tmp_path, *three)
    assert data.card["split"] == "fixed"
    numbers = data.card["groups"]
    for part, own in zip(split_indices(data, 3), ([0, 1, 2, 3], [4, 5], [6, 7]), strict=True):
        expected = {list(voices)[index] for index in own}
        assert {numbers[group] for group in data.groups[part]} == expected
    with pytest.raises(UserError, match="900 is in dev-clean and in another subset"):
        prepare(tmp_path, three[0], ("dev-clean", files(voices)), name="other")


def test_too_few_speakers_for_the_folds(voices, tmp_path):
    some = {number: voices[number] for number in list(voices)[:3]}
    with pytest.raises(UserError, match="librispeech cannot be split by speaker: 4 folds need 4"):
        prepare(tmp_path, ("dev-clean", files(some)), processes=1)
    assert not (tmp_path / "librispeech").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("dev-clean/900/7/900-7.trans.txt", b"900-7-0000\n", r"line 1: expected `<utterance>"),
        ("dev-clean/900/7/900-7.trans.txt", b"900-8-0000 A\n", r"line 1: expected `<utterance>"),
        (
            "dev-clean/900/7/900-7.trans.txt",
            b"900-7-0000 A\n900-7-0000 A\n",
            r"line 2: 900-7-0000 has a transcript already",
        ),
        ("dev-clean/900/7/900-7.trans.txt", b"900-7-0000 \xff\n", r"line 1: not UTF-8"),
        ("SPEAKERS.TXT", b"900 | X | dev-clean\n", r"line 1: expected `<id> \| F or M"),
        ("SPEAKERS.TXT", b"900 | F | dev-clean\n", r"SPEAKERS.TXT lacks speaker 1000"),
    ],
)
def test_damaged_text_names_archive_file_and_line(voices, tmp_path, name, content, message):
    members = files(voices) | {f"{ROOT}/{name}": content}
    with pytest.raises(UserError, match=message) as caught:
        prepare(tmp_path, ("dev-clean", members))
    assert "dev-clean.tar.gz" in str(caught.value)
    assert ".un-" not in str(caught.value)


def test_an_archive_of_something_else(tmp_path):
    with pytest.raises(UserError, match="holds no utterances of LibriSpeech's dev-clean"):
        prepare(tmp_path, ("dev-clean", {"README": b"hello"}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read"),
        (flac(np.ones(800), rate=8000), "8000 Hz, not 16,000"),
        (flac(np.ones((800, 2))), "2 channels"),
        (flac(np.zeros(800)), "silent"),
        (flac(np.zeros(0)), "cannot be read"),
    ],
)
def test_audio_that_cannot_be_used_has_a_reason(tmp_path, content, message):
    (tmp_path / "x.flac").write_bytes(content)
    with pytest.raises(Unalignable, match=message):
        librispeech_files.read_audio(tmp_path / "x.flac")


def test_every_subset_has_a_digest_of_the_right_form_and_a_data_set():
    forms = {"sha256": 64, "md5": 32}
    for subset, archive in librispeech.ARCHIVES.items():
        algorithm, _, value = archive.digest.partition(":")
        assert re.fullmatch(f"[0-9a-f]{{{forms[algorithm]}}}", value)
        assert all(url.endswith(f"/{subset}.tar.gz") for url in archive.urls)
    named = [name for name in registry.DATASETS if name.startswith("librispeech")]
    used = {part for name in named for part in registry.lookup(name).raw.parts}
    assert used == set(librispeech.ARCHIVES)


def test_the_digests_are_those_that_torchaudio_states():
    from torchaudio.datasets import librispeech as theirs

    stated = {url.rpartition("/")[2]: digest for url, digest in theirs._CHECKSUMS.items()}
    ours = {one.file: one.digest for one in librispeech.ARCHIVES.values()}
    assert {file: f"sha256:{digest}" for file, digest in stated.items()}.items() <= ours.items()


def test_a_missing_part_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("ADSMTL_MIRROR", raising=False)
    from adsmtl.data.fetch import places

    monkeypatch.setattr(places, "problem", lambda location: "no network")
    found = registry.locate("librispeech-clean-100", tmp_path, {})
    assert found.origin is None
    assert found.refused[0].startswith("train-clean-100: not in ")


@needs_mirror
def test_the_mirror_has_the_subset_of_the_default_data_set(tmp_path):
    found = registry.locate("librispeech", tmp_path, {})
    assert found.origin.kind == "mirror"
    assert found.origin.where.endswith("librispeech-dev-clean-20spk-mp3.tar.gz")
