"""Splits keep speakers apart and classes in proportion."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsmtl.data import folds


@given(st.integers(3, 6), st.integers(0, 3), st.integers(0, 3))
def test_speaker_folds_are_disjoint_balanced_and_complete(count, more_f, more_m):
    sexes = {f"f{n}": "f" for n in range(count + more_f)}
    sexes |= {f"m{n}": "m" for n in range(count + more_m)}
    dealt = folds.speaker_folds(sexes, count)
    tested = [name for fold in dealt for name in fold["test"]]
    assert sorted(tested) == sorted(sexes)
    for fold in dealt:
        assert not set(fold["test"]) & set(fold["val"])
        assert sorted(sexes[name] for name in fold["val"]) == ["f", "m"]
        assert {sexes[name] for name in fold["test"]} == {"f", "m"}
        assert set(sexes) - set(fold["test"]) - set(fold["val"])
    assert len({tuple(fold["val"]) for fold in dealt}) == count


def test_too_few_speakers_of_a_sex():
    with pytest.raises(ValueError, match="4 folds need 4 speakers of sex m, not 1"):
        folds.speaker_folds({"f1": "f", "f2": "f", "f3": "f", "f4": "f", "m1": "m"}, 4)


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=80),
    st.integers(0, 90),
    st.integers(0, 90),
    st.integers(0, 2**32 - 1),
)
def test_subsets_are_nested_and_stratified(labels, one, other, seed):
    targets = np.array(labels)
    indices = np.flatnonzero(np.arange(len(targets)) % 3 != 1)
    small, large = (folds.subset(indices, targets, size, seed) for size in sorted((one, other)))
    assert set(small) <= set(large) <= set(indices)
    assert len(large) == min(max(one, other), len(indices))
    assert (np.diff(large) > 0).all()
    share = len(large) / max(len(indices), 1)
    classes = np.unique(targets[indices])
    for label in classes:
        expected = share * (targets[indices] == label).sum()
        # each of the other class sequences can shift the border by at most one place
        assert abs((targets[large] == label).sum() - expected) < 1 + len(classes) / 2


def test_equal_classes_are_held_out_equally():
    targets = np.arange(1000) % 10
    rest, held = folds.hold_out(np.arange(1000), targets, 100, seed=0)
    assert np.bincount(targets[held]).tolist() == [10] * 10
    assert sorted([*rest, *held]) == list(range(1000))


def test_fractions_all_and_seeds():
    targets = np.arange(100) % 4
    everything = np.arange(100)
    assert len(folds.subset(everything, targets, 0.25, 0)) == 25
    assert len(folds.subset(everything, targets, 1.0, 0)) == 100
    assert len(folds.subset(everything, targets, None, 0)) == 100
    one, two = (folds.subset(everything, targets, 20, seed) for seed in (0, 1))
    assert one.tolist() != two.tolist()
    assert one.tolist() == folds.subset(everything, targets, 20, 0).tolist()
    with pytest.raises(ValueError, match="fraction"):
        folds.subset(everything, targets, 1.5, 0)
