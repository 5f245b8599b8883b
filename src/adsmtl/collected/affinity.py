"""The affinity of the tasks of a run; `affinity.json` of `docs/formats.md`."""

from pydantic import BaseModel

from adsmtl.collected.ranges import Cosines
from adsmtl.collected.run_folders import FinishedRun
from adsmtl.errors import UserError
from adsmtl.files import read_json
from adsmtl.validation import checked

FILE = "affinity.json"
_REMEDY = "delete the file and run `adsmtl affinity`, or snakemake"


class _Measured(BaseModel):
    config_hash: str
    affinity: Cosines


def read(run: FinishedRun) -> dict[str, float]:
    """By pair of tasks (`a:b`), their affinity; nothing where it was not measured.

    Raises:
        UserError: the file is malformed, or was measured for another configuration of the run.
    """
    path = run.folder / FILE
    if not path.is_file():
        return {}
    found = checked(_Measured, read_json(path), str(path), _REMEDY)
    if found.config_hash != run.metrics["config_hash"]:
        raise UserError(f"{path} is of another configuration than its run; {_REMEDY}")
    return found.affinity
