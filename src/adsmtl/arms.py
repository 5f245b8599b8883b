"""The groups of `config/arms.yaml`, written out arm by arm.

What the file may say is explained at its top; here are the mechanics. An entry is a template:
its id, and every text in it, may hold variables in braces, and it makes one arm for every point
of its `grid` or, of its `vary`, for every choice of axes and values. The arms that come out are
mappings of plain values, which `adsmtl.config` checks like any others.
"""

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from adsmtl.errors import UserError
from adsmtl.study import Arm

# What an arm takes over from the one it is `like` is how it trains, not what it is called.
_OWN = (
    *("label", "family", "tunable", "trial", "zero", "role"),
    *("group", "group_title", "baseline"),
)
_VARIABLE = re.compile(r"\{(\w+)(:words)?\}")
MOST = 10_000  # arms of one entry
_HEAD = """# Every arm

Written by `adsmtl arms` from `config/arms.yaml`, where the keys are explained. What an arm leaves
out has the default of its schedule.
"""
_Variables = Mapping[str, Any]


def expand(groups: Mapping[str, Any], where: str) -> dict[str, dict[str, Any]]:
    """Every arm by id, as keys and values, in the order of the groups and their entries.

    Args:
        groups: by id, each with `title`, `arms` (entries by template of the id) and perhaps
            `baseline`.
        where: the file, for messages.

    Raises:
        UserError: an entry cannot be expanded, or two make the same arm; names both.
    """
    arms: dict[str, dict[str, Any]] = {}
    sources: dict[str, str] = {}
    for group, stated in groups.items():
        shared = {
            "group": group,
            "group_title": stated["title"],
            "baseline": stated.get("baseline"),
        }
        for template, entry in stated["arms"].items():
            source = f"{where}: {template}"
            if not isinstance(entry, dict):
                raise UserError(f"{source} is {entry!r}; write keys and values")
            for arm_id, arm in _arms(str(template), entry, arms, source):
                if arm_id in arms:
                    raise UserError(f"{source} makes the arm {arm_id!r}, as {sources[arm_id]} does")
                arms[arm_id], sources[arm_id] = arm | shared, template
    return arms


