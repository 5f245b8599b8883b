"""Order: a pure function of seed, task and epoch that passes every example once."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from adsmtl.training.order import BATCHES_PER_CHUNK, PADDING, batches


def lengths_of(n: int, longest: int = 60) -> Tensor:
    generator = torch.Generator().manual_seed(n)
    return torch.randint(1, longest + 1, (n,), generator=generator)


def sizes(table: Tensor) -> Tensor:
    return (table != PADDING).sum(dim=1)


@given(
    seed=st.integers(0, 1000),
    epoch=st.integers(1, 50),
    n=st.integers(1, 400),
    steps=st.integers(1, 90),
    bucketed=st.booleans(),
)
def test_an_epoch_is_every_example_once_in_batches_of_nearly_equal_size(
    seed: int, epoch: int, n: int, steps: int, bucketed: bool
) -> None:
    table = batches(seed, "task", epoch, n, steps, lengths_of(n) if bucketed else None)
    assert table.shape == (steps, -(-n // steps))
    real = table[table != PADDING]
    assert real.sort().values.tolist() == list(range(n))
    assert int(sizes(table).max() - sizes(table).min()) <= 1


def test_fewer_examples_than_steps_leave_batches_empty() -> None:
    table = batches(0, "task", 1, 3, 10, None)
    assert table.shape == (10, 1)
    assert sizes(table).sum() == 3
    # spread over the epoch, not crowded at one end
    filled = sizes(table).nonzero().flatten()
    assert int(filled.diff().min()) >= 3


def test_padding_stands_at_the_end_of_a_batch() -> None:
    for lengths in (None, lengths_of(25)):
        for row in batches(0, "task", 1, 25, 10, lengths):
            padded = (row == PADDING).long()
            assert (padded.diff() >= 0).all()


def test_the_order_is_the_same_whenever_it_is_asked_for() -> None:
    one = batches(3, "speech", 2, 100, 7, lengths_of(100))
    assert torch.equal(one, batches(3, "speech", 2, 100, 7, lengths_of(100)))


def test_seeds_epochs_and_tasks_have_orders_of_their_own() -> None:
    for lengths in (None, lengths_of(100)):
        tables = [
            batches(seed, task, epoch, 100, 5, lengths)
            for seed, task, epoch in [(0, "a", 1), (1, "a", 1), (0, "b", 1), (0, "a", 2)]
        ]
        assert len({tuple(table.flatten().tolist()) for table in tables}) == 4


def test_the_order_does_not_depend_on_the_number_of_steps() -> None:
    few, many = batches(0, "task", 1, 100, 5, None), batches(0, "task", 1, 100, 50, None)
    assert few.flatten().tolist() == many.flatten().tolist()


def padded_frames(table: Tensor, lengths: Tensor) -> int:
    own = torch.where(table == PADDING, 0, lengths[table.clamp(min=0)])
    return int((own.max(dim=1).values * sizes(table) - own.sum(dim=1)).sum())


def test_batching_by_length_leaves_little_padding() -> None:
    n, steps = 1000, 40
    lengths = lengths_of(n)
    plain = padded_frames(batches(0, "task", 1, n, steps, None), lengths)
    bucketed = padded_frames(batches(0, "task", 1, n, steps, lengths), lengths)
    assert bucketed < 0.15 * plain


def test_batches_by_length_come_in_random_order_and_company() -> None:
    n, steps = 1000, 2 * BATCHES_PER_CHUNK
    lengths = lengths_of(n)
    one, other = (batches(0, "task", epoch, n, steps, lengths) for epoch in (1, 2))
    longest = lengths[one.clamp(min=0)].amax(dim=1).double()
    trend = torch.corrcoef(torch.stack([longest, torch.arange(steps).double()]))[0, 1]
    assert abs(float(trend)) < 0.5  # 4 standard errors of 64 independent batches
    company = [
        {tuple(sorted(r for r in row.tolist() if r != PADDING)) for row in t} for t in (one, other)
    ]
    assert not company[0] & company[1]


def test_every_example_leads_equally_often() -> None:
    firsts = torch.tensor([int(batches(seed, "t", 1, 8, 2, None)[0, 0]) for seed in range(1600)])
    counts = firsts.bincount(minlength=8).double()
    assert float(((counts - 200) ** 2 / 200).sum()) < 24.3  # chi-square, 7 degrees, p = 0.001
