"""Batches: the right pixels and frames, and padding that counts for nothing."""

from dataclasses import replace

import numpy as np
import pytest
import tiny
import torch

from adsmtl.data import folds
from adsmtl.data.prepared import Prepared
from adsmtl.errors import UserError
from adsmtl.study import Examples, Task
from adsmtl.training.batches import TaskData, split_of

CPU = torch.device("cpu")
VISION, SPEECH = tiny.TASKS["vision"], tiny.TASKS["speech"]


def test_images_are_gathered_and_normalised(prepared: dict[str, Prepared]) -> None:
    source = prepared["vision"]
    data = TaskData(source, VISION, [0, 1], CPU)
    assert data.input_shape == (3, tiny.SIZE, tiny.SIZE)
    assert data.classes == 3
    positions = torch.tensor([[5, 0, 7], [2, 2, 100]])
    batch = data.gather(positions)
    mean, std = (np.reshape(v, (3, 1, 1)) for v in (tiny.MEAN, tiny.STD))
    expected = (source.inputs[positions.numpy()].astype(np.float64) / 255 - mean) / std
    assert batch.x.shape == (2, 3, 3, tiny.SIZE, tiny.SIZE)
    assert batch.x.dtype == torch.float32
    np.testing.assert_allclose(batch.x.numpy(), expected, rtol=1e-5, atol=1e-6)
    assert batch.targets.tolist() == source.targets["label"][positions.numpy()].tolist()
    assert batch.lengths is None
    assert (batch.weights == 1).all()


def test_gathering_leaves_the_data_as_they_were(prepared: dict[str, Prepared]) -> None:
    data = TaskData(prepared["vision"], VISION, [0], CPU)
    first = data.gather(torch.tensor([[0, 1]])).x
    assert torch.equal(data.gather(torch.tensor([[0, 1]])).x, first)


def test_frames_are_gathered_and_padded_with_zeros(prepared: dict[str, Prepared]) -> None:
    source = prepared["speech"]
    data = TaskData(source, SPEECH, [0], CPU)
    assert data.input_shape == (3, 0, tiny.BANDS)
    positions = torch.arange(12).view(2, 6)
    batch = data.gather(positions)
    longest = int(np.ptp(source.spans[:12], axis=1).max())
    assert batch.x.shape == (2, 6, 3, longest, tiny.BANDS)
    for r, b in np.ndindex(2, 6):
        start, stop = source.spans[positions[r, b]]
        expected = np.zeros((3, longest, tiny.BANDS), dtype=np.float32)
        expected[:, : stop - start] = source.inputs[start:stop].transpose(1, 0, 2)
        np.testing.assert_array_equal(batch.x[r, b].numpy(), expected)
        assert batch.lengths[r, b] == stop - start


def test_padding_has_weight_0_and_lengthens_nothing(prepared: dict[str, Prepared]) -> None:
    for name, task in tiny.TASKS.items():
        data = TaskData(prepared[name], task, [0], CPU)
        padded = data.gather(torch.tensor([[4, 9, -1, -1]]))
        plain = data.gather(torch.tensor([[4, 9]]))
        assert padded.weights.tolist() == [[1, 1, 0, 0]]
        assert torch.equal(padded.x[:, :2], plain.x)
        assert padded.x.shape[3] == plain.x.shape[3]
        assert torch.equal(padded.targets[:, :2], plain.targets)


def test_a_batch_without_examples_has_finite_inputs_and_no_weight(
    prepared: dict[str, Prepared],
) -> None:
    for name, task in tiny.TASKS.items():
        batch = TaskData(prepared[name], task, [0], CPU).gather(torch.full((1, 2), -1))
        assert batch.weights.sum() == 0
        assert batch.x.isfinite().all()


def test_splits_point_at_the_examples_of_each_seeds_own_fold(
    prepared: dict[str, Prepared],
) -> None:
    source = prepared["speech"]
    data = TaskData(source, SPEECH, [0, 1, 5], CPU)
    for r, seed in enumerate([0, 1, 5]):
        split = folds.split_indices(source, seed)
        for name in ("train", "val", "test"):
            own = data.gather(data.splits[name][r][None])
            positions = getattr(split, name)
            assert own.targets[0].tolist() == source.targets["phone"][positions].tolist()
            assert own.lengths[0].tolist() == np.ptp(source.spans[positions], axis=1).tolist()
    speakers = [set(source.groups[positions]) for positions in folds.split_indices(source, 0)]
    assert not speakers[0] & speakers[2]
    assert torch.equal(data.splits["train"][1], data.splits["train"][2])  # fold 1 of 4


def test_only_examples_in_use_are_kept(prepared: dict[str, Prepared]) -> None:
    limited = replace(VISION, examples=Examples(train=12, val=6, test=3))
    data = TaskData(prepared["vision"], limited, [0, 1], CPU)
    assert len(data.targets) <= 2 * 12 + 6 + 3
    split = split_of(prepared["vision"], limited, 1)
    own = data.gather(data.splits["train"][1][None])
    assert own.targets[0].tolist() == prepared["vision"].targets["label"][split["train"]].tolist()


def test_limits_take_nested_stratified_parts(prepared: dict[str, Prepared]) -> None:
    source = prepared["vision"]

    def split(train: int, seed: int) -> dict[str, np.ndarray]:
        task = replace(VISION, examples=Examples(train=train, val=6, test=6))
        return split_of(source, task, seed)

    small, large, other = split(6, 0), split(30, 0), split(6, 1)
    assert [len(small[name]) for name in ("train", "val", "test")] == [6, 6, 6]
    assert set(small["train"]) < set(large["train"])
    assert set(small["train"]) != set(other["train"])
    assert small["val"].tolist() == other["val"].tolist()
    assert small["test"].tolist() == other["test"].tolist()
    assert np.bincount(source.targets["label"][small["train"]]).tolist() == [2, 2, 2]
    for name, code in (("train", 0), ("val", 1), ("test", 2)):
        assert (source.split[small[name]] == code).all()


def test_a_limit_beyond_what_there_is_takes_all(prepared: dict[str, Prepared]) -> None:
    task = replace(VISION, examples=Examples(train=10**6))
    assert len(split_of(prepared["vision"], task, 0)["train"]) == 60


def test_an_empty_split_names_the_data_set() -> None:
    with pytest.raises(UserError, match=r"tiny-images.*no val"):
        split_of(tiny.images(val=0), VISION, 0)


def test_an_unknown_target_is_answered_with_the_known_ones(prepared: dict[str, Prepared]) -> None:
    with pytest.raises(UserError, match=r"'sex'.*phone"):
        TaskData(prepared["speech"], Task("tiny-sequences", "sex", "lstm"), [0], CPU)


def test_foldings_come_from_the_card(prepared: dict[str, Prepared]) -> None:
    data = TaskData(prepared["speech"], SPEECH, [0], CPU)
    assert {name: map_.tolist() for name, map_ in data.foldings.items()} == {"39": tiny.FOLDED}
