"""What `adsmtl completion` prints completes commands in a shell, as a person types them."""

import os
import pty
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select

import pytest

from adsmtl import cli

LIMIT_S = 60.0
# In the place of the command: shows its arguments, each in brackets, and a last line.
SHOWS = 'adsmtl() { printf "<%s>" "$@"; echo "<end>"; }'


def script(shell: str, folder: Path) -> Path:
    """The script as the command prints it, as a file in `folder`."""
    command = [sys.executable, "-m", "adsmtl", "completion", shell]
    path = folder / f"completion.{shell}"
    path.write_text(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return path


@contextmanager
def terminal(*command: str) -> Iterator[int]:
    """A program in a terminal of its own, by its descriptor; it is killed at the end."""
    own, other = pty.openpty()
    process = subprocess.Popen(
        command, stdin=other, stdout=other, stderr=other, start_new_session=True, close_fds=True
    )
    os.close(other)
    try:
        yield own
    finally:
        process.kill()
        process.wait()
        os.close(own)


def answer(descriptor: int, typed: str, until: str) -> str:
    """What the terminal shows after some keys, up to a text."""
    os.write(descriptor, typed.encode())
    shown, end = "", time.monotonic() + LIMIT_S
    while until not in shown:
        ready, _, _ = select([descriptor], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"the shell shows no {until!r} but {shown!r}"
        shown += os.read(descriptor, 4096).decode(errors="replace")
    return shown


def test_bash_completes_what_is_typed(tmp_path: Path) -> None:
    """Keys go to a real bash: TAB completes, and the command that then runs has these words."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "fossil.txt").touch()
    typed = {
        "adsmtl fre\t": ["freeze"],
        "adsmtl --pro\t folder fre\t": ["--project", "folder", "freeze"],
        "adsmtl train --arms none --se\t 0": ["train", "--arms", "none", "--seeds", "0"],
        "adsmtl completion z\t": ["completion", "zsh"],
        "adsmtl verify fos\t": ["verify", "fossil.txt"],
        "adsmtl --project fo\t": ["--project", "folder/"],  # no file
    }
    with terminal("bash", "--norc", "--noprofile", "-i") as bash:
        # `echo` is given in parts, so that what is typed does not show what is waited for.
        answer(bash, f"cd {tmp_path}; {SHOWS}; echo re''ady\n", "ready")
        answer(bash, f"source {script('bash', tmp_path)}; echo sour''ced\n", "sourced")
        for keys, words in typed.items():
            shown = answer(bash, f"{keys}\n", "<end>\r\n")
            assert "".join(f"<{word}>" for word in words) + "<end>" in shown


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes_what_is_typed(tmp_path: Path) -> None:
    """As `adsmtl completion fish | source` in its configuration."""
    path = script("fish", tmp_path)
    for typed, completed in {"adsmtl fre": "freeze", "adsmtl train --se": "--seeds"}.items():
        asked = f"source {path}; complete -C '{typed}'"
        done = subprocess.run(["fish", "-c", asked], capture_output=True, text=True, check=True)
        assert [line.split("\t")[0] for line in done.stdout.splitlines()] == [completed]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_completes_what_is_typed(tmp_path: Path) -> None:
    """By `eval "$(adsmtl completion zsh)"`: read as a file, the script registers nothing."""
    with terminal("zsh", "-f", "-i") as zsh:
        answer(zsh, f"autoload -Uz compinit; compinit -D; {SHOWS}; echo re''ady\n", "ready")
        answer(zsh, f'eval "$(cat {script("zsh", tmp_path)})"; echo sour""ced\n', "sourced")
        for keys, word in {"adsmtl fre\t": "freeze", "adsmtl train --se\t": "--seeds"}.items():
            assert f"<{word}>" in answer(zsh, f"{keys}\n", "<end>\r\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh"])
def test_every_command_is_in_the_script(shell: str, capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["completion", shell]) == 0
    printed = capsys.readouterr().out
    commands = cli.build_parser()._subparsers._group_actions[0].choices
    assert [name for name in commands if name not in printed] == []
