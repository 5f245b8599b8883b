"""Run folders as tidy tables; tables, figures, claims and report read these and nothing else."""
