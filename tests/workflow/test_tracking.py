"""MLflow is filled from the results, and can be filled again."""

from adsmtl import paths


def imported(project):
    """Metrics of every run in the database, by name and whether it is the child of a summary."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{project.folder / 'mlflow.db'}")
    (experiment,) = [e for e in client.search_experiments() if e.name.startswith("adsmtl/")]
    runs = client.search_runs([experiment.experiment_id])
    return {
        (run.info.run_name, "mlflow.parentRunId" in run.data.tags): dict(run.data.metrics)
        for run in runs
    }


def test_the_ablations_are_there_and_can_be_rebuilt(study):
    before = imported(study)
    children = [own for (_, child), own in before.items() if child]
    assert len(children) == 4
    assert all(any(key.startswith("final/") for key in own) for own in children)
    assert "unchanged" in study.done("adsmtl", "track")
    (study.folder / paths.TRACKING.removeprefix("sqlite:///")).unlink()
    study.done("adsmtl", "track")
    assert imported(study) == before
