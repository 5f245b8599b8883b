"""Which state of the repository is running, and which versions of libraries."""

import importlib.metadata
import subprocess
from pathlib import Path
from typing import Any

import adsmtl

# All files but those that `dvc repro` and `dvc remote add` write, which decide nothing.
_COUNT = (":/", ":(top,exclude)dvc.lock", ":(top,exclude).dvc")


def code(package: Path | None = None) -> dict[str, Any]:
    """Which state of the code is running.

    Args:
        package: folder of the package; the running one by default.

    Returns:
        commit, describe, dirty (tracked files differ from the commit, those apart that DVC
        writes) and reason; the first three are None, with the reason in words, where this is not
        a git checkout.
    """
    package = package or Path(adsmtl.__file__).parent
    try:
        # An installed copy may lie inside someone else's checkout; only a tracked file counts.
        _git(package, "ls-files", "--error-unmatch", "__init__.py")
        dirty = bool(_git(package, "status", "--porcelain", "--untracked-files=no", "--", *_COUNT))
        return {
            "commit": _git(package, "rev-parse", "HEAD"),
            "describe": _git(package, "describe", "--always", "--tags") + "-dirty" * dirty,
            "dirty": dirty,
            "reason": None,
        }
    except FileNotFoundError:
        reason = "git is not installed"
    except subprocess.CalledProcessError as error:
        first = (error.stderr.strip().splitlines() or ["git failed"])[0]
        reason = f"the package does not run from a git checkout of its own ({first})"
    return {"commit": None, "describe": None, "dirty": None, "reason": reason}


def installed(library: str) -> str | None:
    """Version of an installed library, or None."""
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()
