"""Damaged corpora: an error that names file and line, or an utterance left out and counted."""

import io
from collections import Counter

import numpy as np
import pytest
import soundfile
from fakes import LABELS, SOURCE, audio, make_zip, sample_files
from librispeech_tree import NUMBERS, ROOT, TEXT, files, flac, prepare, spoken_by_all

from adsmtl.data.corpora import timit
from adsmtl.errors import UserError

pytestmark = pytest.mark.faults("damages of corpora")
TIMIT = "timit/dr2-fab20/si10"
CHAPTER = f"{ROOT}/dev-clean/900/7"
TRANSCRIPT = f"{CHAPTER}/900-7.trans.txt"


def wave(samples, rate=16_000, subtype="PCM_16"):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype=subtype)
    return buffer.getvalue()


NOISE = np.random.default_rng(0).normal(0, 0.01, 3200)
HOLED = np.where(np.arange(3200) == 7, np.nan, NOISE)

# File of the sample, what it holds instead, and what the error says of it.
OF_TIMIT = {
    "audio that ends early": (".wav", audio()[:2000], "line 2: .* ends after the audio"),
    "SPHERE audio that ends early": (".wav", audio(sphere=True)[:3000], "ends after the audio"),
    "a header alone": (".wav", audio(0), "holds no audio"),
    "an empty audio file": (".wav", b"", "cannot be read as audio"),
    "no audio": (".wav", b"RIFF but not audio", "cannot be read as audio"),
    "8 kHz": (".wav", wave(NOISE, 8_000), "expected audio at 16,000 Hz, found 8,000 Hz"),
    "stereo": (".wav", wave(np.stack([NOISE] * 2, 1)), "expected mono audio, found 2 channels"),
    "a sample that is no number": (".wav", wave(HOLED, subtype="FLOAT"), "that are no numbers"),
    "silence": (".wav", wave(np.zeros(3200)), "is silent throughout"),
    "labels beyond the audio": (".phn", b"0 800 h#\n800 9999 sh\n", "line 2: .* after the audio"),
    "overlap": (".phn", b"0 800 h#\n500 1600 sh\n", "line 2: .*overlaps the one .* ends at 800"),
    "unsorted": (".phn", b"0 9 h#\n900 990 sh\n100 200 s\n", "line 3: .* out of order"),
    "a row twice": (".phn", b"0 800 h#\n0 800 h#\n", "line 2: .* out of order"),
    "an empty segment": (".phn", b"0 800 h#\n800 800 sh\n", "line 2: .* is empty"),
    "a negative time": (".phn", b"-5 800 h#\n", "line 1: expected `<start> <end> <phone>`"),
    "a time that is no number": (".phn", b"0 nan h#\n", "line 1: expected `<start> <end>"),
    "a fraction": (".phn", b"0 0.5 h#\n", "line 1: expected `<start> <end> <phone>`"),
    "a phone of another alphabet": (".phn", b"0 800 AH0\n", "line 1: 'ah0' is none of TIMIT's"),
    "not ASCII": (".phn", b"0 800 h#\n800 900 \xff\n", "line 2: .* is none of TIMIT's"),
    "an empty label file": (".phn", b"", "holds no phones"),
    "missing audio": (".wav", None, r"si10.phn has no .wav file beside it"),
    "missing labels": (".phn", None, r"si10.wav has no .phn file beside it"),
}


def prepare_sample(tmp_path, members):
    timit.prepare_sample(make_zip(tmp_path / "timit.zip", members), tmp_path / "out", SOURCE)


@pytest.mark.parametrize(("suffix", "content", "message"), OF_TIMIT.values(), ids=OF_TIMIT)
def test_timit(tmp_path, suffix, content, message):
    members = sample_files()
    del members[TIMIT + suffix]
    if content is not None:
        members[TIMIT + suffix] = content
    with pytest.raises(UserError, match=message) as caught:
        prepare_sample(tmp_path, members)
    assert TIMIT in str(caught.value)
    assert not list(tmp_path.glob("**/out")) + list(tmp_path.glob(".*"))


def test_timit_with_a_recording_twice(tmp_path):
    members = sample_files() | {f"{TIMIT}.WAV": audio()}
    with pytest.raises(UserError, match=r"si10\.wav is there twice, also as .*si10\.WAV"):
        prepare_sample(tmp_path, members)


def test_timit_with_a_speaker_in_two_folders(tmp_path):
    members = sample_files()
    copy = {f"timit/dr5-fab20/sx1{suffix}": members[TIMIT + suffix] for suffix in (".wav", ".phn")}
    with pytest.raises(UserError, match=r"in two folders, .*dr2-fab20 and .*dr5-fab20"):
        prepare_sample(tmp_path, members | copy)


def test_timit_with_a_speaker_in_two_parts(tmp_path):
    for part in ("TRAIN", "TEST"):
        folder = tmp_path / part / "DR1" / "FDAC1"
        folder.mkdir(parents=True)
        (folder / "SX1.WAV").write_bytes(audio())
        (folder / "SX1.PHN").write_text(LABELS)
    with pytest.raises(UserError, match=r"in two folders, .*TEST/DR1/FDAC1 and .*TRAIN/DR1/FDAC1"):
        timit.prepare_corpus(tmp_path, tmp_path / "out", SOURCE)


