"""Schedules: which dropout rate every task has in which epoch.

A schedule is a frozen dataclass whose fields are its parameters in `config/arms.yaml`, with one
pure method. It keeps no state: the rates of an epoch follow from what the epochs before it
showed, so a run resumes exactly and a trajectory can be recomputed from `history.jsonl`.
A new schedule is one small file with such a class, and its name here.
"""

from adsmtl.dropout.schedules.adaptive import Adsmtl
from adsmtl.dropout.schedules.concrete import Concrete
from adsmtl.dropout.schedules.fixed import Fixed, NoDropout
from adsmtl.dropout.schedules.follow import BLOCK, Follow, Recorded, Trajectory, lender
from adsmtl.dropout.schedules.per_task import PerTask
from adsmtl.dropout.schedules.timed import Curriculum, Early, Late, ListingIntent

__all__ = [
    "BLOCK",
    "SCHEDULES",
    "Adsmtl",
    "Concrete",
    "Curriculum",
    "Early",
    "Fixed",
    "Follow",
    "Late",
    "ListingIntent",
    "NoDropout",
    "PerTask",
    "Recorded",
    "Schedule",
    "Trajectory",
    "lender",
]

Schedule = (
    NoDropout
    | Fixed
    | PerTask
    | ListingIntent
    | Adsmtl
    | Early
    | Late
    | Curriculum
    | Follow
    | Concrete
)

# By the name that `schedule` has in config/arms.yaml.
SCHEDULES: dict[str, type[Schedule]] = {
    kind.schedule: kind
    for kind in (
        *(NoDropout, Fixed, PerTask, ListingIntent, Adsmtl),
        *(Early, Late, Curriculum, Follow, Concrete),
    )
}
