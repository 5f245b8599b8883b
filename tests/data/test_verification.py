"""Prepared data that were changed are refused before anything trains on them."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from written import utterances

from adsmtl import cli, files, paths, seals
from adsmtl.data import verification
from adsmtl.data.corpora import digits
from adsmtl.errors import UserError

pytestmark = pytest.mark.faults("tamperings with prepared data")


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """Three utterances of two speakers, as they are prepared."""
    return utterances(tmp_path / "tiny")


def flipped(name: str) -> Callable[[Path], None]:
    def tamper(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[-1] ^= 1
        (folder / name).write_bytes(bytes(content))

    return tamper


def cut(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-1])


def deleted(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def saved(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    return lambda folder: np.save(folder / name, change(np.load(folder / name)))


def card(change: Callable[[dict], object], sealed: bool = False) -> Callable[[Path], None]:
    """Edit the card; `sealed` makes every digest again, as a forger would."""

    def tamper(folder: Path) -> None:
        path = folder / "card.json"
        content = json.loads(path.read_text())
        change(content)
        if sealed:
            content["files"] = {name: files.sha256(folder / name) for name in content["files"]}
            content["digest"] = files.digest(content["files"])
        path.write_text(json.dumps(content))
        if sealed:
            seals.write(folder, content["files"] | {"card.json": files.sha256(path)})

    return tamper


def forged(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    """Change an array and make every digest again."""

    def tamper(folder: Path) -> None:
        saved(name, change)(folder)
        card(lambda content: None, sealed=True)(folder)

    return tamper


ARRAYS = ("inputs.npy", "target.phone.npy", "groups.npy", "spans.npy")
TAMPERED = {
    **{f"a byte of {name}": (flipped(name), name) for name in (*ARRAYS, "card.json")},
    **{f"{name} cut": (cut(name), name) for name in (*ARRAYS, "card.json")},
    **{f"{name} deleted": (deleted(name), name) for name in ARRAYS},
    "no card": (deleted("card.json"), "no card.json"),
    "a seal that is none": (
        lambda folder: (folder / seals.FILE).write_text("fine\n"),
        f"{seals.FILE} is damaged: line 1",
    ),
    "labels rotated": (saved("target.phone.npy", lambda own: np.roll(own, 1)), "target.phone"),
    "classes renamed": (
        card(lambda own: own["targets"]["phone"].update(classes=["b", "a"])),
        "card.json is damaged: it is not the card",
    ),
    "folds exchanged": (
        card(lambda own: own["folds"][0].update(test=["two"], val=["one"])),
        "card.json is damaged: it is not the card",
    ),
    "card and seal of other arrays": (
        card(lambda own: own["files"].update({"inputs.npy": "0" * 64})),
        "card.json",
    ),
    # With every digest made again, what is impossible is found all the same.
    "a label out of range, sealed": (
        forged("target.phone.npy", lambda own: own + 76),
        "example 0 has label 77, the card allows -1 to 1",
    ),
    "a speaker out of range, sealed": (
        forged("groups.npy", lambda own: own - 2),
        "example 0 has group -2",
    ),
    "a span beyond the frames, sealed": (
        forged("spans.npy", lambda own: own + 1),
        "a span ends after the last frame",
    ),
    "a span that runs backwards, sealed": (
        forged("spans.npy", lambda own: own[:, ::-1]),
        "spans.npy is damaged: example 0 has no frames",
    ),
    "a speaker who tests and validates, sealed": (
        card(lambda own: own["folds"][0].update(val=["one"]), sealed=True),
        "fold 0 both tests and validates on one",
    ),
    "a fold without its speaker, sealed": (
        card(lambda own: own["folds"][0].update(val=["three"]), sealed=True),
        "fold 0 names three, which is no group",
    ),
    "a normalisation that divides by zero, sealed": (
        card(lambda own: own.update(normalisation={"mean": [0.5], "std": [0.0]}), sealed=True),
        "a deviation is not positive",
    ),
    "a fold that is no fold, sealed": (
        card(lambda own: own.update(folds=["one"]), sealed=True),
        "card.json is damaged: it lacks or misstates",
    ),
}


def test_data_as_they_were_written_are_verified(speech: Path) -> None:
    assert verification.verify(speech) is None
    assert seals.differing(speech) == {}
    assert set(seals.read(speech)) == {*ARRAYS, "card.json"}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_was_changed_is_refused(name: str, speech: Path) -> None:
    tamper, said = TAMPERED[name]
    tamper(speech)
    with pytest.raises(UserError) as refused:
        verification.verify(speech)
    assert said in str(refused.value)
    assert str(speech) in str(refused.value)
    assert "adsmtl prepare" in str(refused.value) or said.startswith(seals.FILE)


def test_data_of_an_older_version_are_used_and_it_is_said(speech: Path) -> None:
    (speech / seals.FILE).unlink()
    assert "`adsmtl prepare tiny` seals it" in verification.verify(speech)
    flipped("inputs.npy")(speech)
    with pytest.raises(UserError, match=r"inputs\.npy is damaged"):
        verification.verify(speech)


SMOKE = '{"preset": "smoke", "embedded": "always", "speech": "timit-sample"}'


@pytest.mark.parametrize(
    "command",
    [
        ["train", "--arms", "none", "--seeds", "0"],
        ["test-time", "--arm", "adsmtl-0.2", "--seeds", "0"],
        ["affinity", "--arms", "none", "--seeds", "0"],
        ["estimate"],
    ],
)
def test_every_command_that_reads_data_refuses_an_edited_normalisation(
    command: list[str], project: Path, capsys: pytest.CaptureFixture
) -> None:
    folder = paths.PREPARED / "digits"
    digits.DIGITS.prepare(folder)
    card(lambda own: own["normalisation"].update(mean=[0.5, 0.5, 0.5]))(folder)
    assert cli.main(["--settings", SMOKE, *command]) == 2
    said = capsys.readouterr().err
    assert "data/prepared/digits/card.json is damaged" in said
    assert "Traceback" not in said
