"""The counter-based generator: golden values, and numbers that look independent."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from adsmtl import rng

GOLDEN = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1
# rng.key(3, "dropout", "vision", "shared") of every version so far.
KEY_OF_RELEASE = 1284657558175668641
words64 = st.integers(-(2**63), 2**63 - 1)


def splitmix64(state: int) -> int:
    """The finaliser in plain integers, as Steele, Lea and Flood print it."""
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB & MASK
    return state ^ (state >> 31)


def unsigned(value: int | Tensor) -> int:
    return int(value) & MASK


def drawn_bytes(seed: int, words: int) -> Tensor:
    key = torch.tensor(rng.key(seed, "test"))
    return rng.words(key, torch.arange(words)).view(torch.uint8)


def chi_square(counts: Tensor) -> float:
    """Standardised: about N(0, 1) for even counts over many cells."""
    expected = counts.sum() / len(counts)
    statistic = float(((counts - expected) ** 2 / expected).sum())
    freedom = len(counts) - 1
    return (statistic - freedom) / math.sqrt(2 * freedom)


def correlation(a: Tensor, b: Tensor) -> float:
    """Pearson's, times sqrt(n): about N(0, 1) for independent numbers."""
    pair = torch.stack([a.double().flatten(), b.double().flatten()])
    return float(torch.corrcoef(pair)[0, 1]) * math.sqrt(pair.shape[1])


def test_the_first_words_of_key_0_are_the_published_sequence_of_splitmix64() -> None:
    found = rng.words(torch.tensor(0), torch.arange(1, 4))
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert [unsigned(word) for word in found] == published


@given(key=words64, counter=words64)
def test_a_word_is_the_finaliser_of_key_plus_counter_times_the_golden_ratio(
    key: int, counter: int
) -> None:
    found = rng.words(torch.tensor(key), torch.tensor(counter))
    assert unsigned(found) == splitmix64((key + counter * GOLDEN) & MASK)


def test_mixing_leaves_its_argument_alone() -> None:
    value = torch.arange(5)
    rng.mix(value)
    assert value.tolist() == [0, 1, 2, 3, 4]


@given(number=words64)
def test_a_key_on_the_host_is_the_word_that_the_device_draws(number: int) -> None:
    assert rng.key(number) == int(rng.words(torch.tensor(number), torch.tensor(1)))


def test_keys_are_what_torch_stores_and_do_not_change_between_versions() -> None:
    keys = [rng.key(seed, "dropout", "vision", "shared") for seed in range(100)]
    assert torch.tensor(keys).tolist() == keys
    assert unsigned(rng.key(0)) == 0xE220A8397B1DCDAF
    # Runs made with an earlier version stay comparable only while this holds.
    assert rng.key(3, "dropout", "vision", "shared") == KEY_OF_RELEASE


def test_keys_differ_by_every_part_their_order_and_their_type() -> None:
    parts = [
        (0, "order", "vision", 1),
        (1, "order", "vision", 1),
        (0, "order", "vision", 2),
        (0, "order", "speech", 1),
        (0, "batch-order", "vision", 1),
        (1, "order", "vision", 0),
        (0, "vision", "order", 1),
        (0, "order", "vision"),
        (0, "order", "vision", "1"),
        ("order", "vision", 0, 1),
        ("ordervision", 0, 1),
    ]
    assert len({rng.key(*own) for own in parts}) == len(parts)


def test_small_numbers_make_keys_without_collisions() -> None:
    keys = {rng.key(seed, step) for seed in range(100) for step in range(100)}
    assert len(keys) == 100 * 100


def test_bytes_are_uniform() -> None:
    for seed in range(5):
        assert abs(chi_square(drawn_bytes(seed, 50_000).long().bincount(minlength=256))) < 4


def test_every_byte_of_a_word_is_uniform() -> None:
    table = drawn_bytes(0, 100_000).view(-1, 8).long()
    for position in range(8):
        assert abs(chi_square(table[:, position].bincount(minlength=256))) < 4


