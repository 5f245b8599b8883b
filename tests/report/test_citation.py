import pytest

from adsmtl import paths
from adsmtl.errors import UserError
from adsmtl.report import citation

PERSON = """\
title: "A tool"
authors: [{given-names: Ada, family-names: Byron}, {name: The others}]
version: 1.2.0
date-released: 2024-05-06
url: https://example.org/tool
"""


def test_people_and_groups_are_named(tmp_path):
    (tmp_path / "CITATION.cff").write_text(PERSON)
    found = citation.read(tmp_path / "CITATION.cff", "preset x")
    assert found.sentence == (
        "Ada Byron, The others (2024). A tool, version 1.2.0; preset x. https://example.org/tool"
    )
    assert "author = {{Ada Byron} and {The others}}," in found.bibtex
    assert "howpublished = {https://example.org/tool}," in found.bibtex


def test_the_project_can_be_cited():
    assert "replication" in citation.read(paths.CITATION, "n").sentence


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "is missing; run from the folder of the project"),
        ("title: [", "is not valid YAML"),
        ("title: x", "lacks authors, version, date-released"),
        ("just words", "lacks title"),
    ],
)
def test_a_file_that_cannot_be_cited_is_named(tmp_path, text, message):
    path = tmp_path / "CITATION.cff"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=message):
        citation.read(path, "")
