"""pyproject.toml, requirements.lock and environment.yml say the same."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
STATED = [
    Requirement(text)
    for text in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
]
LOCKED = [
    Requirement(line)
    for line in (ROOT / "requirements.lock").read_text().splitlines()
    if line.strip() and not line.startswith("#")
]


@pytest.mark.parametrize("stated", STATED, ids=str)
def test_the_lock_pins_what_the_project_states(stated):
    pins = [r for r in LOCKED if canonicalize_name(r.name) == canonicalize_name(stated.name)]
    assert pins, f"{stated} is not in requirements.lock; run `make lock`"
    for pin in pins:
        (specifier,) = pin.specifier
        assert specifier.operator == "=="
        assert stated.specifier.contains(specifier.version)


def test_the_lock_is_fully_pinned_and_names_no_address():
    text = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"https?:|file:|--(extra-)?index|--find-links| @ ", text)
    assert all([s.operator for s in pin.specifier] == ["=="] for pin in LOCKED)


def test_the_conda_environment_has_the_versions_of_the_lock():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [entry["pip"] for entry in conda["dependencies"] if isinstance(entry, dict)]
    assert [str(Requirement(line)) for line in pip] == [str(pin) for pin in LOCKED]
    assert f"python{PROJECT['requires-python']}" in conda["dependencies"]
