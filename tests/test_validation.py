"""A wrong value becomes one message that names the file, the key and what to do."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import pytest
from pydantic import BaseModel, Field

from adsmtl.errors import UserError
from adsmtl.validation import checked


@dataclass(frozen=True)
class Inner:
    __pydantic_config__: ClassVar = {"extra": "forbid"}
    share: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise UserError(f"share is {self.share}; give a share")


@dataclass(frozen=True)
class Circle:
    __pydantic_config__: ClassVar = {"extra": "forbid"}
    radius: float
    shape: Literal["circle"] = "circle"


@dataclass(frozen=True)
class Square:
    __pydantic_config__: ClassVar = {"extra": "forbid"}
    side: float
    shape: Literal["square"] = "square"


@dataclass(frozen=True)
class Outer:
    __pydantic_config__: ClassVar = {"extra": "forbid"}
    names: tuple[str, ...]
    inner: Inner = Inner()
    drawn: Annotated[Circle | Square, Field(discriminator="shape")] | None = None


class Written(BaseModel):
    seed: int
    scores: dict[str, float]


def test_what_is_right_comes_back_typed():
    assert checked(Outer, {"names": ["a"], "inner": {"share": 1}}, "x", strict=True) == Outer(
        ("a",), Inner(1.0)
    )
    assert checked(Written, {"seed": 1, "scores": {}, "more": 2}, "x").seed == 1


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"name": [], "names": []}, "a.yaml: unknown key 'name'; known are names, inner, drawn"),
        ({"names": [], "inner": {"shar": 1}}, "a.yaml: unknown key 'inner.shar'; check its"),
        ({}, "a.yaml: the key 'names' is missing"),
        ({"names": "b"}, 'a.yaml: names is "b": '),
        ({"names": [], "inner": {"share": "0.5"}}, 'a.yaml: inner.share is "0.5": '),
        ({"names": [], "inner": {"share": 2}}, "a.yaml: (inner: )?share is 2.0; give a share"),
        ([1], r"a.yaml: \[1\]: write keys and values"),
        ({"names": [], "drawn": {"radius": 1}}, "a.yaml: the key 'drawn.shape' is missing; write"),
        (
            {"names": [], "drawn": {"shape": "oval"}},
            "a.yaml: drawn.shape is 'oval'; known are circle, square",
        ),
        (
            {"names": [], "drawn": {"shape": "circle", "radius": "1"}},
            'a.yaml: drawn.radius is "1": ',
        ),
    ],
)
def test_the_message_names_file_and_key(value, message):
    with pytest.raises(UserError, match=f"^{message}"):
        checked(Outer, value, "a.yaml", strict=True)


def test_every_fault_has_a_line_and_the_remedy_comes_last():
    with pytest.raises(UserError) as caught:
        checked(Written, {"scores": {"loss": None}}, "x.json, line 3", "delete it and run again")
    first, second = str(caught.value).splitlines()
    assert first == "x.json, line 3: the key 'seed' is missing"
    assert second.startswith("x.json, line 3: scores.loss is null: ")
    assert second.endswith("; delete it and run again")


def test_a_long_value_is_cut_short():
    with pytest.raises(UserError) as caught:
        checked(Written, {"seed": "y" * 10_000, "scores": {}}, "x.json")
    assert len(str(caught.value)) < 300
