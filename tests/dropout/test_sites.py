"""Dropout sites: where an arm drops units."""

import pytest

from adsmtl.dropout import sites


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("all", {"shared": True, "conv": True, "hidden": True, "lstm": True}),
        ("shared", {"shared": True, "conv": False, "hidden": False, "lstm": False}),
        ("specific", {"shared": False, "conv": True, "hidden": True, "lstm": True}),
    ],
)
def test_a_scope_acts_on_its_own_sites(scope: str, expected: dict) -> None:
    assert {site: sites.in_scope(site, scope) for site in expected} == expected
