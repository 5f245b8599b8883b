"""What holds for every schedule there is."""

import copy
from typing import get_args

from histories import histories
from hypothesis import given

from adsmtl.dropout.difficulty import History
from adsmtl.dropout.schedules import (
    SCHEDULES,
    Adsmtl,
    Concrete,
    Curriculum,
    Early,
    Fixed,
    Follow,
    Late,
    ListingIntent,
    NoDropout,
    PerTask,
    Recorded,
    Schedule,
)

EPOCHS = 6
LEADER = [{"vision": t / 10, "speech": 0.5, "sex": 0.0} for t in range(EPOCHS)]
EXAMPLES: list[Schedule | Recorded] = [
    *(NoDropout(), Fixed(0.3), ListingIntent(0.2, 2), Adsmtl(kappa=0.3, interval=2)),
    *(Early(0.2), Late(0.2), Curriculum(0.5), Concrete(0.1)),
    *(Follow("adsmtl", kind).recorded(LEADER) for kind in ("borrowed", "mean-over-time")),
    *(PerTask({"vision": 0.1, "speech": 0.3, "sex": 0.0}), Adsmtl(reference="first-epoch")),
]


def test_every_schedule_is_listed_under_its_name() -> None:
    assert set(SCHEDULES.values()) == set(get_args(Schedule))
    assert all(kind.schedule == name for name, kind in SCHEDULES.items())


def test_the_tests_below_leave_no_schedule_out() -> None:
    assert {type(own) for own in EXAMPLES} == {*SCHEDULES.values(), Recorded} - {Follow}


@given(histories(EPOCHS - 1))
def test_every_task_gets_a_rate(history: History) -> None:
    for schedule in EXAMPLES:
        rates = schedule.rates(history, EPOCHS)
        assert list(rates) == list(history), schedule
        assert all(0 <= rate < 1 for rate in rates.values()), schedule


@given(histories(EPOCHS - 1), histories(EPOCHS - 1))
def test_the_same_history_has_the_same_answer_whatever_was_asked_before(
    history: History, other: History
) -> None:
    before = copy.deepcopy(history)
    for schedule in EXAMPLES:
        rates = schedule.rates(history, EPOCHS)
        schedule.rates(other, EPOCHS)
        assert schedule.rates(history, EPOCHS) == rates, schedule
        assert history == before, schedule
