"""An MLflow view of the results."""
