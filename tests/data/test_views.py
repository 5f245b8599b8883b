"""Views: labels worked out by hand, exact shares, and images that are moved and nothing else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny
from fakes import needs_mirror
from hypothesis import given
from hypothesis import strategies as st

from adsmtl.data import folds, registry, views
from adsmtl.data.prepared import Prepared
from adsmtl.data.speech import phones
from adsmtl.data.speech.features import CONTEXT
from adsmtl.data.views.speech import LONGER
from adsmtl.errors import UserError
from adsmtl.study import Examples, Task, View
from adsmtl.training.batches import split_of

TRAIN = 60
SPOKEN = ("h#", "p", "b", "iy", "w", "q", "ay", "axr")


def images(**view: object) -> Prepared:
    return views.seen(tiny.images(TRAIN), Task("tiny-images", "label", "cnn", view=View(**view)))


def speech(labels: str, frames: tuple[int, ...] = (5,) * 8) -> tuple[tuple[str, ...], list]:
    """Classes, and labels of one segment of each of SPOKEN with so many frames."""
    stops = np.cumsum(np.array(frames) + 2 * CONTEXT)
    plain = tiny.sequences(1)
    data = replace(
        plain,
        spans=np.stack([np.append(0, stops[:-1]), stops], axis=1),
        targets={"phone": np.arange(8)},
        card={**plain.card, "targets": {"phone": {"classes": list(SPOKEN)}}},
    )
    task = Task("tiny-sequences", "phone", "lstm", view=View(labels=labels))
    found = views.seen(data, task)
    return tuple(found.card["targets"]["phone"]["classes"]), found.targets["phone"].tolist()


# Labels of speech


def test_places_by_hand():
    classes, labels = speech("place")
    named = [None if label == -1 else classes[label] for label in labels]
    assert named == [None, "labial", "labial", "front", None, "glottal", None, "central"]


def test_voicing_by_hand():
    classes, labels = speech("voicing")
    assert classes == ("voiced", "voiceless")
    assert labels == [-1, 1, 0, 0, 0, 1, 0, 0]


def test_vowels_and_consonants_by_hand():
    classes, labels = speech("vowel-or-consonant")
    assert classes == ("vowel", "consonant")
    assert labels == [-1, 1, 1, 0, 1, 1, 0, 0]


def test_durations_by_hand_leave_the_context_out():
    assert speech("duration", (9, 1, 5, 6, 8, 9, 40, 5)) == (
        ("short", "medium", "long"),
        [-1, 0, 0, 1, 1, 2, 2, 0],
    )


def test_no_label_of_speech_decides_another_of_its_pairs():
    pairs = [
        (phones.place_of, phones.voicing_of),
        (phones.voicing_of, phones.kind_of),
    ]
    for one, other in pairs:
        for first, second in ((one, other), (other, one)):
            found = {(first(p), second(p)) for p in phones.PHONES if first(p) and second(p)}
            assert len(found) > len({own for own, _ in found})


def test_labels_that_follow_from_phones_need_timits_phones():
    task = Task("tiny-sequences", "phone", "lstm", view=View(labels="place"))
    with pytest.raises(UserError, match=r"'tiny-sequences' for labels place.*'a' is none of TIMIT"):
        views.seen(tiny.sequences(), task)


# Classes and halves


def test_classes_are_numbered_in_the_order_given_and_others_are_absent():
    plain = tiny.images(TRAIN).targets["label"]
    found = images(classes=("blue", "red"))
    assert found.card["targets"]["label"] == {"classes": ["blue", "red"]}
    assert found.targets["label"].tolist() == [{2: 0, 0: 1, 1: -1}[label] for label in plain]


def test_halves_share_no_example_and_leave_none_out():
    even, odd = (images(half=half).targets["label"] for half in ("even", "odd"))
    assert ((even >= 0) != (odd >= 0)).all()
    assert np.flatnonzero(even >= 0)[:3].tolist() == [0, 2, 4]


def test_a_split_takes_labelled_examples_alone():
    task = Task(
        "tiny-images", "label", "cnn", examples=Examples(30), view=View(classes=("blue", "red"))
    )
    found = views.seen(tiny.images(TRAIN), task)
    split = split_of(found, task, 0)
    assert [len(split[name]) for name in ("train", "val", "test")] == [30, 20, 16]
    for positions in split.values():
        assert set(found.targets["label"][positions]) == {0, 1}
    assert np.bincount(found.targets["label"][split["train"]]).tolist() == [15, 15]


def test_a_class_that_the_data_lack_is_refused():
    with pytest.raises(UserError, match=r"'tiny-images' for class 'grey'.*red, green, blue"):
        images(classes=("red", "grey"))


# Permuted labels


@given(st.integers(2, 200), st.floats(0, 1), st.integers(2, 5))
def test_a_share_of_the_training_labels_is_exchanged_and_nothing_else(count, share, classes):
    labels = np.arange(count) % (classes + 1) - 1
    train = np.arange(0, count, 2)
    found = views.permuted(labels, train, share)
    taking_part = train[labels[train] >= 0]
    changed = np.flatnonzero(found != labels)
    assert set(changed) <= set(taking_part)
    assert len(changed) <= round(share * len(taking_part))
    assert sorted(found) == sorted(labels)


def test_exactly_the_share_takes_part_and_a_smaller_one_is_part_of_a_larger():
    """Labels that all differ show who took part, but for the few that draw their own again."""
    labels, train = np.arange(10_000), np.arange(8_000)
    moved = {
        share: set(np.flatnonzero(views.permuted(labels, train, share) != labels))
        for share in (0.25, 0.5, 1.0)
    }
    for share, own in moved.items():
        assert 8_000 * share - 10 < len(own) <= 8_000 * share
    assert len(moved[0.25] - moved[0.5]) <= 10
    assert max(moved[1.0]) < 8_000


def test_permuted_labels_are_the_same_every_time_and_true_on_test_data():
    plain = tiny.images(TRAIN).targets["label"]
    one, other = (images(permuted=1.0).targets["label"] for _ in range(2))
    assert one.tolist() == other.tolist()
    assert (one[:TRAIN] != plain[:TRAIN]).mean() > 0.4  # 2/3 expected
    assert one[TRAIN:].tolist() == plain[TRAIN:].tolist()


def test_data_whose_training_examples_differ_between_seeds_are_not_permuted():
    task = Task("tiny-sequences", "phone", "lstm", view=View(permuted=0.5))
    with pytest.raises(UserError, match=r"permuted, but its training examples differ"):
        views.seen(tiny.sequences(), task)


# Images


def test_every_rotation_is_as_frequent_as_the_others_in_every_split_and_half():
    found = images(inputs="rotated", labels="rotation")
    labels = found.targets["label"]
    for part in (folds.TRAIN, folds.VALIDATION, folds.TEST):
        for half in (0, 1):
            own = labels[(found.split == part) & (np.arange(len(labels)) % 2 == half)]
            assert np.ptp(np.bincount(own, minlength=4)) <= 1


def test_an_image_is_turned_by_as_many_quarters_as_its_label_says():
    found = images(inputs="rotated", labels="rotation")
    numbers = np.array([3, 17, 40, 41, 99, 8])
    for number, image in zip(numbers, found.images(numbers), strict=True):
        quarter = found.targets["label"][number]
        plain = found.inputs[number]
        # back: clockwise, row by row, the columns from below
        for _ in range(quarter):
            image = np.transpose(image, (0, 2, 1))[:, :, ::-1]
        assert (image == plain).all()


def test_rotations_can_only_be_predicted_where_images_are_rotated():
    with pytest.raises(UserError, match="labels rotation, but it needs inputs: rotated"):
        images(labels="rotation")


def test_pixels_are_permuted_in_one_order_for_all_images_and_channels():
    found = images(inputs="pixel-permuted")
    size = tiny.SIZE**2
    places = np.stack([np.arange(size).reshape(tiny.SIZE, tiny.SIZE)] * 3)[None].repeat(2, axis=0)
    order = found.transform(places.astype(np.int64), np.array([0, 1])).reshape(6, size)
    assert (order == order[0]).all()
    assert sorted(order[0]) == list(range(size))
    assert (order[0] != np.arange(size)).mean() > 0.9
    numbers = np.array([5, 9])
    expected = found.inputs[numbers].reshape(2, 3, size)[:, :, order[0]]
    assert (found.images(numbers).reshape(2, 3, size) == expected).all()


def test_images_are_left_as_they_are_without_a_view():
    data = tiny.images(TRAIN)
    assert (data.images(np.array([4, 2])) == data.inputs[[4, 2]]).all()


def test_speech_has_no_images_to_turn():
    task = Task("tiny-sequences", "phone", "lstm", view=View(inputs="rotated"))
    with pytest.raises(UserError, match="inputs rotated, but it has no images"):
        views.seen(tiny.sequences(), task)


# Real data


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prepared TIMIT sample."""
    root = tmp_path_factory.mktemp("data")
    return registry.prepare("timit-sample", root / "raw", root)


@needs_mirror
def test_durations_are_terciles_of_the_training_speakers_of_every_fold(sample: Path):
    data = views.load(sample, Task("timit-sample", "phone", "lstm", view=View(labels="duration")))
    frames = np.ptp(data.spans, axis=1) - 2 * CONTEXT
    for seed in range(4):
        train = folds.split_indices(data, seed).train
        own = frames[train][data.targets["phone"][train] >= 0]
        terciles = np.quantile(own, [1 / 3, 2 / 3], method="inverted_cdf")
        assert tuple(terciles + 1) == LONGER


@needs_mirror
@pytest.mark.parametrize("labels", ["place", "voicing", "vowel-or-consonant", "duration"])
def test_every_fold_has_two_thousand_training_examples_of_speech(sample: Path, labels: str):
    view = View(labels=labels)
    task = Task("timit-sample", "phone", "lstm", examples=Examples(2000), view=view)
    data = views.load(sample, task)
    for seed in range(4):
        split = split_of(data, task, seed)
        assert len(split["train"]) == 2000
        train, val, test = (set(data.groups[positions]) for positions in split.values())
        assert train.isdisjoint(val)
        assert test.isdisjoint(train | val)
