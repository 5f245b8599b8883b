"""Stands in for `python -m adsmtl --log LOG COMMAND …`: copies what a finished study holds.

It notes every command in the file that `CALLS` names, and fails where `FAILS` names the command.
What stands for runs says that it was made by the configuration, data and code of now.
"""

import json
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
    if command in ("train", "affinity"):
        say_now({"train": "metrics.json", "affinity": "affinity.json"}[command])
    return 0


def say_now(name: str) -> None:
    from adsmtl import config, identity, paths, planning, seals

    root = {"metrics.json": identity.TRAINED, "affinity.json": identity.RELATED}[name]
    settings = json.loads(os.environ[planning.SETTINGS])
    for run in planning.settle(config.settings(settings)).study.runs():
        path = paths.run(ROOT, run.arm_id, run.seed) / name
        if path.is_file():
            data = {name: digest(task.dataset) for name, task in run.study_tasks.items()}
            own = {"data": data, "code": identity.code(run, root)}
            path.write_text(json.dumps({"config_hash": run.config_hash, "identity": own}))
            seals.update(path.parent, [name])


def digest(dataset: str) -> str:
    from adsmtl import paths

    return json.loads((paths.PREPARED / dataset / "card.json").read_text())["digest"]


sys.exit(main(sys.argv[5]))
