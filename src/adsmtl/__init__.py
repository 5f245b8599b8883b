"""ADSMTL: a replication of an adaptive dropout strategy for multi-task learning.

The folders follow the data: `data` fetches and prepares, `tasks` and `dropout`
define the method, `training` trains, `analysis` judges, `tracking` keeps the evidence.
"""

__version__ = "0.4.1"
