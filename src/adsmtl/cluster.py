"""Slurm jobs that a call of Snakemake left behind when it was killed.

Snakemake doesn't take up the jobs of an earlier call: it would submit them again, and two jobs
would train the same runs. A run goes on after its last epoch, so little is lost when they end.
"""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from adsmtl.errors import UserError

PREFIX = "adsmtl_"  # of the jobs' names; profiles/slurm says so
PATIENCE = 180.0  # seconds that cancelled jobs have to end
LOOK = 2.0  # seconds between looks at the queue


def end_left(folder: Path, say: Callable[[str], None]) -> list[str]:
    """Cancel the jobs that were submitted from a project's folder, and wait until they have ended.

    Only for the one call that works in the folder: another one's jobs look the same.

    Args:
        say: takes a line, where there are such jobs.

    Returns:
        The jobs' numbers.

    Raises:
        UserError: Slurm does not answer, or the jobs do not end.
    """
    left = _jobs(folder)
    if not left:
        return []
    say(f"jobs of an earlier call are cancelled, and go on in new ones: {', '.join(left)}")
    _slurm("scancel", *left)
    deadline = time.monotonic() + PATIENCE
    while still := sorted(set(_jobs(folder)) & set(left)):
        if time.monotonic() > deadline:
            raise UserError(
                f"jobs {', '.join(still)} of an earlier call were cancelled {PATIENCE:.0f} s ago "
                "and have not ended; see `squeue --me`, and call again when they have"
            )
        time.sleep(LOOK)
    return left


def _jobs(folder: Path) -> list[str]:
    """The numbers of this user's jobs that wait, run or end, submitted from a folder."""
    lines = _slurm("squeue", "--me", "--noheader", "--format=%A|%j|%Z").splitlines()
    found = [line.split("|", 2) for line in lines]
    home = folder.resolve()
    return sorted(
        {
            number
            for number, name, place in found
            if name.startswith(PREFIX) and Path(place).resolve() == home
        }
    )


def _slurm(*command: str) -> str:
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise UserError(f"Slurm does not answer: {error}") from error
    if result.returncode:
        raise UserError(f"Slurm does not answer: {command[0]}: {result.stderr.strip()}")
    return result.stdout
