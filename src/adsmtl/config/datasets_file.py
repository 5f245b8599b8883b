"""`config/datasets.yaml`: data sets of one's own."""

import re
from dataclasses import asdict
from pathlib import Path

from adsmtl import paths
from adsmtl.data.dataset import DataSet
from adsmtl.data.own.kinds import KINDS, Entry, Segments, data_set
from adsmtl.data.own.layout import fingerprint
from adsmtl.data.registry import DATASETS, DEFAULT_SPEECH, speech_corpora
from adsmtl.errors import UserError
from adsmtl.files import digest, expanded
from adsmtl.yaml_files import check, known, read_yaml

# Results on embedded data bear this word where those of another corpus bear its name.
LENGTH = 12  # hexadecimal digits; it only has to tell two states apart
_TAKEN = ("auto", "embedded")


def _file() -> Path:
    return paths.CONFIG / "datasets.yaml"


def entries() -> dict[str, Entry]:
    """Every entry, by name."""
    found = {}
    for key, value in read_yaml(_file()).items():
        name = str(key)
        where = f"{_file()}: {name}"
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
            raise UserError(f"{where} would be no folder name; use letters, digits, . _ and -")
        if name in DATASETS or name in _TAKEN:
            raise UserError(f"{where}: that name is taken; choose another")
        if not isinstance(value, dict):
            raise UserError(f"{where} is {value!r}; write keys and values")
        stated = dict(value)
        kind = stated.pop("kind", None)
        if kind is None:
            raise UserError(f"{where}: the key 'kind' is missing; known are {', '.join(KINDS)}")
        known(where, "kind", str(kind), KINDS)
        found[name] = check(KINDS[kind], stated, where)
    return found


def datasets() -> dict[str, DataSet]:
    """The data sets that the entries declare, by name."""
    return {name: data_set(name, one, f"{_file()}: {name}") for name, one in entries().items()}


def state(name: str) -> str | None:
    """Digest of an entry and of names, sizes and times of its files: another after a change.

    Of a table that `path` names, the files that it lists are not looked at. None for a built-in
    data set, whose archive has a digest of its own.
    """
    one = entries().get(name)
    if one is None:
        return None
    path = expanded(one.path)
    places = [path]
    if isinstance(one, Segments) and one.audio is not None:
        places.append((path if path.is_dir() else path.parent) / expanded(one.audio))
    return digest([asdict(one), *map(fingerprint, places)])[:LENGTH]


def corpora() -> list[str]:
    """What may take the place of the TIMIT sample: own segments with its target among them."""
    own = [name for name, one in entries().items() if isinstance(one, Segments)]
    return [*speech_corpora(), *own]


def require_corpus(name: str, where: str) -> None:
    """Refuse a corpus of speech that cannot take the place of the TIMIT sample."""
    known(where, "speech", name, ["auto", *corpora()])
    one = entries().get(name)
    if one is not None and one.target != "phone":
        raise UserError(
            f"{where}: speech is {name!r}, whose target is {one.target!r}; tasks on"
            f" {DEFAULT_SPEECH} predict 'phone', so say target: phone in {_file()}"
        )
