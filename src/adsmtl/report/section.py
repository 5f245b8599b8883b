"""A part of the report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """A part of the report; `html` is inserted as it stands, so escape what is not yours."""

    id: str
    title: str
    html: str