def test_hand_set_boundaries_may_overlap_by_less_than_a_frame(tmp_path):
    members = sample_files() | {f"{TIMIT}.phn": b"0 800 h#\n700 1600 sh\n1600 3200 h#\n"}
    prepare_sample(tmp_path, members)


# File of the archive, what it holds instead, and what the error says.
OF_LIBRISPEECH = {
    "words missing": (TRANSCRIPT, b"900-7-0000\n", "line 1: expected `<utterance> <words>`"),
    "another chapter": (TRANSCRIPT, b"900-8-0000 A\n", "line 1: expected `<utterance> <words>`"),
    "a row twice": (TRANSCRIPT, b"900-7-0000 A\n900-7-0000 A\n", "line 2: 900-7-0000 has a"),
    "not UTF-8": (TRANSCRIPT, b"900-7-0000 A\n900-7-0001 \xff\n", "line 2: not UTF-8"),
    "an empty transcript": (TRANSCRIPT, b"\n", "line 1: expected `<utterance> <words>`"),
    "a transcript elsewhere": (
        f"{CHAPTER}/901-7.trans.txt",
        b"901-7-0 A\n",
        "in the folder of another chapter",
    ),
    "no transcript": (TRANSCRIPT, None, "900-7.trans.txt is missing"),
    "a speaker without number": (
        f"{ROOT}/dev-clean/x/7/x-7.trans.txt",
        b"x-7-0 A\n",
        "should be <number of the speaker>",
    ),
    "audio twice": (f"{CHAPTER}/900-7-0000.wav", wave(NOISE), "0000.wav is there twice, also as"),
    "an unknown sex": (f"{ROOT}/SPEAKERS.TXT", b"900 | X | dev\n", "line 1: expected `<id> | F or"),
    "speakers missing": (f"{ROOT}/SPEAKERS.TXT", b"900 | F | dev\n", "lacks speaker 1000"),
    "a speaker twice": (f"{ROOT}/SPEAKERS.TXT", b"9|F|a\n9|M|b\n", "line 2: speaker 9 has a line"),
    "no table of speakers": (f"{ROOT}/SPEAKERS.TXT", None, "holds no SPEAKERS.TXT"),
}


@pytest.mark.parametrize(
    ("name", "content", "message"), OF_LIBRISPEECH.values(), ids=OF_LIBRISPEECH
)
def test_librispeech(tmp_path, name, content, message):
    members = files(dict.fromkeys(NUMBERS.values(), wave(NOISE)))
    if content is None:
        del members[name]
    else:
        members[name] = content
    with pytest.raises(UserError, match=message.replace("|", r"\|")) as caught:
        prepare(tmp_path, ("dev-clean", members))
    assert "dev-clean.tar.gz" in str(caught.value)
    assert ".un-" not in str(caught.value)
    assert not (tmp_path / "librispeech").exists()


def test_utterances_of_librispeech_that_are_left_out_and_counted(tmp_path):
    voices = spoken_by_all()
    samples, _ = soundfile.read(io.BytesIO(voices["900"]))
    holed = np.where(np.arange(len(samples)) == 7, np.nan, samples)
    whole_mp3 = flac(samples, kind="MP3")
    damaged = {
        "cut off": ("flac", voices["900"][: len(voices["900"]) // 2], "cannot be read"),
        "MP3 cut off": ("mp3", whole_mp3[: len(whole_mp3) // 2], "the audio is cut off"),
        "an empty file": ("flac", b"", "cannot be read"),
        "8 kHz": ("flac", flac(samples[::2], 8_000), "8000 Hz, not 16,000"),
        "stereo": ("flac", flac(np.stack([samples] * 2, 1)), "the audio has 2 channels"),
        "no number": ("wav", wave(holed, subtype="FLOAT"), "values that are no numbers"),
        "silence": ("flac", flac(np.zeros(16_000)), "is silent"),
        "a tenth of the words' time": ("flac", flac(samples[:3_000]), "do not fit the audio"),
        "a few samples": ("flac", flac(samples[4_000:4_010]), "do not fit the audio"),
        "no file": ("flac", None, "no audio file"),
        "no transcript": ("flac", voices["900"], "no words"),
    }
    members = files(voices)
    lines, expected = members[TRANSCRIPT].decode(), {}
    for number, (what, (suffix, content, reason)) in enumerate(damaged.items(), start=10):
        name = f"900-7-{number:04}"
        expected[name] = reason
        if content is not None:
            members[f"{CHAPTER}/{name}.{suffix}"] = content
        if what != "no transcript":
            lines += f"{name} {TEXT.upper()}\n"
    members[TRANSCRIPT] = lines.encode()
    card = prepare(tmp_path, ("dev-clean", members)).card
    left = dict(one.split(": ", 1) for one in card["left_out"])
    assert {name: reason in left[name] for name, reason in expected.items()} == dict.fromkeys(
        expected, True
    )
    # of every speaker, `files` has an utterance without audio and one whose file holds none
    assert len(left) == len(damaged) + 16
    assert f"left out: {len(left)} utterances" in card["notes"][1]
    for reason, count in Counter(left.values()).items():
        assert f"{count} times {reason}" in card["notes"][1]
