"""The aligner finds the phones of words, in generated speech whose timing is known."""

import itertools
import json

import numpy as np
import pytest

from adsmtl.data.corpora.espeak import TEXTS, synthesise
from adsmtl.data.speech import aligner_quality, boundaries
from adsmtl.data.speech.aligner import Aligner, Unalignable
from adsmtl.data.speech.arpabet import PHONES, SILENCE
from adsmtl.data.speech.pronunciation import words_of


@pytest.fixture(scope="module")
def spoken():
    """A sentence of the embedded corpus: samples, its words, and where its phones start."""
    ((samples, starts, _),) = synthesise([("en-us+m1", TEXTS[0])])
    return samples, words_of(TEXTS[0]), starts


@pytest.fixture(scope="module")
def aligner():
    return Aligner({"ruggedo": "R AH G IY D OW"})


def test_phones_follow_each_other_from_the_first_sample_to_the_last(aligner, spoken):
    samples, words, _ = spoken
    found = aligner.align(samples, words)
    assert (found[0].start, found[-1].end) == (0, len(samples))
    assert all(one.end == other.start for one, other in itertools.pairwise(found))
    said = [one.phone for one in found if one.phone != SILENCE]
    assert set(said) <= set(PHONES)
    assert said[:2] == ["m", "ay"]  # "my"


def test_most_phones_start_within_50_ms_of_where_the_synthesiser_put_one(aligner, spoken):
    samples, words, starts = spoken
    found = aligner.align(samples, words)
    apart = [np.abs(starts - one.start).min() / 16 for one in found[1:]]
    assert np.mean(np.array(apart) <= 50) > 0.85


def test_a_word_outside_the_dictionary_needs_a_pronunciation(aligner, spoken):
    samples, words, _ = spoken
    assert aligner.knows("ruggedo")
    assert not Aligner().knows("ruggedo")
    with pytest.raises(Unalignable, match="no pronunciation of qzxv"):
        aligner.align(samples, [*words, "qzxv", "qzxv"])
    with pytest.raises(Unalignable, match="no words"):
        aligner.align(samples, [])


def test_a_first_word_of_one_phone_is_found(aligner):
    ((samples, _, _),) = synthesise([("en-us+m1", "I see the old ship.")])
    found = aligner.align(samples, ["i", "see", "the", "old", "ship"])
    assert [one.phone for one in found if one.phone != SILENCE][:3] == ["ay", "s", "iy"]


def test_words_that_do_not_fit_are_refused(aligner):
    samples = np.random.default_rng(0).normal(0, 0.1, 1600).astype(np.float32)
    with pytest.raises(Unalignable, match="the words do not fit the audio"):
        aligner.align(samples, ["extraordinary"] * 12)


def test_the_shifts_in_use_are_those_of_the_page(request):
    page = json.loads((request.config.rootpath / "docs/aligner.json").read_text())
    assert {(one, other): shift for one, other, shift in page["shifts"]} == boundaries.SHIFTS
    assert page["otherwise"] == boundaries.OTHERWISE
    assert (page["spread"], page["weight"]) == (boundaries.SPREAD, boundaries.WEIGHT)
    markdown = (request.config.rootpath / "docs/aligner.md").read_text()
    assert aligner_quality.markdown(page) == markdown
    assert page["rows"][-1]["shares"]["nearest"]["20"] >= aligner_quality.BAR
