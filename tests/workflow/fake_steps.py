"""Stands in for `python -m adsmtl --log LOG COMMAND …`: copies what a finished study holds.

It notes every command in the file that `CALLS` names, and fails where `FAILS` names the command.
"""

import os
import shutil
import sys
from pathlib import Path

ROOT = Path("results/smoke-embedded")
RUN = ("metrics.json", "history.jsonl", "predictions.npz", "checkpoint.safetensors")
MADE = {
    "listing": ["listing.json"],
    "train": [f"runs/*/*/{name}" for name in RUN],
    "test-time": ["runs/adsmtl-0.2/*/test-time.json"],
    "affinity": ["runs/none/*/affinity.json"],
    "collect": ["collected/*"],
    "tables": ["tables/*"],
    "figures": ["figures/*"],
    "claims": ["claims.*"],
    "report": ["report.html"],
    "manifest": ["manifest.json"],
    "track": [],
    "diverged": [],
}


def main(command: str) -> int:
    with open(os.environ["CALLS"], "a") as calls:
        calls.write(f"{command}\n")
    if os.environ.get("FAILS") == command:
        return 1
    original = Path(os.environ["FINISHED"])
    for pattern in MADE[command]:
        for path in original.glob(f"{ROOT}/{pattern}"):
            target = path.relative_to(original)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    return 0


sys.exit(main(sys.argv[5]))
