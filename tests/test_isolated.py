"""What a library in a process of its own may do: answer, or be reported."""

import os
import sys
import time
from pathlib import Path

import pytest

from adsmtl.isolated import NoAnswer, run


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run a piece of code as a module."""

    def call(code: str, *arguments: str, **options) -> str:
        (tmp_path / "piece.py").write_text(code)
        search = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
        monkeypatch.setenv("PYTHONPATH", search)
        return run("piece", *arguments, **{"limit_s": 60.0, **options})

    return call


def test_what_was_printed_comes_back_and_messages_do_not(module) -> None:
    code = "import sys; print(sys.argv[1]); print('noise', file=sys.stderr)"
    assert module(code, "an argument") == "an argument\n"


def test_the_process_finds_this_package_and_sees_no_other_variables(module, tmp_path) -> None:
    code = "import os, adsmtl; print(adsmtl.__file__, os.environ.get('HOME'), os.environ['A'])"
    environment = {"A": "1", "PYTHONPATH": str(tmp_path)}
    printed = module(code, environment=environment)
    assert printed.split() == [sys.modules["adsmtl"].__file__, "None", "1"]


def test_a_hang_ends_at_the_limit(module) -> None:
    began = time.monotonic()
    with pytest.raises(NoAnswer, match=r"longer than 0\.3 s"):
        module("import time; time.sleep(60)", limit_s=0.3)
    assert time.monotonic() - began < 30


def test_a_crash_names_the_signal(module) -> None:
    with pytest.raises(NoAnswer, match="signal 11"):
        module("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")


def test_a_failure_names_the_exit_code_and_the_last_message(module) -> None:
    with pytest.raises(NoAnswer, match="exit code 1: RuntimeError: no such device"):
        module("raise RuntimeError('no such device')")
