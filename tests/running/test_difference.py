"""How two identities differ, in words."""

from typing import Any

import pytest

from adsmtl.running import difference

BEFORE = {
    "config_hash": "c1",
    "data": {"vision": "0123456789abcdef", "speech": "fedcba9876543210"},
    "trajectory": None,
    "code": {"adsmtl.rng": "r1", "adsmtl.dropout.schedules.fixed:Fixed": "f1"},
    "torch": "2.10",
    "device": "cpu",
    "precision": "fp32",
    "threads": 1,
}


def test_equal_identities_do_not_differ() -> None:
    assert difference.sentences(BEFORE, dict(BEFORE)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"torch": "2.11"}, ["torch: 2.10 -> 2.11"]),
        ({"device": "cuda"}, ["device: cpu -> cuda"]),
        ({"precision": "bf16"}, ["precision: fp32 -> bf16"]),
        ({"threads": 2}, ["threads: 1 -> 2"]),
        ({"trajectory": "t"}, ["the rates of the arm that it follows differ"]),
        ({"config_hash": "c2"}, ["the configuration differs"]),
        (
            {"data": {"vision": "00", "sex": "11"}},
            [
                "the data of task vision differ: digest 0123456789ab -> 00",
                "the data of task sex differ: digest absent -> 11",
                "the data of task speech differ: digest fedcba987654 -> absent",
            ],
        ),
        (
            {"code": {"adsmtl.rng": "r2", "adsmtl.dropout.schedules.timed:Late": "t1"}},
            [
                "code: adsmtl.rng was changed",
                "code: adsmtl.dropout.schedules.timed:Late is used now",
                "code: adsmtl.dropout.schedules.fixed:Fixed is no longer used",
            ],
        ),
        ({"torch": "2.11", "threads": 2}, ["torch: 2.10 -> 2.11", "threads: 1 -> 2"]),
    ],
)
def test_every_part_that_differs_is_named(change: dict[str, Any], said: list[str]) -> None:
    assert difference.sentences(BEFORE, BEFORE | change) == said


def test_keys_of_the_configuration_are_named_with_both_values() -> None:
    before = {"arm": {"dropout": {"p0": 0.2, "kappa": 1.0}, "tasks": ["a"]}, "training": {"e": 1}}
    now = {"arm": {"dropout": {"p0": 0.3, "kappa": 1.0}, "tasks": ("a",), "l2": 0.0}}
    assert difference.sentences(BEFORE, BEFORE | {"config_hash": "c2"}, (before, now)) == [
        "configuration: arm.dropout.p0: 0.2 -> 0.3",
        "configuration: arm.l2: absent -> 0.0",
        "configuration: training.e: 1 -> absent",
    ]


def test_an_identity_of_an_older_version_differs_in_words_too() -> None:
    """It held one digest of the code; one without any code is older still."""
    older = {**BEFORE, "code": "9f" * 32, "host": "somewhere"}
    assert difference.sentences(older, BEFORE) == [
        "the code was recorded as a whole by an older version, not by module",
        "host is no longer part of an identity",
    ]
    assert len(difference.sentences({}, BEFORE)) == 2 + 1 + 1 + 4  # data, configuration, code, …
