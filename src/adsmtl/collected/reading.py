"""The collected tables, read back: what tables, figures, claims, report and MLflow start from."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from adsmtl import outputs
from adsmtl.collected import predictions, ranges
from adsmtl.collected.predictions import Predictions
from adsmtl.errors import UserError
from adsmtl.files import read_json

_TEXT = (
    *("arm", "label", "group", "group_title", "baseline", "role", "family", "zero", "preset"),
    *("task", "tasks", "schedule", "site"),
    *("environment", "config_hash", "code", "dataset", "target"),
    *("metrics_sha256", "history_sha256", "predictions_sha256"),
    "policy",
)
_MEASURED = ("test_accuracy", "test_loss", "accuracy")  # never empty
_NEEDED = {
    "runs": (
        *("arm", "label", "group", "group_title", "baseline", "role", "family", "tunable", "zero"),
        *("seed", "fold", "preset", "task", "tasks", "test_accuracy", "test_loss"),
        *("schedule", "rate", "train_fraction"),
    ),
    "epochs": ("arm", "seed", "epoch", "task"),
    "test_time": ("arm", "seed", "task", "rate", "passes", "policy", "repeat", "accuracy"),
}


@dataclass(frozen=True)
class Collected:
    """A study as the files below `root/collected` hold it.

    Attributes:
        root: the results folder, or the frozen archive.
        runs: as `collect.runs_frame` returns it.
        epochs: as `collect.epochs_frame` returns it.
        test_time: as `test_time.frame` returns it.
        configs: by arm, the configuration of its runs without their seed.
        environments: by the key that `runs` names, device, versions, code and data.
        study: `planned`, the seeds of every arm of the whole study, of which these runs may be a
            part; and `blocks`, what it was joined from, empty where it was not.
    """

    root: Path
    runs: pd.DataFrame
    epochs: pd.DataFrame
    test_time: pd.DataFrame
    configs: dict[str, dict[str, Any]]
    environments: dict[str, dict[str, Any]]
    study: dict[str, Any]

    @property
    def arms(self) -> list[str]:
        """Arms in the study's order."""
        return list(self.runs["arm"].unique())

    @property
    def labels(self) -> dict[str, str]:
        """The arms' labels by arm, in the study's order."""
        return dict(self.runs.drop_duplicates("arm").set_index("arm")["label"])

    @property
    def seeds(self) -> list[int]:
        """Seeds that any arm has, sorted."""
        return sorted(int(seed) for seed in self.runs["seed"].unique())

    @property
    def trained(self) -> dict[str, list[int]]:
        """The seeds of every arm, in the study's order."""
        return {
            arm: sorted(own)
            for arm, own in self.runs.groupby("arm", sort=False)["seed"].unique().items()
        }

    @property
    def planned(self) -> dict[str, list[int]]:
        """The seeds of every arm of the whole study, in its order."""
        return self.study["planned"]

    @property
    def traits(self) -> dict[str, outputs.Traits]:
        """What `outputs` must know of every arm, in the study's order."""
        rows = self.runs.drop_duplicates("arm").to_dict("records")
        return {
            row["arm"]: outputs.Traits(
                group=row["group"],
                baseline=None if pd.isna(row["baseline"]) else row["baseline"],
                tasks=tuple(row["tasks"].split("+")),
                schedule=row["schedule"],
                rate=None if pd.isna(row["rate"]) else row["rate"],
                train_fraction=row["train_fraction"],
                role=None if pd.isna(row["role"]) else row["role"],
                tunable=None if pd.isna(row["tunable"]) else row["tunable"],
            )
            for row in rows
        }

    def named(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A table with the label, group and schedule of every arm beside its id."""
        names = self.runs.drop_duplicates("arm")[["arm", "label", "group", "schedule"]]
        return frame.merge(names, on="arm", how="left")

    def predictions(self, task: str, arm: str) -> Predictions:
        """What the runs of one arm say of every test example of a task; read when asked for.

        Raises:
            UserError: the file is missing or damaged, or holds no such arm or task.
        """
        return predictions.read(self.root / outputs.COLLECTED / outputs.PREDICTIONS, task, arm)

    @property
    def per_run(self) -> pd.DataFrame:
        """`runs` with one row per run: of a run's tasks the first."""
        return self.runs.drop_duplicates(["arm", "seed"])


def load(root: Path) -> Collected:
    """Read the collected tables of a results folder or of a frozen archive.

    Raises:
        UserError: a file is missing, damaged, lacks a column or holds an impossible value; names it
            and what to do.
    """
    tables, epochs, test_time, configs, environments, study, _ = outputs.collected(root)
    return Collected(
        root=root,
        runs=_read(tables, "runs"),
        epochs=_read(epochs, "epochs"),
        test_time=_read(test_time, "test_time"),
        configs=_mapping(configs),
        environments=_mapping(environments),
        study=_study(study),
    )


def _study(path: Path) -> dict[str, Any]:
    found = _mapping(path)
    if lacking := [key for key in ("planned", "blocks") if key not in found]:
        raise UserError(f"{path} lacks {lacking[0]!r}; delete it and run `adsmtl collect`")
    return found


def _read(path: Path, name: str) -> pd.DataFrame:
    try:
        frame = pd.read_csv(
            path,
            # `none`, `null` and the like are names here; only nothing at all means a missing value.
            keep_default_na=False,
            na_values=[""],
            dtype=dict.fromkeys(_TEXT, object),
        )
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing; run `adsmtl collect`, or snakemake") from error
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise UserError(f"{path} cannot be read ({error}); delete it and collect again") from error
    if name == "runs" and frame.empty:
        raise UserError(f"{path} has no rows; delete it and run `adsmtl collect`")
    missing = [column for column in _NEEDED[name] if column not in frame]
    if missing:
        raise UserError(
            f"{path} has no column {', '.join(missing)}; delete it and run `adsmtl collect`"
        )
    if (wrong := next(ranges.faults(frame), None)) is not None:
        raise UserError(f"{path}, {wrong}; no run gives that: delete it and run `adsmtl collect`")
    for column in set(_NEEDED[name]) & set(_MEASURED):
        if frame[column].isna().any():
            row = int(frame[column].isna().argmax())
            raise UserError(
                f"{path}, line {row + 2}: {column} is missing; delete it and run `adsmtl collect`"
            )
    return frame


def _mapping(path: Path) -> dict[str, dict[str, Any]]:
    value = read_json(path)
    if not isinstance(value, dict):
        raise UserError(f"{path} must hold an object; delete it and run `adsmtl collect`")
    return value
