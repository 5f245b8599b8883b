"""YAML files: mistakes are told with file, line and key."""

import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar

import pytest

from adsmtl.errors import UserError
from adsmtl.yaml_files import check, read_yaml


@dataclass(frozen=True)
class Part:
    __pydantic_config__: ClassVar = {"extra": "forbid"}
    size: int

    def __post_init__(self) -> None:
        if self.size < 0:
            raise UserError(f"size is {self.size}; give at least 0")


@dataclass(frozen=True)
class Whole:
    __pydantic_config__: ClassVar = {"extra": "forbid"}
    name: str
    parts: dict[str, Part]
    values: tuple[float, ...] = ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", 'line 2, is not valid YAML: found duplicate key "a"'),
        ("a: 1\nb:\n  c: 1\n  c: 2", 'line 4, is not valid YAML: found duplicate key "c"'),
        ("a: &a {c: 1}\nb: {<<: *a, d: 1, d: 2}", "line 2, is not valid YAML: merges"),
        ("a: [1", "line 1, is not valid YAML: expected"),
        ("a: *b", "line 1, is not valid YAML: .*undefined alias"),
        ("- a", "must hold keys and values, not a list"),
    ],
)
def test_a_file_that_is_no_mapping_is_told_with_the_line(tmp_path: Path, text, message):
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(UserError, match=message) as caught:
        read_yaml(tmp_path / "x.yaml")
    assert str(caught.value).startswith(str(tmp_path / "x.yaml"))


def test_numbers_remember_how_they_are_written(tmp_path: Path):
    (tmp_path / "x.yaml").write_text("a: 1e-5\nb: 0.50\nc: 3\nd: -.5")
    read = read_yaml(tmp_path / "x.yaml")
    assert [str(value) for value in read.values()] == ["1e-5", "0.50", "3", "-.5"]
    assert list(read.values()) == [1e-5, 0.5, 3, -0.5]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"name": "w", "parts": {"one": {"size": -1}}}, ["file: parts.one: size is -1; give"]),
        (
            {"name": 3, "parts": {"one": {"size": "1"}}},
            ["file: name is 3: ", 'parts.one.size is "1"'],
        ),
        (
            {"name": date(2024, 1, 1), "parts": {date(2024, 1, 1): 1}},
            ["name is 2024-01-01, which YAML takes for a date", "parts.2024-01-01 is a date"],
        ),
        ({"name": "w", "parts": {}, "values": [math.nan]}, ["values is nan; give a finite"]),
    ],
)
def test_every_mistake_is_a_line_with_its_key(value, told):
    with pytest.raises(UserError) as caught:
        check(Whole, value, "file")
    lines = str(caught.value).splitlines()
    assert len(lines) == len(told)
    assert all(part in line for part, line in zip(told, lines, strict=True))
