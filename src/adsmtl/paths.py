"""Where things are in the project, relative to the folder that commands are run from."""

from pathlib import Path

CONFIG = Path("config")
PRESETS = CONFIG / "presets"
ARMS = Path("docs/arms.md")
RAW = Path("data/raw")
PREPARED = Path("data/prepared")
CITATION = Path("CITATION.cff")
RESULTS = Path("results")
FROZEN = RESULTS / "frozen"
BLOCKS = RESULTS / "blocks"
SCHEMA = Path("workflow/schemas/config.schema.json")
ARTIFACTS = Path("mlruns")
TRACKING = "sqlite:///mlflow.db"


def results(preset: str, embedded: bool = False) -> Path:
    """Folder of one preset's results; embedded data never share a folder with real data."""
    return RESULTS / (f"{preset}-embedded" if embedded else preset)


def run(root: Path, arm: str, seed: int) -> Path:
    """Folder of one training run below the results folder `root`."""
    return root / "runs" / arm / f"seed={seed}"
