"""One line that says where training is."""

import sys
import time
from collections.abc import Callable

from adsmtl.training.engine import Engine

REFRESH = 0.5  # seconds between updates of the live line


class ProgressLine:
    """Epoch, loss, rates and time left: rewritten in place on a terminal, and one lasting
    line per epoch."""

    def __init__(self, engine: Engine, say: Callable[[str], None]) -> None:
        self._engine, self._say = engine, say
        self._began, self._first = time.monotonic(), engine.epoch
        self._shown = 0.0
        self._live = sys.stderr.isatty()
        name = engine.runs[0].name
        self._name = name if len(engine.runs) == 1 else f"{name} and {len(engine.runs) - 1} more"

    def step(self, done: int, steps: int) -> None:
        """Refresh the live line after a step."""
        now = time.monotonic()
        if self._live and now - self._shown > REFRESH:
            self._shown = now
            sys.stderr.write(f"\r\x1b[K{self._text(self._engine.epoch + done / steps)}")
            sys.stderr.flush()

    def epoch_done(self) -> None:
        """Leave one line for the epoch that has just ended."""
        if self._live:
            sys.stderr.write("\r\x1b[K")
        self._say(self._text(self._engine.epoch))

    def _text(self, position: float) -> str:
        epochs = self._engine.training.epochs
        parts = [f"{self._name}  epoch {min(int(position) + (position % 1 > 0), epochs)}/{epochs}"]
        history = self._engine.history[0]
        if history:
            for task, values in history[-1]["tasks"].items():
                rates = "/".join(f"{rate:.2f}" for rate in values["rates"].values())
                metric = self._engine.tasks[task].metric
                parts.append(
                    f"{task} loss {values['loss']:.3f} val {values['val'][metric]:.3f} rate {rates}"
                )
        spent = time.monotonic() - self._began
        done = position - self._first
        parts.append(f"{spent / done * (epochs - position):.0f} s left" if done > 0 else "")
        return "  ".join(parts)