def test_every_bit_is_even() -> None:
    word = rng.words(torch.tensor(rng.key("bits")), torch.arange(100_000))
    for bit in range(64):
        share = ((word >> bit) & 1).double().mean()
        assert abs(float(share) - 0.5) * 2 * math.sqrt(100_000) < 4.5


@pytest.mark.parametrize("lag", [1, 2, 7, 8, 9, 64, 256])
def test_neighbouring_bytes_are_uncorrelated(lag: int) -> None:
    drawn = drawn_bytes(0, 50_000)
    assert abs(correlation(drawn[:-lag], drawn[lag:])) < 4


def test_pairs_of_neighbouring_bytes_are_even() -> None:
    drawn = drawn_bytes(1, 100_000).long()
    pairs = (drawn[:-1] >> 4) * 16 + (drawn[1:] >> 4)
    assert abs(chi_square(pairs.bincount(minlength=256))) < 4.5


def test_rows_of_an_activation_are_uncorrelated() -> None:
    # Masks count `row << 32 | word`: only high bits differ between rows.
    rows = rng.words(
        torch.tensor(rng.key("rows")), (torch.arange(9)[:, None] << 32) + torch.arange(5_000)
    ).view(torch.uint8)
    for one, other in pairwise(rows):
        assert abs(correlation(one, other)) < 4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((0, "dropout", "vision", "shared"), (1, "dropout", "vision", "shared")),
        ((0, "dropout", "vision", "shared"), (0, "dropout", "speech", "shared")),
        ((0, "dropout", "vision", "shared"), (0, "dropout", "vision", "hidden")),
    ],
)
def test_seeds_tasks_and_sites_are_uncorrelated_in_every_step(one: tuple, other: tuple) -> None:
    counters = torch.arange(2_000)
    steps = torch.arange(20)
    a, b = (
        rng.words(rng.words(torch.tensor(rng.key(*parts)), steps)[:, None], counters)
        for parts in (one, other)
    )
    assert abs(correlation(a.view(torch.uint8), b.view(torch.uint8))) < 4
    # and one step's numbers are no shift of the next one's
    assert len(torch.unique(torch.cat([a, b]))) == a.numel() + b.numel()
    assert abs(correlation(a[:-1].view(torch.uint8), a[1:].view(torch.uint8))) < 4


@given(seed=st.integers(0, 10**6), n=st.integers(0, 300))
def test_permutations_hold_every_number_once(seed: int, n: int) -> None:
    keys = torch.tensor([rng.key(seed, 0), rng.key(seed, 1)])
    found = rng.permutations(keys, n)
    assert found.shape == (2, n)
    assert torch.equal(found.sort(dim=1).values, torch.arange(n).expand(2, n))


def test_a_permutation_depends_on_its_own_key_alone() -> None:
    keys = [rng.key("order", seed) for seed in range(3)]
    together = rng.permutations(torch.tensor(keys), 50)
    for row, key in zip(together, keys, strict=True):
        assert torch.equal(row, rng.permutations(torch.tensor([key]), 50)[0])
    assert len({tuple(row.tolist()) for row in together}) == 3


def test_all_permutations_of_four_are_equally_frequent() -> None:
    keys = torch.tensor([rng.key("permutation", seed) for seed in range(12_000)])
    base = torch.tensor([64, 16, 4, 1])
    codes = (rng.permutations(keys, 4) * base).sum(dim=1)
    counts = codes.unique(return_counts=True)[1]
    assert len(counts) == 24
    assert abs(chi_square(counts)) < 4


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_draws_the_same_bits() -> None:
    keys = torch.tensor([rng.key("device", seed) for seed in range(3)])
    counters = torch.arange(10_000)
    here = rng.words(keys[:, None], counters)
    assert torch.equal(rng.words(keys.cuda()[:, None], counters.cuda()).cpu(), here)
    assert torch.equal(rng.permutations(keys.cuda(), 999).cpu(), rng.permutations(keys, 999))
