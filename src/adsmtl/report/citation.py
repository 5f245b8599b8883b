"""How to cite the software, from `CITATION.cff` (citation-file-format.github.io)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from adsmtl.errors import UserError

_NEEDED = ("title", "authors", "version", "date-released")


@dataclass(frozen=True)
class Citation:
    """A reference as one sentence and as a BibTeX entry."""

    sentence: str
    bibtex: str


def read(path: Path, note: str) -> Citation:
    """The reference of the file `path`, with a `note` such as the preset whose numbers are cited.

    Raises:
        UserError: the file is missing or malformed, or lacks a key that a reference needs.
    """
    try:
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing; run from the folder of the project") from error
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not valid YAML ({error}); correct it") from error
    missing = [key for key in _NEEDED if not isinstance(fields, dict) or not fields.get(key)]
    if missing:
        raise UserError(f"{path} lacks {', '.join(missing)}; add what is missing")
    authors = [_name(author) for author in fields["authors"]]
    year = str(fields["date-released"])[:4]
    title, version = fields["title"], fields["version"]
    places = [str(fields[key]) for key in ("doi", "url", "repository-code") if key in fields]
    sentence = f"{', '.join(authors)} ({year}). {title}, version {version}; {note}."
    lines = [
        ("author", " and ".join(f"{{{author}}}" for author in authors)),
        ("title", f"{{{title}}}"),
        ("version", str(version)),
        ("year", year),
        ("note", note),
        *(("howpublished", place) for place in places[:1]),
    ]
    body = "".join(f"  {key} = {{{value}}},\n" for key, value in lines)
    return Citation(" ".join([sentence, *places[:1]]), f"@software{{adsmtl-{version},\n{body}}}")


def _name(author: dict[str, Any]) -> str:
    """An entity's `name`, or a person's given and family names."""
    parts = [author.get(key) for key in ("name", "given-names", "family-names")]
    return " ".join(part for part in parts if part)
