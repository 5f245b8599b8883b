"""From a file that a person wrote to checked values, or to a message that names file and key."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode

from adsmtl.errors import UserError


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


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file that holds a mapping; no key may be given twice.

    Raises:
        UserError: it is missing or no such file; names it and, where known, the line.
    """
    loader = YAML(typ="safe", pure=True)
    loader.Constructor = _Constructor
    try:
        value = loader.load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing; run from the project's folder") from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1
        raise UserError(f"{path}, line {line}, is not valid YAML: {error.problem}") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid YAML: {error}") from error
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise UserError(f"{path} must hold keys and values, not a {type(value).__name__}")
    return value


@cache
def adapter(kind: type) -> TypeAdapter:
    """What pydantic knows of the dataclass `kind`."""
    return TypeAdapter(kind)


def check(kind: type, value: Any, where: str) -> Any:
    """`value` as an instance of the dataclass `kind`.

    Args:
        where: file, and key within it, for messages.

    Raises:
        UserError: unknown keys, wrong types or impossible values; a line for each.
    """
    foreign = [f"{where}: {text}" for text in _foreign(value, "")]
    if foreign:
        raise UserError("\n".join(foreign))
    try:
        # JSON's strict mode takes a list for a tuple and an integer for a float, and no more.
        return adapter(kind).validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        told = (_explain(item, value, kind) for item in error.errors())
        raise UserError("\n".join(f"{where}: {text}" for text in told)) from None


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


def _explain(item: Mapping[str, Any], value: Any, kind: type) -> str:
    key = ".".join(_path(item["loc"], value))
    given, context = json.dumps(item["input"]), item.get("ctx", {})
    match item["type"]:
        case "extra_forbidden" | "unexpected_keyword_argument":
            names = ", ".join(field.name for field in fields(kind))
            hint = "check its spelling" if "." in key else f"known are {names}"
            return f"unknown key {key!r}; {hint}"
        case "missing":
            return f"the key {key!r} is missing"
        case "value_error":  # a UserError of the dataclass itself
            return f"{key}: {context['error']}" if key else str(context["error"])
        case "union_tag_invalid":
            tag = context["discriminator"].strip("'")
            known = context["expected_tags"].replace("'", "")
            return f"{key}.{tag} is {item['input'][tag]!r}; known are {known}"
        case "union_tag_not_found":
            tag = context["discriminator"].strip("'")
            return f"the key '{key}.{tag}' is missing; write {key}: {{{tag}: <name>}}"
        case "dict_type" | "dataclass_type":
            return f"{f'{key} is ' if key else ''}{given}; write keys and values"
    return f"{key} is {given}: {item['msg']}"


def _path(loc: tuple[str | int, ...], value: Any) -> Iterator[str]:
    """The keys of `loc`, without the tag that pydantic puts before those of a union's member."""
    for depth, part in enumerate(loc):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif depth and isinstance(value, dict) and part in value.values():
            continue
        yield str(part)
