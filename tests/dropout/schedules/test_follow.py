"""Controls of claim C5: what each keeps of another arm's rates, and what it breaks."""

from collections.abc import Sequence

import pytest
from histories import observed
from hypothesis import given
from hypothesis import strategies as st

from adsmtl.dropout.schedules import Follow, Recorded, Trajectory, lender
from adsmtl.dropout.schedules.follow import BLOCK
from adsmtl.errors import UserError

KINDS = ("borrowed", "swapped", "mean-over-time")
TWO = [{"a": 0.1, "b": 0.3}, {"a": 0.2, "b": 0.6}]
THREE = [{"a": 0.0, "b": 0.3, "c": 0.6}, {"a": 0.2, "b": 0.1, "c": 0.0}]


@st.composite
def trajectories(draw: st.DrawFn) -> Trajectory:
    """Rates of one to four tasks in one to six epochs."""
    tasks = "abcd"[: draw(st.integers(1, 4))]
    rates = st.fixed_dictionaries(dict.fromkeys(tasks, st.floats(0, 0.99)))
    return draw(st.lists(rates, min_size=1, max_size=6))


def kept(keep: str, trajectory: Trajectory) -> Trajectory:
    return list(Follow("adsmtl", keep).recorded(trajectory).trajectory)


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def over_all(trajectory: Trajectory) -> float:
    return mean([rate for rates in trajectory for rate in rates.values()])


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ("borrowed", [{"a": 0.1, "b": 0.3}, {"a": 0.2, "b": 0.6}]),
        ("swapped", [{"a": 0.3, "b": 0.1}, {"a": 0.6, "b": 0.2}]),
        ("mean-over-time", [{"a": 0.15, "b": 0.45}, {"a": 0.15, "b": 0.45}]),
    ],
)
def test_two_tasks_by_hand(keep: str, expected: Trajectory) -> None:
    found = kept(keep, TWO)
    assert [list(rates) for rates in found] == [["a", "b"]] * 2
    for own, hand in zip(found, expected, strict=True):
        assert own == pytest.approx(hand)


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ("borrowed", THREE),
        ("swapped", [{"a": 0.3, "b": 0.6, "c": 0.0}, {"a": 0.1, "b": 0.0, "c": 0.2}]),
        ("mean-over-time", [{"a": 0.1, "b": 0.2, "c": 0.3}] * 2),
    ],
)
def test_three_tasks_by_hand(keep: str, expected: Trajectory) -> None:
    for own, hand in zip(kept(keep, THREE), expected, strict=True):
        assert own == pytest.approx(hand)


@given(trajectories(), st.sampled_from(KINDS))
def test_the_overall_level_is_kept_in_every_kind(trajectory: Trajectory, keep: str) -> None:
    assert over_all(kept(keep, trajectory)) == pytest.approx(over_all(trajectory))


@given(trajectories())
def test_a_borrowed_trajectory_is_kept_whole(trajectory: Trajectory) -> None:
    assert kept("borrowed", trajectory) == trajectory


@pytest.mark.parametrize(
    ("seeds", "lenders"),
    [
        (range(16), [1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12]),
        (range(8), [1, 2, 3, 0, 5, 6, 7, 4]),
        (range(6), [1, 2, 3, 0, 5, 4]),
        (range(3), [1, 2, 0]),
        (range(2), [1, 0]),
        ((101, 103), [103, 101]),
    ],
)
def test_the_lender_of_every_seed(seeds: Sequence[int], lenders: list[int]) -> None:
    assert [lender(seed, seeds) for seed in seeds] == lenders


@given(st.sets(st.integers(0, 40), min_size=1))
def test_every_seed_of_a_block_lends_once_and_never_to_itself(seeds: set[int]) -> None:
    blocks = {seed // BLOCK: {s for s in seeds if s // BLOCK == seed // BLOCK} for seed in seeds}
    for block in blocks.values():
        if len(block) > 1:
            lent = {seed: lender(seed, seeds) for seed in block}
            assert set(lent.values()) == block
            assert all(own != other for own, other in lent.items())


@given(st.sets(st.integers(0, 40), min_size=1))
def test_other_blocks_do_not_change_the_lender(seeds: set[int]) -> None:
    block = {4, 5, 6, 7}
    assert [lender(seed, seeds | block) for seed in block] == [lender(s, block) for s in block]


@pytest.mark.parametrize(("seed", "seeds"), [(0, [0]), (4, range(5)), (9, [0, 1])])
def test_a_seed_that_is_alone_in_its_block_is_told_which_would_do(
    seed: int, seeds: Sequence[int]
) -> None:
    first = seed - seed % 4
    with pytest.raises(UserError, match=f"^seed {seed} has none .* seeds {first} to {first + 3} "):
        lender(seed, seeds)


@given(trajectories())
def test_matching_the_mean_keeps_every_tasks_level_and_no_change_over_time(
    trajectory: Trajectory,
) -> None:
    found = kept("mean-over-time", trajectory)
    assert len(found) == len(trajectory)
    assert all(rates == found[0] for rates in found)
    for task, rate in found[0].items():
        assert rate == pytest.approx(mean([rates[task] for rates in trajectory]))


@given(trajectories())
def test_swapping_hands_every_trajectory_to_another_task(trajectory: Trajectory) -> None:
    tasks = list(trajectory[0])
    for i, task in enumerate(tasks):
        donor = tasks[(i + 1) % len(tasks)]
        own = [rates[task] for rates in kept("swapped", trajectory)]
        assert own == [rates[donor] for rates in trajectory]
        assert donor != task or len(tasks) == 1


@given(trajectories())
def test_swapping_as_often_as_there_are_tasks_gives_all_back(trajectory: Trajectory) -> None:
    found = trajectory
    for _ in trajectory[0]:
        found = kept("swapped", found)
    assert found == trajectory


def test_what_was_read_is_left_alone() -> None:
    read = [dict(rates) for rates in THREE]
    for keep in KINDS:
        kept(keep, read)
    assert read == THREE


def test_recorded_rates_are_those_of_the_epoch_to_come() -> None:
    recorded = Recorded(TWO)
    assert recorded.rates({"a": [], "b": []}, 2) == TWO[0]
    assert recorded.rates({"a": observed(1), "b": observed(1)}, 2) == TWO[1]


def test_recorded_rates_do_not_go_on_after_their_last_epoch() -> None:
    with pytest.raises(IndexError):
        Recorded(TWO).rates({"a": observed(1, 1), "b": observed(1, 1)}, 3)


def test_the_rates_are_not_known_before_they_were_read() -> None:
    with pytest.raises(ValueError, match="'adsmtl' have to be read first"):
        Follow("adsmtl", "swapped").rates({"a": []}, 3)
