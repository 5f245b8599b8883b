"""A process that loads one contender and times it on request: JSON lines in and out.

It first says `{"ready": {…}}`, `{"absent": "…"}` or `{"error": "…"}`, and then answers
`{"do": "time"}` until the pipe closes.
"""

import importlib
import json
import os
import resource
import sys
import time
import traceback
from pathlib import Path
from typing import Any, TextIO

from benchmarks.contenders.base import Absent, Contender
from benchmarks.job import Job

# "<module>:<class>", loaded only in the process that needs its libraries.
CONTENDERS = {
    "keras": "benchmarks.contenders.keras_listing:KerasContender",
    "plain": "benchmarks.contenders.plain:PlainContender",
    "engine": "benchmarks.contenders.engine:EngineContender",
    "engines": "benchmarks.contenders.engine:EnginesContender",
    "products": "benchmarks.contenders.products:ProductsContender",
}
_MIB = 2**20


def peak_rss() -> float:
    """Largest resident memory of this process so far, in MiB.

    Linux's `ru_maxrss` also remembers the process that started this one, hence the detour.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / _MIB
    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found / _MIB if sys.platform == "darwin" else found * 1024 / _MIB


def load(name: str) -> type[Contender]:
    """The class behind a name of `CONTENDERS`."""
    module, _, attribute = CONTENDERS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def serve(job: Job, requests: TextIO, answers: TextIO) -> None:
    """Load the contender, warm it up with one repetition, and answer requests."""

    def answer(value: dict[str, Any]) -> None:
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    try:
        contender = load("engines" if job.processes > 1 else job.contender)(job)
        loaded = peak_rss()
        began = time.perf_counter()
        contender.repetition()
        facts = contender.facts()
    except Absent as reason:
        answer({"absent": str(reason)})
        return
    except Exception:
        answer({"error": traceback.format_exc()})
        return
    warm_up = time.perf_counter() - began
    answer({"ready": {**facts, "rss_loaded_mib": loaded, "warm_up_seconds": warm_up}})
    for line in requests:
        match json.loads(line)["do"]:
            case "time":
                began = time.perf_counter()
                values = contender.repetition()
                seconds = time.perf_counter() - began
                memory = {"rss_mib": peak_rss(), "device_mib": contender.device_memory()}
                answer({"seconds": seconds, "values": values, "memory": memory})


def main() -> None:
    """Take the job from the first line of standard input."""
    # Libraries print where they like; only answers may go through the pipe.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(Job.from_json(json.loads(sys.stdin.readline())), sys.stdin, answers)


if __name__ == "__main__":
    main()
