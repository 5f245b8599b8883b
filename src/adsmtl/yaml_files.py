"""YAML files that a person writes: read, and checked with messages that name file and key."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode

from adsmtl.errors import UserError
from adsmtl.validation import checked

T = TypeVar("T")

DEPTH = 40
WEIGHT = 1_000_000


class Written(float):
    """A number of a YAML file, which prints as it is written there: `1e-5`, `0.0`."""

    text: str

    def __str__(self) -> str:
        return self.text


class _Constructor(SafeConstructor):
    def construct_yaml_float(self, node: ScalarNode) -> Written:
        value = Written(super().construct_yaml_float(node))
        value.text = node.value
        return value

    def flatten_mapping(self, node: MappingNode) -> None:
        # Beside a merge, a key that is given twice would go unnoticed.
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                raise ConstructorError(None, None, "merges (<<) are not read", key.start_mark)


_Constructor.add_constructor("tag:yaml.org,2002:float", _Constructor.construct_yaml_float)


class _Composer(Composer):
    """Refuses what is nested so deep that no person wrote it, and parsing would take minutes."""

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._depth += 1
        if self._depth > DEPTH:
            mark = self.parser.peek_event().start_mark
            raise ComposerError(None, None, f"it is nested deeper than {DEPTH}", mark)
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


def _weight(value: Any, known: dict[int, int | None]) -> int:
    """How many values there are with every alias written out; each is counted once.

    Args:
        known: by id, the weight of what was counted; None of what holds the value itself.
    """
    if not isinstance(value, dict | list):
        return 1
    key = id(value)
    if key in known:
        if known[key] is None:
            raise YAMLError("an alias stands within what it stands for")
        return known[key]
    known[key] = None
    children = value.values() if isinstance(value, dict) else value
    found = 1 + sum(_weight(child, known) for child in children)
    if found > WEIGHT:
        raise YAMLError(f"it holds more than {WEIGHT} values with its aliases written out")
    known[key] = found
    return found


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file that holds a mapping; no key may be given twice.

    Raises:
        UserError: it is missing or no such file; names it and, where known, the line.
    """
    loader = YAML(typ="safe", pure=True)
    loader.Constructor, loader.Composer = _Constructor, _Composer
    try:
        value = loader.load(path.read_text(encoding="utf-8"))
        _weight(value, {})
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing; run from the project's folder") from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1
        raise UserError(f"{path}, line {line}, is not valid YAML: {error.problem}") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; it must be a file") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid YAML: {error}") from error
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise UserError(f"{path} must hold keys and values, not a {type(value).__name__}")
    return value


def check(kind: type[T], value: Any, where: str) -> T:
    """`value` of a YAML file as an instance of the dataclass `kind`.

    Args:
        where: file, and key within it, for messages.

    Raises:
        UserError: unknown keys, wrong types or impossible values; a line for each.
    """
    foreign = [f"{where}: {text}" for text in _foreign(value, "")]
    if foreign:
        raise UserError("\n".join(foreign))
    return checked(kind, value, where, strict=True)


def known(where: str, key: str, value: str, names: Any) -> None:
    """Refuse a `value` of `key` that is none of `names`."""
    if value not in names:
        raise UserError(f"{where}: {key} is {value!r}; known are {', '.join(sorted(names))}")


def _foreign(value: Any, key: str) -> Iterator[str]:
    """What YAML reads and JSON does not know: dates, and numbers that are not finite."""
    if isinstance(value, dict):
        for name, own in value.items():
            path = f"{key}.{name}" if key else str(name)
            if not isinstance(name, str | int | float | None):
                yield f"the key {path} is a {type(name).__name__} to YAML; put it in quotes"
            yield from _foreign(own, path)
    elif isinstance(value, list):
        for own in value:
            yield from _foreign(own, key)
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{key} is {value}; give a finite number"
    elif not isinstance(value, str | int | float | None):
        yield f"{key} is {value}, which YAML takes for a {type(value).__name__}; put text in quotes"
