"""Boundaries are shifted, moved to changes of the spectrum, and stay in order."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsmtl.data.speech import boundaries
from adsmtl.data.speech.arpabet import CLASSES, NOISE, broad
from adsmtl.data.speech.boundaries import SHORTEST, Correction
from adsmtl.data.speech.segments import Segment

STILL = Correction({}, 0.0, weight=0.0)


def chain(*parts):
    """Segments from (end, phone) pairs, the first from 0."""
    starts = [0, *(end for end, _ in parts)]
    return [Segment(start, end, phone) for start, (end, phone) in zip(starts, parts, strict=False)]


def test_a_shift_belongs_to_the_classes_on_both_sides():
    segments = chain((1600, "pau"), (3200, "s"), (4800, "iy"))
    correction = Correction({("silence", "voiceless fricative"): 10.0}, -5.0, weight=0.0)
    moved = boundaries.corrected(segments, None, correction)
    # 10 ms are 160 samples; the second pair has the shift of the others
    assert [one.start for one in moved] == [0, 1760, 3120]
    assert [one.phone for one in moved] == ["pau", "s", "iy"]
    assert moved[-1].end == 4800


def test_a_boundary_moves_to_where_a_tone_begins():
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 1e-3, 16_000).astype(np.float32)
    samples[8000:] += np.sin(np.arange(8000) * 0.4).astype(np.float32)
    early = chain((7800, "pau"), (16_000, "iy"))
    moved = boundaries.refined(samples, early, Correction({}, 0.0, spread=20.0, weight=2.0))
    assert abs(moved[1].start - 8000) <= 2 * boundaries.STEP
    assert boundaries.refined(samples, early, STILL) == early


def test_the_spectrum_changes_most_where_a_tone_begins():
    samples = np.random.default_rng(0).normal(0, 1e-3, 9600).astype(np.float32)
    samples[4800:] += np.sin(np.arange(4800) * 0.4).astype(np.float32)
    change = boundaries.spectral_change(samples)
    assert len(change) == 1 + 9600 // boundaries.STEP
    # at its ends the audio itself breaks off
    inner = slice(boundaries.SIDE, -boundaries.SIDE)
    place = boundaries.SIDE + np.argmax(change[inner])
    assert abs(place * boundaries.STEP - 4800) <= 3 * boundaries.STEP


@given(
    st.lists(st.integers(1, 3000), min_size=2, max_size=12),
    st.floats(-80, 80),
    st.randoms(use_true_random=False),
)
def test_corrected_phones_stay_in_order_and_cover_the_same_audio(lengths, shift, draw):
    ends = np.cumsum(lengths).tolist()
    segments = chain(*((end, draw.choice(CLASSES)) for end in ends))
    moved = boundaries.corrected(segments, None, Correction({}, shift, weight=0.0))
    assert [one.phone for one in moved] == [one.phone for one in segments]
    assert (moved[0].start, moved[-1].end) == (0, ends[-1])
    assert all(one.end == other.start for one, other in itertools.pairwise(moved))
    shortest = min(SHORTEST, ends[-1] // len(lengths))
    assert all(one.end - one.start >= shortest for one in moved)


def test_estimated_shifts_are_medians_drawn_towards_that_of_all():
    pairs = [("vowel", "nasal")] * 15 + [("nasal", "vowel")] * 45
    errors = np.array([20.0] * 15 + [0.0] * 45)
    found = boundaries.estimated(pairs, errors)
    assert found.otherwise == 0.0
    assert found.shifts[("vowel", "nasal")] == pytest.approx(20 * 15 / (15 + boundaries.PRIOR))
    assert found.shifts[("nasal", "vowel")] == 0.0


def test_every_phone_has_a_broad_class_that_the_shifts_know():
    known = {kind for pair in boundaries.SHIFTS for kind in pair}
    assert {broad(phone) for phone in (*CLASSES, NOISE)} == known
    assert (broad("ch"), broad("jh"), broad("hh")) == (
        "voiceless fricative",
        "voiced fricative",
        "voiceless fricative",
    )
