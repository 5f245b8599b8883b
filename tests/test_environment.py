"""pyproject.toml, the locks and environment.yml say the same."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCKS = (
    "requirements.lock",
    "requirements-bench.lock",
    "requirements-docs.lock",
    "requirements-browser.lock",
    "requirements-cluster.lock",
)


def _pins(lock: str) -> list[Requirement]:
    lines = (ROOT / lock).read_text().splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]


LOCKED = _pins("requirements.lock")
ADDED = [
    *_pins("requirements-bench.lock"),
    *_pins("requirements-docs.lock"),
    *_pins("requirements-browser.lock"),
    *_pins("requirements-cluster.lock"),
]
STATED = [
    (lock, Requirement(text))
    for lock, texts in zip(
        LOCKS,
        (
            [*PROJECT["dependencies"], *EXTRAS["study"], *EXTRAS["test"]],
            [*EXTRAS["listing"], *EXTRAS["bench"][1:]],
            EXTRAS["docs"],
            EXTRAS["browser"],
            EXTRAS["cluster"],
        ),
        strict=True,
    )
    for text in texts
]


@pytest.mark.parametrize(("lock", "stated"), STATED, ids=str)
def test_the_lock_pins_what_the_project_states(lock, stated):
    pins = [r for r in _pins(lock) if canonicalize_name(r.name) == canonicalize_name(stated.name)]
    assert pins, f"{stated} is not in {lock}; run `make lock`"
    for pin in pins:
        (specifier,) = pin.specifier
        assert specifier.operator == "=="
        assert stated.specifier.contains(specifier.version)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_fully_pinned_and_names_no_address(lock):
    text = (ROOT / lock).read_text()
    assert not re.search(r"https?:|file:|--(extra-)?index|--find-links| @ ", text)
    pins = _pins(lock)
    assert all([s.operator for s in pin.specifier] == ["=="] for pin in pins)
    # Two pins of one package are for different machines or versions of Python.
    assert len({(canonicalize_name(pin.name), str(pin.marker)) for pin in pins}) == len(pins)


def test_the_extras_change_no_version_of_the_lock():
    names = {canonicalize_name(pin.name) for pin in LOCKED}
    assert not [str(pin) for pin in ADDED if canonicalize_name(pin.name) in names]


def test_the_conda_environment_has_the_versions_of_the_lock():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [entry["pip"] for entry in conda["dependencies"] if isinstance(entry, dict)]
    assert [str(Requirement(line)) for line in pip] == [str(pin) for pin in LOCKED]
    assert f"python{PROJECT['requires-python']}" in conda["dependencies"]
