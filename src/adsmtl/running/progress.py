"""One line that says where training is."""

import shutil
import sys
import time
from collections.abc import Callable, Sequence

from adsmtl.running.course import Course
from adsmtl.training.engine import Engine

REFRESH = 0.5  # seconds between updates of the live line
LONGEST = 180  # characters of a line in a log, without the note of what was left out


class ProgressLine:
    """Which run of the study this is, how long the study still takes, and epoch, loss and rates:
    rewritten in place on a terminal, and one lasting line per epoch."""

    def __init__(self, engine: Engine, course: Course, say: Callable[[str], None]) -> None:
        self._engine, self._course, self._say = engine, course, say
        self._began, self._first = time.monotonic(), engine.epoch
        self._shown = 0.0
        self._live = sys.stderr.isatty()
        name = engine.runs[0].name
        self._name = name if len(engine.runs) == 1 else f"{name} and {len(engine.runs) - 1} more"
        self._place, self._others = course.place(engine.runs), course.others(engine.runs)

    def step(self, done: int, steps: int) -> None:
        """Refresh the live line after a step."""
        now = time.monotonic()
        if self._live and now - self._shown > REFRESH:
            self._shown = now
            room = shutil.get_terminal_size().columns - 1  # one that wraps is not rewritten
            text = " ".join(self._parts(self._engine.epoch + done / steps))
            sys.stderr.write(f"\r\x1b[K{text[:room]}")
            sys.stderr.flush()

    def epoch_done(self) -> None:
        """Leave one line for the epoch that has just ended."""
        if self._live:
            sys.stderr.write("\r\x1b[K")
        self._others = self._course.others(self._engine.runs)
        self._say(fitted(self._parts(self._engine.epoch)))

    def _parts(self, position: float) -> list[str]:
        """What the line says; position counts epochs."""
        epochs = self._engine.training.epochs
        spent, done = time.monotonic() - self._began, position - self._first
        left = None
        if done > 0:
            own, whole = (spent / done * count for count in (epochs - position, epochs))
            left = self._course.left(own, whole, self._others)
        parts = [
            self._place + (":" if left is None else f", {spoken(left)} left:"),
            f"{self._name} epoch {min(int(position) + (position % 1 > 0), epochs)}/{epochs}",
        ]
        history = self._engine.history[0]
        if history:
            for task, values in history[-1]["tasks"].items():
                rates = "/".join(f"{rate:.2f}" for rate in values["rates"].values())
                metric = self._engine.tasks[task].metric
                parts.append(
                    f" {task} loss {values['loss']:.3f} val {values['val'][metric]:.3f}"
                    f" rate {rates}"
                )
        return parts


def fitted(parts: Sequence[str], separator: str = " ") -> str:
    """The parts in a line that can be read, the last ones only counted where they are many."""
    shown = len(parts)
    while shown > 1 and len(separator.join(parts[:shown])) > LONGEST:
        shown -= 1
    more = f" and {len(parts) - shown} more" if shown < len(parts) else ""
    return separator.join(parts[:shown]) + more


def spoken(duration: float) -> str:
    """A duration in seconds the way people say it."""
    if duration < 90:
        return f"{duration:.0f} s"
    if duration < 5400:
        return f"{duration / 60:.0f} min"
    if duration < 2 * 86400:
        return f"{duration / 3600:.1f} h"
    return f"{duration / 86400:.1f} days"
