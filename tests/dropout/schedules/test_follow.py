"""Controls of claim C5: what each keeps of another arm's rates, and what it breaks."""

import pytest
from histories import observed
from hypothesis import given
from hypothesis import strategies as st

from adsmtl.dropout.schedules import Follow, Recorded, Trajectory

KINDS = ("mean-over-tasks", "swapped", "mean-over-time")
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
        ("mean-over-tasks", [{"a": 0.2, "b": 0.2}, {"a": 0.4, "b": 0.4}]),
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
        ("mean-over-tasks", [dict.fromkeys("abc", 0.3), dict.fromkeys("abc", 0.1)]),
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
def test_yoking_keeps_every_epochs_mean_and_no_difference_between_tasks(
    trajectory: Trajectory,
) -> None:
    for before, after in zip(trajectory, kept("mean-over-tasks", trajectory), strict=True):
        assert len(set(after.values())) == 1
        assert after["a"] == pytest.approx(mean(list(before.values())))


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
