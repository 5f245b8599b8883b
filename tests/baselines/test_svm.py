"""The support vector machine on speech that it can tell apart, and on speech that it cannot."""

import numpy as np
import pytest

from adsmtl.baselines import svm
from adsmtl.data.prepared import Prepared
from adsmtl.errors import UserError

FOLDS = [
    {"test": ["a"], "val": ["b"]},
    {"test": ["b"], "val": ["c"]},
    {"test": ["c"], "val": ["a"]},
]
CLASSES = {"classes": ["x", "y"], "foldings": {"1": {"classes": ["x"], "map": [0, -1]}}}


def spoken(apart):
    """60 segments of 1 to 20 frames by three speakers, two classes `apart` deviations apart."""
    random = np.random.default_rng(0)
    labels, lengths = np.arange(60) % 2, 7 + np.arange(60) % 20
    ends = np.cumsum(lengths)
    frames = random.normal(size=(ends[-1], 3, 40)).astype(np.float32)
    frames += apart * np.repeat(labels, lengths)[:, None, None]
    return Prepared(
        dataset="made",
        inputs=frames,
        spans=np.stack([ends - lengths, ends], 1),
        targets={"phone": labels},
        groups=np.arange(60) // 20,
        split=None,
        card={"digest": "0", "groups": list("abc"), "folds": FOLDS, "targets": {"phone": CLASSES}},
    )


def test_it_learns_what_can_be_learned_and_nothing_else():
    found = svm.measure(spoken(apart=1.0))
    assert found["accuracy"] == [1.0, 1.0, 1.0]
    assert (found["train"], found["test"]) == ([20] * 3, [20] * 3)
    # folded, class y is not scored
    assert found["accuracy_1"] == [1.0, 1.0, 1.0]
    assert np.mean(svm.measure(spoken(apart=0.0))["accuracy"]) < 0.75


def test_it_takes_no_more_examples_than_it_says(monkeypatch):
    monkeypatch.setattr(svm, "TRAINING", 10)
    monkeypatch.setattr(svm, "TESTED", 6)
    found = svm.measure(spoken(apart=1.0))
    assert (found["train"], found["test"]) == ([10] * 3, [6] * 3)


def test_a_vector_has_the_means_of_its_parts_and_the_duration():
    frames = np.repeat(np.arange(16.0), 120).reshape(16, 3, 40)
    vector = svm._vector(frames)
    assert vector.shape == (601,)
    # context of three frames, ten of its own in parts of 3, 4 and 3
    assert vector[:600:120].tolist() == [1.0, 4.0, 7.5, 11.0, 14.0]
    assert vector[-1] == pytest.approx(np.log(10))


def test_images_have_no_segments():
    images = Prepared("cifar10", np.zeros((1, 3, 2, 2), np.uint8), None, {}, np.zeros(1), None, {})
    with pytest.raises(UserError, match="cifar10 has no segments of speech"):
        svm.measure(images)
