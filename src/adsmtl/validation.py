"""Values that were read from files, checked by pydantic; what is wrong becomes one message."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from adsmtl.errors import UserError

T = TypeVar("T")


def checked(kind: type[T], value: Any, where: str, remedy: str = "", strict: bool = False) -> T:
    """`value` as an instance of `kind`.

    Args:
        kind: a dataclass or a pydantic model.
        value: what JSON or YAML gave.
        where: file, and key or line within it, for the message.
        remedy: what to do about it, for files that a program wrote.
        strict: for files that a person writes. Text is then no number and a number no text; a
            list still makes a tuple and an integer a float.

    Raises:
        UserError: a key is unknown or missing, a type is wrong or a value impossible. One line for
            each of them names `where` and the key.
    """
    try:
        if strict:
            return _adapter(kind).validate_json(json.dumps(value), strict=True)
        return _adapter(kind).validate_python(value)
    except UserError as error:  # from a dataclass that checks its own values
        raise UserError(f"{where}: {error}") from error
    except ValidationError as error:
        lines = [f"{where}: {_explanation(item, value, kind)}" for item in error.errors()]
        raise UserError("\n".join(lines) + (remedy and f"; {remedy}")) from error


@cache
def _adapter(kind: type) -> TypeAdapter:
    return TypeAdapter(kind)


def _explanation(item: Mapping[str, Any], value: Any, kind: type) -> str:
    """One of pydantic's errors in words."""
    key, context = ".".join(_path(item["loc"], value)), item.get("ctx", {})
    given = json.dumps(item["input"], default=repr)
    shown = f"{given[:80]}…" if len(given) > 80 else given
    match item["type"]:
        case "extra_forbidden" | "unexpected_keyword_argument":
            hint = "check its spelling" if "." in key else f"known are {', '.join(_names(kind))}"
            return f"unknown key {key!r}; {hint}"
        case "missing":
            return f"the key {key!r} is missing"
        case "value_error":  # from a dataclass that checks its own values
            return f"{key}: {context['error']}" if key else str(context["error"])
        case "union_tag_invalid":
            tag = context["discriminator"].strip("'")
            known = context["expected_tags"].replace("'", "")
            return f"{key}.{tag} is {item['input'][tag]!r}; known are {known}"
        case "union_tag_not_found":
            tag = context["discriminator"].strip("'")
            return f"the key '{key}.{tag}' is missing; write {key}: {{{tag}: <name>}}"
        case "dict_type" | "dataclass_type":
            return f"{key} is {shown}: write keys and values".removeprefix(" is ")
    return f"{key} is {shown}: {item['msg']}".removeprefix(" is ")


def _path(loc: tuple[str | int, ...], value: Any) -> Iterator[str]:
    """The keys of `loc`, without the tag that pydantic puts before those of a union's member."""
    for depth, part in enumerate(loc):
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            if depth and isinstance(value, dict) and part in value.values():
                continue
        yield str(part)


def _names(kind: type) -> list[str]:
    if dataclasses.is_dataclass(kind):
        return [field.name for field in dataclasses.fields(kind)]
    return list(kind.model_fields)
