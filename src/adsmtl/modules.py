"""What the modules of a package do, and which of them a module uses; nothing is imported.

Of a module counts what it does: its syntax tree, without comments, docstrings, formatting and the
words of its errors.
"""

import ast
import importlib.util
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from adsmtl.files import digest

LENGTH = 12  # hexadecimal digits of a digest; it only has to tell two states of a module apart


def used(
    roots: Iterable[str],
    package: Path,
    tables: frozenset[str] = frozenset(),
    silent: frozenset[str] = frozenset(),
) -> dict[str, str]:
    """Digests of the roots, of the modules of the package that they import, and so on, by name.

    A module in which nothing counts is left out.

    Args:
        roots: names of modules, or `<module>:<name in it>`.
        package: its folder, which is called like the package.
        tables: modules of which functions and classes alone count; what they import is not
            followed, nor what others import from them.
        silent: modules that do not count and are not followed.
    """
    found: dict[str, str] = {}
    waiting, seen = sorted(roots), set()
    while waiting:
        name = waiting.pop()
        module = name.partition(":")[0]
        if name in seen or module in silent:
            continue
        seen.add(name)
        does, imported = _read(package, module, tables)
        waiting += imported
        if does is not None:
            found[name] = does
    return dict(sorted(found.items()))


@cache
def _read(package: Path, name: str, tables: frozenset[str]) -> tuple[str | None, tuple[str, ...]]:
    """Digest of what a module does, None if it does nothing, and the modules that it imports."""
    path, table = _file(package, name), name in tables
    body = ast.parse(path.read_text(encoding="utf-8")).body
    parent = name.rpartition(".")[0]
    imported = {parent} if parent else set()
    if not table:
        within = name if path.name == "__init__.py" else parent
        imported |= set(_imported(body, within, package, tables))
    if table or path.name == "__init__.py":
        body = [statement for statement in body if not _passes_on(statement, table)]
    does = _plain(body)
    return digest(does)[:LENGTH] if does else None, tuple(sorted(imported))


def _file(package: Path, name: str) -> Path:
    """The file of a module; that of a package is its `__init__.py`."""
    place = package.parent.joinpath(*name.split("."))
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


def _imported(
    body: list[ast.stmt], within: str, package: Path, tables: frozenset[str]
) -> Iterator[str]:
    """Modules of the package that a module imports, at its head or anywhere in it.

    Args:
        within: the package that its relative imports start from.
    """
    for node in (node for statement in body for node in ast.walk(statement)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = importlib.util.resolve_name("." * node.level + (node.module or ""), within)
            for alias in node.names:
                name = f"{origin}.{alias.name}"
                # A table may hold an entry that is called like the module it comes from.
                is_module = origin not in tables and _file(package, name).is_file()
                names.append(name if is_module else origin)
        yield from (name for name in names if name.partition(".")[0] == package.name)


def _passes_on(statement: ast.stmt, table: bool) -> bool:
    """Whether a statement of a table or an `__init__` only names what other modules define."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return True
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return False
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    names = {getattr(target, "id", "") for target in targets}
    return table or names <= {"__all__", "__version__"}


def _plain(node: Any) -> Any:
    """A syntax tree as lists and texts, without what does not count.

    Absent parts are left out, so that a version of Python that knows more of them gives the same.
    """
    if isinstance(node, list):
        return [_plain(own) for own in node if not _is_text(own)]
    if isinstance(node, ast.Raise):
        # That it is raised counts, not what it says.
        return ["Raise", _plain(node.exc.func if isinstance(node.exc, ast.Call) else node.exc)]
    if isinstance(node, ast.AST):
        parts = {name: _plain(value) for name, value in ast.iter_fields(node) if value is not None}
        return [type(node).__name__, {name: part for name, part in parts.items() if part != []}]
    return repr(node)


def _is_text(node: Any) -> bool:
    """Whether a statement is a text alone: a docstring, or a comment in quotes."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
