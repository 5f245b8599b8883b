"""Links between the documents lead to files and headings that exist."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(?<!!)\[[^\[\]]*\]\(([^)\s]+)\)|!\[[^\[\]]*\]\(([^)\s]+)\)")


def documents() -> list[Path]:
    return sorted(
        path
        for pattern in ("*.md", "docs/**/*.md", "data/*.md", "results/*.md", "benchmarks/*.md")
        for path in ROOT.glob(pattern)
    )


def headings(path: Path) -> set[str]:
    """The anchors of a document, as GitHub and MkDocs make them of headings."""
    text = re.sub(r"(?ms)^```.*?^```", "", path.read_text())
    found = re.findall(r"(?m)^#{1,6} (.+)$", text)
    plain = (re.sub(r"[^\w\- ]", "", re.sub(r"\[(.*?)\]\(.*?\)", r"\1", one)) for one in found)
    return {one.strip().lower().replace(" ", "-") for one in plain}


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    text = re.sub(r"(?ms)^```.*?^```", "", path.read_text())
    broken = []
    for link in ("".join(pair) for pair in LINK.findall(text)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (anchor and anchor not in headings(target)):
            broken.append(link)
    assert not broken


def test_the_pages_of_the_site_are_all_in_its_contents():
    def pages(entries):
        for entry in entries:
            for value in entry.values():
                yield from [value] if isinstance(value, str) else pages(value)

    found = set(pages(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    outside = {"README.md", "CHANGELOG.md", "CONTRIBUTING.md"}
    assert found - outside == {
        str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")
    }
    assert outside <= found
