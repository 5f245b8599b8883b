"""What the modules of a package do, and which of them a module uses; nothing is imported.

Of a module counts what it does: its syntax tree, without comments, docstrings, formatting and the
words of its errors.
"""

import ast
import importlib.util
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import adsmtl
from adsmtl.files import digest, sha256

PACKAGE = Path(adsmtl.__file__).parent
LENGTH = 12  # hexadecimal digits of a digest; it only has to tell two states of a module apart


@cache
def used(
    roots: frozenset[str],
    package: Path,
    tables: frozenset[str] = frozenset(),
    silent: frozenset[str] = frozenset(),
) -> Mapping[str, str]:
    """Digests of the roots, of the modules of the package that they import, and so on, by name.

    A module in which nothing counts is left out. A process gets one answer, that of the files when
    it first asks.

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
        path, table = _file(package, module), module in tables
        initial = path.name == "__init__.py"
        does, imports = _read(path.read_text(encoding="utf-8"), initial, table)
        if does is not None:
            found[name] = does
        parent = module.rpartition(".")[0]
        if parent:
            waiting.append(parent)
        if not table:
            within = module if initial else parent
            waiting += [_module(package, origin, own, within, tables) for origin, own in imports]
        waiting = [name for name in waiting if name.partition(".")[0] == package.name]
    return MappingProxyType(dict(sorted(found.items())))


def of_step(roots: Iterable[str], more: Iterable[str] = (), package: Path = PACKAGE) -> str:
    """One short digest of all that a step of the workflow runs.

    Args:
        roots: names of modules within the package, such as `tables.build`.
        more: patterns of files below the package that no import names, such as templates; of
            these every byte counts.
        package: its folder.
    """
    found = dict(used(frozenset(f"{package.name}.{name}" for name in roots), package))
    for path in sorted({path for pattern in more for path in package.glob(pattern)}):
        found[path.relative_to(package).as_posix()] = sha256(path)
    return digest(found)[:LENGTH]


def _file(package: Path, name: str) -> Path:
    """The file of a module; that of a package is its `__init__.py`."""
    place = package.parent.joinpath(*name.split("."))
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


def _module(package: Path, origin: str, name: str, within: str, tables: frozenset[str]) -> str:
    """The module that `from <origin> import <name>` reads, in a module of the package `within`."""
    origin = importlib.util.resolve_name(origin, within)
    module = f"{origin}.{name}"
    # A table may hold an entry that is called like the module it comes from.
    is_module = name and origin not in tables and _file(package, module).is_file()
    return module if is_module else origin


@cache
def _read(text: str, initial: bool, table: bool) -> tuple[str | None, frozenset[tuple[str, str]]]:
    """What a module does and imports, at its head or anywhere in it.

    Args:
        text: of its file.
        initial: whether that is an `__init__.py`.

    Returns:
        Digest of what it does, None if that is nothing; and of every import, from where and what.
    """
    body = [own for own in ast.parse(text).body if not (initial and _when_asked(own))]
    imports = set()
    for node in (node for own in body for node in ast.walk(own)):
        if isinstance(node, ast.Import):
            imports |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            imports |= {(origin, alias.name) for alias in node.names}
    counts = [own for own in body if not ((initial or table) and _passes_on(own, table))]
    does = _plain(counts)
    return digest(does)[:LENGTH] if does else None, frozenset(imports)


def _when_asked(statement: ast.stmt) -> bool:
    """Whether a statement of an `__init__` imports only for whoever asks for a name, or for types.

    Whoever uses such a name imports the module itself, within the package.
    """
    if isinstance(statement, ast.FunctionDef):
        return statement.name == "__getattr__"
    return isinstance(statement, ast.If) and getattr(statement.test, "id", "") == "TYPE_CHECKING"


def _passes_on(statement: ast.stmt, table: bool) -> bool:
    """Whether a statement of a table or an `__init__` only names what other modules define."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return True
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return False
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    names = {getattr(target, "id", "") for target in targets}
    return "" not in names if table else names <= {"__all__", "__version__"}


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
