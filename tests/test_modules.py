"""Which modules a module uses, and what of them counts, in packages small enough to see through."""

from collections.abc import Callable
from pathlib import Path

import pytest

from adsmtl import modules

BODY = '''
"""Sums."""

import math
from errors import Bad


def add(a, b=1):
    """The sum."""
    if a < 0:
        raise Bad(f"a is {a}")
    # nothing carries
    return a + math.floor(b)
'''
NOTHING = {"__init__.py": ""}


def used(roots: set[str], package: Path, *more: frozenset[str], **named: frozenset[str]) -> dict:
    return dict(modules.used(frozenset(roots), package, *more, **named))


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., Path]:
    """Write a package called `small`, in a folder of its own each time."""
    count = iter(range(99))

    def write(files: dict[str, str]) -> Path:
        folder = tmp_path / str(next(count)) / "small"
        for name, text in (NOTHING | files).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return folder

    return write


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# nothing carries", "# see the paper"),
        ('"""Sums."""', '"""Sums of two, as in equation 3."""'),
        ('    """The sum."""\n', ""),
        ("def add(a, b=1):", "def add(\n    a,\n    b=1,\n):"),
        ("a + math.floor(b)", "(a + math.floor((b)))"),
        ('Bad(f"a is {a}")', 'Bad(f"{a} is less than 0; give more", 3)'),
    ],
    ids=["comment", "docstring", "no docstring", "lines", "parentheses", "words of an error"],
)
def test_what_a_module_says_does_not_count(package: Callable, old: str, new: str) -> None:
    assert old in BODY
    before, after = (package({"a.py": text}) for text in (BODY, BODY.replace(old, new)))
    assert used({"small.a"}, before) == used({"small.a"}, after)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("b=1", "b=2"),
        ("b=1", "b=1.0"),
        ("a + math", "a - math"),
        ("math.floor", "math.ceil"),
        ("if a < 0", "if a <= 0"),
        ("raise Bad", "raise Worse"),
        ("import math", "import numpy as math"),
        ("return a", "a\n    return a"),
    ],
)
def test_what_a_module_does_counts(package: Callable, old: str, new: str) -> None:
    assert old in BODY
    before, after = (package({"a.py": text}) for text in (BODY, BODY.replace(old, new)))
    assert used({"small.a"}, before) != used({"small.a"}, after)


@pytest.mark.parametrize(
    "statement",
    [
        "import small.deep.b",
        "from small.deep import b",
        "from small.deep.b import value",
        "from small.deep import value",
        "from .deep import b",
        "from .deep.b import value as other",
        "def late():\n    from small.deep import b",
    ],
)
def test_an_imported_module_counts_however_it_is_imported(
    package: Callable, statement: str
) -> None:
    files = {
        "a.py": statement,
        "deep/__init__.py": "from small.deep.b import value",
        "deep/b.py": "from small import c\nvalue = 1",
        "c.py": "import json",
        "unrelated.py": "value = 2",
    }
    assert list(used({"small.a"}, package(files))) == ["small.a", "small.c", "small.deep.b"]


def test_modules_that_import_each_other_both_count(package: Callable) -> None:
    found = used({"small.a"}, package({"a.py": "import small.b", "b.py": "import small.a"}))
    assert list(found) == ["small.a", "small.b"]


def test_what_a_package_imports_when_asked_alone_is_not_followed(package: Callable) -> None:
    files = {"a.py": "x = 1", "b.py": "y = 2"}
    files["__init__.py"] = (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from small.b import y\n"
        "def __getattr__(name):\n    from small import b\n    return b.y\n"
    )
    assert list(used({"small.a"}, package(files))) == ["small.a"]
    assert list(used({"small.b"}, package(files))) == ["small.b"]


def test_a_package_that_does_more_than_pass_on_counts(package: Callable) -> None:
    files = {"a.py": "x = 1", "__init__.py": '"""Small."""\n__version__ = "1"\n'}
    assert list(used({"small.a"}, package(files))) == ["small.a"]
    files["__init__.py"] += "print('loaded')\n"
    assert list(used({"small.a"}, package(files))) == ["small", "small.a"]


TABLE = {
    "a.py": "from small.kinds import KINDS, find, one",
    "kinds/__init__.py": "from small.kinds.one import one\nKINDS = {'one': one}\n"
    "def find(name):\n    return KINDS[name]",
    "kinds/one.py": "from small.kinds.base import Base\ndef one():\n    return Base",
    "kinds/two.py": "def two():\n    return 2",
    "kinds/base.py": "class Base:\n    x = 1",
}
KINDS = frozenset({"small.kinds"})


def test_entries_of_a_table_do_not_count(package: Callable) -> None:
    """Not even the entry `one`, which is called like its module."""
    more = TABLE["kinds/__init__.py"].replace("{'one': one}", "{'one': one, 'two': two}")
    more = "from small.kinds.two import two\n" + more
    before, after = package(TABLE), package(TABLE | {"kinds/__init__.py": more})
    found = used({"small.a"}, before, KINDS)
    assert list(found) == ["small.a", "small.kinds"]
    assert used({"small.a"}, after, KINDS) == found


def test_a_function_of_a_table_counts(package: Callable) -> None:
    other = TABLE["kinds/__init__.py"].replace("KINDS[name]", "KINDS[name.lower()]")
    before, after = package(TABLE), package(TABLE | {"kinds/__init__.py": other})
    first, second = (used({"small.a"}, folder, KINDS) for folder in (before, after))
    assert {name for name in first if first[name] != second[name]} == {"small.kinds"}


def test_an_entry_that_is_asked_for_counts_by_its_name_with_what_it_imports(
    package: Callable,
) -> None:
    found = used({"small.a", "small.kinds.one:one"}, package(TABLE), KINDS)
    assert list(found) == ["small.a", "small.kinds", "small.kinds.base", "small.kinds.one:one"]


def test_a_silent_module_neither_counts_nor_leads_on(package: Callable) -> None:
    files = {"a.py": "import small.words", "words.py": "import small.b", "b.py": "x = 1"}
    folder = package(files)
    assert list(used({"small.a"}, folder, silent=frozenset({"small.words"}))) == ["small.a"]
    assert list(used({"small.a"}, folder)) == ["small.a", "small.b", "small.words"]


def test_a_digest_stays_the_same_with_another_version_of_python(package: Callable) -> None:
    """The digest of `BODY` as Python 3.10 to 3.13 find it; another would train everything again."""
    assert used({"small.a"}, package({"a.py": BODY})) == {"small.a": "be0698400764"}


@pytest.mark.parametrize(
    ("name", "text", "matters"),
    [
        ("step.py", "import small.leaf\nlimit = 2\n", True),
        ("step.py", '"""What it does."""\nimport small.leaf  # and why\n', False),
        ("leaf.py", "value = 2\n", True),
        ("never.py", "value = 2\n", False),
        ("page.html", "<p>\n", True),
    ],
)
def test_an_edit_matters_where_a_step_uses_the_file(tmp_path, name, text, matters):
    package = tmp_path / "small"
    package.mkdir()
    for own in ("__init__.py", "never.py", "page.html"):
        (package / own).write_text("")
    (package / "step.py").write_text("import small.leaf\n")
    (package / "leaf.py").write_text("value = 1\n")
    before = modules.of_step(["step"], ["*.html"], package)
    (package / name).write_text(text)
    modules.used.cache_clear()
    assert (modules.of_step(["step"], ["*.html"], package) != before) == matters
