"""What MkDocs is told of this repository: pages and files that lie outside docs/."""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")
LINK = re.compile(r"\]\(([^)#\s:]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the root, and every file elsewhere that a page links to."""
    for name in PAGES:
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    targets = {
        _target(page.src_uri, link)
        for page in list(files.documentation_pages())
        for link, _ in LINK.findall(page.content_string)
    }
    for target in sorted(targets | {str(path.relative_to(ROOT)) for path in _reports()}):
        if not target.startswith("docs/") and target not in PAGES and (ROOT / target).is_file():
            copy = File.generated(config, _copy(target), abs_src_path=str(ROOT / target))
            files.append(copy)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links out of docs/ to the copies; folders have none, so their links become text."""
    own = page.file.src_uri
    home = posixpath.dirname(own) or "."

    def led(match: re.Match[str]) -> str:
        target, anchor = _target(own, match[2]), match[3] or ""
        if (ROOT / target).is_dir():
            return match[1]
        place = target if target in PAGES else target.removeprefix("docs/")
        place = place if target.startswith("docs/") or target in PAGES else _copy(target)
        return f"[{match[1]}]({posixpath.relpath(place, home)}{anchor})"

    markdown = re.sub(r"\[([^\[\]]*)" + LINK.pattern, led, markdown)
    lines = [
        f"- [{path.parent.name}, version {path.parents[1].name}]({_copy(target)})"
        for path, target in ((path, str(path.relative_to(ROOT))) for path in _reports())
    ]
    return markdown.replace("<!-- reports -->", "\n".join(lines))


def _target(page: str, link: str) -> str:
    """The path from the repository's root of a link in a page."""
    home = "" if page in PAGES else posixpath.join("docs", posixpath.dirname(page))
    return posixpath.normpath(posixpath.join(home, link))


def _copy(target: str) -> str:
    """Where a file of the repository lies in the site; programs as text, for browsers to show."""
    shown = target.endswith((".html", ".json", ".png"))
    return f"files/{target}" if shown else f"files/{target}.txt"


def _reports() -> list[Path]:
    return sorted((ROOT / "results/frozen").glob("*/*/report.html"), reverse=True)
