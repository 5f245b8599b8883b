"""`config/arms.yaml`: every arm, by group."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import ConfigDict

from adsmtl import paths
from adsmtl.arms import expand
from adsmtl.config import limits
from adsmtl.errors import UserError
from adsmtl.study import Arm
from adsmtl.yaml_files import check, read_yaml

SINGLE_TASK = "single-task"  # the baseline of a group that is compared with each task alone


@dataclass(frozen=True)
class Group:
    """One group in `config/arms.yaml`; see the comments there. Its arms are checked one by one."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}
    title: str
    arms: dict[str, Any]
    baseline: str | None = None


def arms() -> dict[str, Arm]:
    """Every arm of `config/arms.yaml`, by id, in the order of the file."""
    path = paths.CONFIG / "arms.yaml"
    groups = read_yaml(path)
    for name, group in groups.items():
        limits.name(str(name), str(path), "group")
        own = check(Group, group, f"{path}: {name}")
        limits.label(own.title, f"{path}: {name}: title")
    found = {
        limits.name(arm_id, str(path), "arm"): check(Arm, arm, f"{path}: {arm_id}")
        for arm_id, arm in expand(groups, str(path)).items()
    }
    roles: dict[tuple, str] = {}
    for arm_id, arm in found.items():
        where = f"{path}: {arm_id}"
        limits.label(arm.label, f"{where}: label")
        limits.fraction(arm.train_fraction, where)
        if arm.baseline not in (None, SINGLE_TASK, *found):
            raise UserError(
                f"{path}: {arm.group}: baseline is {arm.baseline!r}; name an arm, or {SINGLE_TASK}"
            )
        if arm.zero not in (None, *found):
            raise UserError(f"{where}: zero is {arm.zero!r}; name an arm")
        place = (arm.role, arm.tasks, arm.train_fraction, arm.names()["tunable"])
        if arm.role is not None and roles.setdefault(place, arm_id) != arm_id:
            raise UserError(
                f"{where}: role {arm.role!r} is that of {roles[place]} already, on the same tasks,"
                " share of the data and tunable; claims could not tell them apart"
            )
    return found


def named(names: Iterable[str], where: str, every: Mapping[str, Arm]) -> dict[str, Arm]:
    """Those of `every` that are named by group or id, in its order.

    Args:
        where: the key that names them, for messages.
    """
    groups = dict.fromkeys(arm.group for arm in every.values())
    for name in names:
        if name not in (*groups, *every):
            raise UserError(
                f"{where} names {name!r}, which is neither a group nor an arm; "
                f"there are {', '.join([*groups, *every])}"
            )
    return {i: arm for i, arm in every.items() if i in names or arm.group in names}
