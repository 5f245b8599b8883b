"""The data sets that install with the package, end to end."""

import os
import sys
from collections import Counter

import numpy as np
import pytest
from sklearn.datasets import load_digits

from adsmtl.data import registry
from adsmtl.data.corpora import digits, espeak
from adsmtl.data.folds import split_indices
from adsmtl.data.prepared import load
from adsmtl.errors import UserError


def test_digits(tmp_path):
    data = load(registry.prepare("digits", tmp_path / "raw", tmp_path), verify=True)
    assert data.inputs.shape == (1797, 3, 32, 32)
    assert data.inputs.dtype == np.uint8
    assert data.card["embedded"] is True
    assert data.card["source"]["origin"] == "embedded"
    assert (data.targets["parity"] == data.targets["label"] % 2).all()
    split = split_indices(data, 0)
    assert [len(part) for part in split] == [1257, 270, 270]
    assert len(np.unique(np.concatenate(split))) == 1797
    for part in split:
        shares = np.bincount(data.targets["label"][part]) / len(part)
        assert np.abs(shares - 0.1).max() < 0.01


def test_enlarging_keeps_the_picture():
    small = load_digits().images[:50]
    large = digits.enlarge(small)
    assert (large[:, 0] == large[:, 2]).all()
    blocks = large[:, 0].reshape(50, 8, 4, 8, 4).mean(axis=(2, 4))
    assert np.corrcoef(blocks.ravel(), small.ravel())[0, 1] > 0.95
    assert digits.enlarge(np.full((1, 8, 8), 16.0)).min() == 255


def test_espeak(tmp_path, monkeypatch):
    monkeypatch.setattr(espeak, "TEXTS", espeak.TEXTS[:8])
    espeak.prepare(tmp_path / "espeak")
    data = load(tmp_path / "espeak", verify=True)
    assert data.card["groups"] == sorted(espeak.VOICES)
    assert Counter(espeak.VOICES.values()) == {"f": 4, "m": 4}
    assert min(data.card["counts"]["phone"]["all"].values()) >= espeak.RARE
    assert len(data.card["targets"]["phone"]["classes"]) > 30
    tested = []
    for seed in range(4):
        train, val, test = (set(data.groups[part]) for part in split_indices(data, seed))
        assert not train & val
        assert not test & (train | val)
        assert len(train) == 4
        tested += test
    assert sorted(tested) == list(range(8))
    sexes = [espeak.VOICES[data.card["groups"][group]] for group in data.groups]
    assert [espeak.SEXES[n] for n in data.targets["sex"]] == sexes


def test_espeak_says_the_same_bytes_every_time():
    # breath and flutter are random, unless the library's seed is set
    jobs = [("en-us+f1", "Eight boys."), ("en-gb-x-rp+m7", "She saw.")]
    for first, second in zip(espeak.synthesise(jobs), espeak.synthesise(jobs), strict=True):
        for one, other in zip(first, second, strict=True):
            assert np.array_equal(one, other)


def test_espeak_phone_timings_fit_the_audio():
    ((samples, starts, phones),) = espeak.synthesise([("en-us+m1", "She saw a sea.")])
    assert phones[0] == "S"
    assert starts[-1] <= len(samples)
    assert (np.diff(starts) >= 0).all()
    # the fricative that begins the text has more high frequencies than the vowel after it
    crossings = [
        np.mean(np.diff(np.sign(samples[starts[n] : starts[n + 1]])) != 0) for n in range(2)
    ]
    assert crossings[0] > 2 * crossings[1]


def test_rare_phones_are_merged_and_then_left_out():
    names = espeak.merge_rare(
        Counter({"I": 25, "I2": 3, "r-": 10, "r": 12, "x#": 5, "3": 30, "0": 1})
    )
    assert names == {"I": "I", "I2": "I", "r-": "r", "r": "r", "x#": None, "3": "3", "0": None}


def test_espeak_unknown_voice():
    with pytest.raises(UserError, match="espeak-ng has no voice xx-nowhere; reinstall"):
        list(espeak.synthesise([("xx-nowhere", "Hello.")]))


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_espeak_crash_is_a_message(monkeypatch, tmp_path):
    crash = tmp_path / "python"
    crash.write_text("#!/bin/sh\nkill -SEGV $$\n")
    crash.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(crash))
    with pytest.raises(UserError, match="espeak-ng failed: the process ended with signal 11"):
        list(espeak.synthesise([("en-us+m1", "Hello.")]))
