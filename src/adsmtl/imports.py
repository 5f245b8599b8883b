"""Which modules of the package a step of the workflow runs, so that it knows their changes."""

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import adsmtl
from adsmtl.files import digest, sha256

PACKAGE = Path(adsmtl.__file__).parent


def code(modules: Iterable[str], more: Iterable[str] = (), package: Path = PACKAGE) -> str:
    """Digest of modules, of everything of the package that they import, and of other files.

    Args:
        modules: names within the package, such as `tables.build`.
        more: patterns of files below the package that no import names, such as templates.
        package: folder of the package.
    """
    found = closure([f"{package.name}.{name}" for name in modules], package)
    found |= {path for pattern in more for path in package.glob(pattern)}
    return digest({path.relative_to(package).as_posix(): sha256(path) for path in found})


def closure(modules: Iterable[str], package: Path = PACKAGE) -> set[Path]:
    """Files of modules of the package and of those that they import, directly or through others.

    Args:
        modules: full names, such as `adsmtl.tables.build`.
        package: folder of the package, whose name is the package's.
    """
    found: set[Path] = set()
    waiting = [_file(name, package) for name in modules]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported(path, package)
    return found


def _file(name: str, package: Path) -> Path:
    place = package.parent.joinpath(*name.split("."))
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


@cache
def _imported(path: Path, package: Path) -> frozenset[Path]:
    """Files of the package that a module's own statements import, wherever they stand."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    own = [name.split(".") for name in names if name.split(".")[0] == package.name]
    # With a module, the packages around it are imported.
    files = {_file(".".join(n[:length]), package) for n in own for length in range(1, len(n) + 1)}
    return frozenset(file for file in files if file.is_file())
