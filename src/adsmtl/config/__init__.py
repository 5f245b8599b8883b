"""Reads the configuration files into the typed values of `adsmtl.study`.

There is a module for every file of `config/`. A file is checked once, where it is read: unknown
keys, wrong types and impossible values end with one message that names the file and the key.
"""

from adsmtl.config.arms_file import SINGLE_TASK, Group, arms
from adsmtl.config.datasets_file import datasets, state
from adsmtl.config.preset_files import Affinity, Preset, preset, presets
from adsmtl.config.settings_file import AUTO, Settings, schema, settings
from adsmtl.config.study_of import related, study
from adsmtl.config.tasks_file import task_entries, tasks

__all__ = [
    "AUTO",
    "SINGLE_TASK",
    "Affinity",
    "Group",
    "Preset",
    "Settings",
    "arms",
    "datasets",
    "preset",
    "presets",
    "related",
    "schema",
    "settings",
    "state",
    "study",
    "task_entries",
    "tasks",
]
