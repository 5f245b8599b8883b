"""Ask the installed Keras about every defect of the listing, and write down what came out."""

import dataclasses
import importlib.util
import inspect
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adsmtl import isolated
from adsmtl.claims.listing.defects import DEFECTS, Defect, Finding
from adsmtl.files import write_json
from adsmtl.isolated import NoAnswer

LIMIT_S = 300.0  # for one probe; nearly all of its time goes into importing the backend
EXTRA = "pip install -e '.[listing]'"
ENVIRONMENT = "environment"  # the question that `probe` answers with the versions

_ENVIRONMENT_KEYS = {"keras", "backend"}
_FINDING_KEYS = {field.name for field in dataclasses.fields(Finding)}


def check(out: Path) -> dict[str, Any]:
    """Run the listing's statements against the installed Keras.

    Every defect gets a process of its own; none of them uses the accelerator or the network. The
    backend is what `KERAS_BACKEND` names, else TensorFlow where it is installed, else PyTorch.

    Args:
        out: the JSON file to write, `listing.json`.

    Returns:
        What was written: keras, backend, reason and defects, as `docs/listing.md` describes. Where
        Keras is missing or does not start, `keras` is None, `reason` says why, and there are no
        defects.

    Raises:
        UserError: the file cannot be written.
    """
    result = _check()
    write_json(out, result)
    return result


def _check() -> dict[str, Any]:
    if importlib.util.find_spec("keras") is None:
        return _absent(f"Keras is not installed; install the extra: {EXTRA}")
    with tempfile.TemporaryDirectory() as home:
        variables = _variables(home)
        try:
            versions = _ask(ENVIRONMENT, _ENVIRONMENT_KEYS, variables)
        except NoAnswer as error:
            return _absent(
                f"Keras is installed but does not start with KERAS_BACKEND="
                f"{variables['KERAS_BACKEND']}: {error}"
            )
        defects = [_row(defect, variables) for defect in DEFECTS]
    return {**versions, "reason": None, "defects": defects}


def _absent(reason: str) -> dict[str, Any]:
    return {"keras": None, "backend": None, "reason": reason, "defects": []}


def _row(defect: Defect, variables: Mapping[str, str]) -> dict[str, Any]:
    try:
        finding = Finding(**_ask(defect.id, _FINDING_KEYS, variables))
    except NoAnswer as error:
        finding = Finding(reproduced=None, error=None, evidence=f"Not decided: {error}")
    return {
        "id": defect.id,
        "what": defect.what,
        "stops": defect.stops,
        **dataclasses.asdict(finding),
        "code": inspect.getsource(defect.reproduce),
    }


def _ask(question: str, keys: set[str], variables: Mapping[str, str]) -> dict[str, Any]:
    """The JSON object of `keys` that the probe prints in its last line; NoAnswer otherwise."""
    module = "adsmtl.claims.listing.probe"
    printed = isolated.run(module, question, limit_s=LIMIT_S, environment=variables)
    line = (printed.strip().splitlines() or [""])[-1]
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise NoAnswer(f"the process printed no JSON but {line[:80]!r}") from error
    if not isinstance(found, dict) or set(found) != keys:
        raise NoAnswer(f"the process printed {line[:80]!r}, not an object of {sorted(keys)}")
    return found


def _variables(home: str) -> dict[str, str]:
    """Environment of the probes: this one, with Keras's settings replaced by its defaults.

    Args:
        home: an empty folder for Keras's settings file.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KERAS_")}
    installed = "tensorflow" if importlib.util.find_spec("tensorflow") else "torch"
    return kept | {
        "KERAS_HOME": home,
        "KERAS_BACKEND": os.environ.get("KERAS_BACKEND") or installed,
        "KERAS_TORCH_DEVICE": "cpu",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
