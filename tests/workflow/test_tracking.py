"""MLflow is filled from the results, and can be filled again."""

from adsmtl import paths


def imported(project):
    """Runs by name, with their final metrics, as the database has them."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{project.folder / 'mlflow.db'}")
    (experiment,) = [e for e in client.search_experiments() if e.name.startswith("adsmtl/")]
    runs = client.search_runs([experiment.experiment_id])
    return {run.info.run_name: dict(run.data.metrics) for run in runs}


def test_the_ablations_are_there_and_can_be_rebuilt(study):
    before = imported(study)
    assert sum(any(key.startswith("final/") for key in own) for own in before.values()) == 4
    assert "unchanged" in study.done("adsmtl", "track")
    (study.folder / paths.TRACKING.removeprefix("sqlite:///")).unlink()
    study.done("adsmtl", "track")
    assert imported(study) == before
