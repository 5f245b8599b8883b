"""What a probe's process may do to the study: answer, or be reported."""

import os
import sys
import time

import pytest

from adsmtl.claims.listing.isolation import NoAnswer, answer


def ask(code: str, limit_s: float = 60.0) -> dict:
    return answer([sys.executable, "-c", code], dict(os.environ), {"a"}, limit_s)


def test_the_answer_is_the_last_line_whatever_was_printed_before() -> None:
    assert ask("print('noise'); print('{}'); print('{\"a\": 1}')") == {"a": 1}


def test_a_hang_ends_at_the_limit() -> None:
    began = time.monotonic()
    with pytest.raises(NoAnswer, match=r"longer than 0\.5 s"):
        ask("import time; time.sleep(60)", limit_s=0.5)
    assert time.monotonic() - began < 30


def test_a_crash_names_the_signal() -> None:
    with pytest.raises(NoAnswer, match="SIGSEGV"):
        ask("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")


def test_a_failure_names_the_exit_code_and_the_last_message() -> None:
    with pytest.raises(NoAnswer, match="exit code 1: RuntimeError: no such device"):
        ask("raise RuntimeError('no such device')")


@pytest.mark.parametrize(
    ("printed", "message"),
    [
        ("", "no JSON but ''"),
        ("Segmentation fault", "no JSON but 'Segmentation fault'"),
        ("[1]", "not an object of"),
        ('{"b": 1}', "not an object of"),
        ('{"a": 1, "b": 1}', "not an object of"),
    ],
)
def test_a_malformed_answer_is_quoted(printed: str, message: str) -> None:
    with pytest.raises(NoAnswer, match=message):
        ask(f"print({printed!r})")
