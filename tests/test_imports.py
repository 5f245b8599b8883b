"""The code of a step is what it imports, directly or through others, and nothing else."""

from pathlib import Path

import pytest

from adsmtl import imports

MODULES = {
    "__init__.py": "",
    "step.py": "import small.leaf\nfrom small import other\nimport json\n",
    "leaf.py": "def work():\n    from small.deep.late import value\n    return value\n",
    "other.py": "",
    "deep/__init__.py": "",
    "deep/late.py": "from small.leaf import work\nvalue = 1\n",
    "deep/never.py": "",
    "page.html": "<p>",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name, text in MODULES.items():
        path = tmp_path / "small" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path / "small"


def test_a_step_consists_of_what_it_imports(package: Path) -> None:
    found = imports.closure(["small.step"], package)
    assert {path.relative_to(package).as_posix() for path in found} == {
        *("__init__.py", "step.py", "leaf.py", "other.py", "deep/__init__.py", "deep/late.py")
    }


@pytest.mark.parametrize(
    ("name", "matters"),
    [("step.py", True), ("deep/late.py", True), ("page.html", True), ("deep/never.py", False)],
)
def test_an_edit_matters_where_the_step_uses_the_file(
    name: str, matters: bool, package: Path
) -> None:
    before = imports.code(["step"], ["*.html"], package)
    with (package / name).open("a") as file:
        file.write("\n")
    assert (imports.code(["step"], ["*.html"], package) != before) == matters
