"""One question to the installed Keras, in this process.

Run as `python -m adsmtl.claims.listing.probe <id>`.

The answer is the last line of standard output, a JSON object: for `environment` the versions, for
a defect its `Finding`. Whatever Keras prints goes to standard error.
"""

import argparse
import contextlib
import dataclasses
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from adsmtl.claims.listing.checking import ENVIRONMENT
from adsmtl.claims.listing.defects import DEFECTS


def environment() -> dict[str, str]:
    """Version of Keras, and its backend with version."""
    import keras

    name = keras.backend.backend()
    version = importlib.import_module(name).__version__
    return {"keras": keras.__version__, "backend": f"{name} {version}"}


def finding(defect: str) -> dict[str, Any]:
    """The `Finding` of one defect as a dictionary, without this machine's folders in its texts."""
    import keras

    keras.utils.set_random_seed(0)
    (reproduce,) = (entry.reproduce for entry in DEFECTS if entry.id == defect)
    found = dataclasses.asdict(reproduce())
    installed = str(Path(keras.__file__).parents[1])
    return {
        key: value.replace(installed, "…") if isinstance(value, str) else value
        for key, value in found.items()
    }


def main() -> None:
    """Print the answer to the question on the command line."""
    parser = argparse.ArgumentParser(prog="python -m adsmtl.claims.listing.probe")
    parser.add_argument("question", choices=[ENVIRONMENT, *(defect.id for defect in DEFECTS)])
    question = parser.parse_args().question
    with contextlib.redirect_stdout(sys.stderr):
        answer = environment() if question == ENVIRONMENT else finding(question)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
