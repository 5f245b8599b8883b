"""Where things are in the project, relative to the folder that commands are run from."""

from pathlib import Path

CONFIG = Path("config")
PRESETS = CONFIG / "presets"
DOCS = Path("docs")
ARMS = DOCS / "arms.md"
RAW = Path("data/raw")
PREPARED = Path("data/prepared")
CITATION = Path("CITATION.cff")
RESULTS = Path("results")
FROZEN = RESULTS / "frozen"
BLOCKS = RESULTS / "blocks"
SCHEMA = Path("workflow/schemas/config.schema.json")
ARTIFACTS = Path("mlruns")
TRACKING = Path("mlflow.db")


def results(preset: str, embedded: bool = False, speech: str | None = None) -> Path:
    """Folder of one preset's results, apart for embedded data and for every corpus of speech.

    Args:
        speech: the corpus, where it is another than the default one.
    """
    return RESULTS / "-".join(filter(None, [preset, speech, "embedded" if embedded else None]))


def run(root: Path, arm: str, seed: int) -> Path:
    """Folder of one training run below the results folder `root`."""
    return root / "runs" / arm / f"seed={seed}"