def _arms(
    template: str, entry: Mapping[str, Any], known: Mapping[str, Any], where: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The arms of one entry with their ids; `known` are those before it."""
    stated = _without(entry, "grid", "vary", "at_once")
    for variables, changes in _points(entry, where):
        arm = _merged(_filled(stated, variables, where), changes)
        leader = arm.pop("like", None)
        if leader is not None:
            if leader not in known:
                raise UserError(f"{where}: like is {leader!r}, but no arm above it has that id")
            arm = _merged(_without(known[leader], *_OWN), arm)
        yield str(_filled(template, variables, where)), arm


def _points(entry: Mapping[str, Any], where: str) -> Iterator[tuple[_Variables, Mapping]]:
    """Variables, and keys of the arm, for every arm of an entry."""
    axes = entry.get("grid", {})
    if not isinstance(axes, dict) or not all(_is_axis(values) for values in axes.values()):
        raise UserError(f"{where}: write grid: {{<axis>: [<values>]}}")
    points = math.prod(map(len, axes.values()))
    if points > MOST:
        raise UserError(f"{where}: its grid has {points} points; give at most {MOST}")
    for values in itertools.product(*axes.values()):
        variables: dict[str, Any] = {}
        for axis, value in zip(axes, values, strict=True):
            variables |= value if isinstance(value, dict) else {axis: value}
        if "vary" in entry:
            yield from _varied(entry["vary"], entry.get("at_once", 1), variables, where)
        else:
            yield variables, {}


def _varied(
    axes: Any, at_once: Any, variables: _Variables, where: str
) -> Iterator[tuple[_Variables, Mapping]]:
    """The same for every choice of `at_once` axes, with every value of each."""
    if not isinstance(axes, list) or not all(
        isinstance(axis, dict) and {"id", "label"} <= set(axis) and _is_axis(axis.get("values"))
        for axis in axes
    ):
        raise UserError(
            f"{where}: write vary: [{{values: [<values>], id: <text>, label: <text>, <keys>}}]"
        )
    if not isinstance(at_once, int) or not 1 <= at_once <= len(axes):
        raise UserError(f"{where}: at_once is {at_once!r}; give 1 to {len(axes)}, as vary has axes")
    choices = itertools.combinations([len(axis["values"]) for axis in axes], at_once)
    points = itertools.accumulate(map(math.prod, itertools.islice(choices, MOST + 1)))
    if any(count > MOST for count in points):
        raise UserError(f"{where}: vary makes more than {MOST} arms; give fewer")
    for chosen in itertools.combinations(axes, at_once):
        for values in itertools.product(*(axis["values"] for axis in chosen)):
            parts = [
                _filled(_without(axis, "values"), {**variables, "value": value}, where)
                for axis, value in zip(chosen, values, strict=True)
            ]
            changes: Mapping[str, Any] = {}
            for part in parts:
                changes = _merged(changes, _without(part, "id", "label"))
            names = {
                "id": "-".join(str(part["id"]) for part in parts),
                "label": ", ".join(str(part["label"]) for part in parts),
            }
            yield {**variables, **names}, changes


def _is_axis(values: Any) -> bool:
    return isinstance(values, list) and len(values) > 0


def _without(mapping: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: own for key, own in mapping.items() if key not in keys}


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `changes`; of a mapping only what is named changes, unless it is another kind."""
    result = dict(base)
    for key, own in changes.items():
        before = result.get(key)
        kind = "schedule" if key == "dropout" else key
        if isinstance(before, dict) and isinstance(own, dict) and kind not in own:
            own = before | own
        result[key] = own
    return result


def _filled(value: Any, variables: _Variables, where: str) -> Any:
    """`value` with its variables replaced, in mappings and lists too.

    A text that is one variable and nothing else becomes its value, whatever that is.
    """
    if isinstance(value, dict):
        return {key: _filled(own, variables, where) for key, own in value.items()}
    if isinstance(value, list):
        return [_filled(own, variables, where) for own in value]
    if not isinstance(value, str):
        return value
    whole = _VARIABLE.fullmatch(value)
    if whole and not whole[2]:
        return _looked_up(whole[1], variables, where)
    return _VARIABLE.sub(lambda found: _text(found, variables, where), value)


def _text(found: re.Match, variables: _Variables, where: str) -> str:
    text = str(_looked_up(found[1], variables, where))
    return text.replace("-", " ") if found[2] else text


def _looked_up(name: str, variables: _Variables, where: str) -> Any:
    if name not in variables:
        told = ", ".join(variables) or "none, because it has no grid"
        raise UserError(f"{where}: {{{name}}} is no variable of it; there are {told}")
    return variables[name]


def as_markdown(arms: Mapping[str, Arm]) -> str:
    """The content of `docs/arms.md`: a row for every arm."""
    columns = ["id", "label", "group", "family", "role", "differs from training without dropout in"]
    rows = [
        [arm_id, arm.label, arm.group, arm.family or "", arm.role or "", "; ".join(_stated(arm))]
        for arm_id, arm in arms.items()
    ]
    lines = [columns, ["---"] * len(columns), *rows]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"{_HEAD}\n{table}"


def _stated(arm: Arm) -> Iterator[str]:
    """What an arm says of its training, other than the defaults."""
    default = Arm("", "")
    for field in fields(arm):
        value = getattr(arm, field.name)
        if field.name in _OWN or value == getattr(default, field.name):
            continue
        if field.name == "tasks":
            yield f"tasks {' and '.join(value)}"
        elif is_dataclass(value):
            kind = field.metadata["discriminator"]
            own = [
                f"{one.name} {getattr(value, one.name)}"
                for one in fields(value)
                if one.name != kind and getattr(value, one.name) != one.default
            ]
            yield ", ".join([f"{kind} {getattr(value, kind)}", *own])
        else:
            yield f"{field.name} {value}"
