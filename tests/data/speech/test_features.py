"""Which frames a segment owns, and what a frame holds."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from adsmtl.data.speech import features
from adsmtl.data.speech.segments import Segment, Utterance, assemble


def test_a_click_is_loudest_in_the_frame_centred_on_it():
    for frame in (5, 30, 77):
        samples = np.zeros(16_000, np.float32)
        samples[160 * frame] = 1.0
        energy = features.log_mel(samples)[:, 0].mean(axis=1)
        assert energy.argmax() == frame
        # the window is 400 samples: frames more than 200 away from the click do not see it
        assert energy[frame - 1] > energy[frame - 2]
        assert np.allclose(energy[frame + 2 :], energy[-1])


def test_a_louder_stretch_fills_exactly_the_span_of_its_segment():
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 1e-4, 16_000)
    samples[4000:8000] += rng.normal(0, 0.3, 4000)
    energy = features.log_mel(samples)[:, 0].mean(axis=1)
    first, last = features.span(4000, 8000, len(samples))
    own = np.arange(first + features.CONTEXT, last - features.CONTEXT) - features.CONTEXT
    assert own.tolist() == list(range(25, 50))
    assert energy[own].min() > energy[np.r_[0:23, 52:101]].max()


def test_shape_and_normalisation():
    samples = np.random.default_rng(0).normal(0, 0.1, 12_345)
    values = features.log_mel(samples)
    assert values.shape == (1 + 12_345 // 160, 3, 40)
    assert values.dtype == np.float32
    assert np.abs(values.mean(axis=0)).max() < 1e-4
    assert np.abs(values.std(axis=0) - 1).max() < 1e-3


def test_digital_silence_is_finite_and_zero():
    assert np.abs(features.log_mel(np.zeros(1600))).max() < 0.01


def test_edges_are_repeated():
    padded = features.utterance(np.random.default_rng(0).normal(0, 0.1, 3200))
    assert len(padded) == 21 + 6
    assert (padded[:3] == padded[3]).all()
    assert (padded[-3:] == padded[-4]).all()


@given(st.lists(st.integers(1, 2000), min_size=1, max_size=30))
def test_spans_have_context_and_fit_and_adjoin(lengths):
    borders = np.cumsum([0, *lengths]).tolist()
    samples = borders[-1]
    frames = 1 + samples // 160
    own = []
    for start, end in pairwise(borders):
        first, last = features.span(start, end, samples)
        assert 0 <= first < last <= frames + 6
        assert last - first >= 7
        centres = [160 * t for t in range(first, last - 6)]
        if any(start <= 160 * t < end for t in range(frames)):
            assert all(start <= centre < end for centre in centres)
            own.extend(range(first, last - 6))
        else:
            assert len(centres) == 1
            assert abs(centres[0] - (start + end) / 2) <= 160
    assert own == [t for t in range(frames) if 160 * t < samples]


def test_assemble_offsets_spans_and_leaves_out_unknown_phones():
    rng = np.random.default_rng(0)
    segments = [Segment(0, 800, "a"), Segment(800, 1600, "x"), Segment(1600, 3200, "b")]
    speech = assemble(
        [Utterance(name, rng.normal(0, 0.1, 3200), segments) for name in ("two", "one")],
        ["a", "b"],
        ["one", "two"],
    )
    assert speech.phones.tolist() == [0, 1, 0, 1]
    assert speech.groups.tolist() == [1, 1, 0, 0]
    assert speech.spans.tolist() == [[0, 11], [10, 26], [27, 38], [37, 53]]
