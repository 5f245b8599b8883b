"""How two identities of a run differ, in words (see `adsmtl.identity`)."""

from collections.abc import Iterator, Mapping
from typing import Any

MACHINE = ("torch", "device", "precision", "threads")


def sentences(
    before: Mapping[str, Any],
    now: Mapping[str, Any],
    configs: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None,
) -> list[str]:
    """What differs between two identities, a short sentence each; nothing if they are equal.

    Args:
        before: an identity, perhaps as an older version of the package wrote it.
        now: an identity that this version makes.
        configs: the configurations before and now, to name the keys that differ.
    """
    found = []
    if before.get("config_hash") != now["config_hash"]:
        keys = [] if configs is None else _configuration(*configs)
        found += keys or ["the configuration differs"]
    found += _data(before.get("data"), now["data"])
    if before.get("trajectory") != now["trajectory"]:
        found.append("the rates of the arm that it follows differ")
    found += _code(before.get("code"), now["code"])
    for key in MACHINE:
        if before.get(key) != now[key]:
            found.append(f"{key}: {before.get(key)} -> {now[key]}")
    # Keys that only one version of the package writes.
    found += [f"{key} is no longer part of an identity" for key in before if key not in now]
    return found


def _configuration(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    old, new = dict(leaves(before)), dict(leaves(now))
    return [
        f"configuration: {key}: {old.get(key, 'absent')} -> {new.get(key, 'absent')}"
        for key in [*new, *(key for key in old if key not in new)]
        if key not in old or key not in new or old[key] != new[key]
    ]


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is no mapping, by its dotted key; tuples as the lists that JSON makes."""
    if isinstance(value, Mapping):
        for name, own in value.items():
            yield from leaves(own, f"{key}.{name}" if key else str(name))
    else:
        yield key, list(value) if isinstance(value, tuple) else value


def _data(before: Any, now: Mapping[str, str]) -> list[str]:
    before = before if isinstance(before, Mapping) else {}
    return [
        f"the data of task {task} differ: digest {_short(before.get(task))} -> "
        f"{_short(now.get(task))}"
        for task in {**now, **before}
        if before.get(task) != now.get(task)
    ]


def _short(digest: str | None) -> str:
    return "absent" if digest is None else digest[:12]


def _code(before: Any, now: Mapping[str, str]) -> list[str]:
    if not isinstance(before, Mapping):
        return ["the code was recorded as a whole by an older version, not by module"]
    return [
        *(f"code: {name} was changed" for name in now if before.get(name, now[name]) != now[name]),
        *(f"code: {name} is used now" for name in now if name not in before),
        *(f"code: {name} is no longer used" for name in before if name not in now),
    ]
