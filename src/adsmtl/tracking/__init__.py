"""Evidence: a manifest that traces every number, and an MLflow view of the runs."""
