"""An unfinished run on disk: every repetition is written as it comes, so a cut loses one at most.

`<name>.unfinished` holds, as JSON, the conditions that the run began under and the records of every
group so far. A run under the same conditions goes on where the file ends; the file goes when the
results are written.
"""

from pathlib import Path
from typing import Any

from adsmtl.errors import UserError
from adsmtl.files import read_json, write_json

Record = dict[str, Any]


class Journal:
    """What has been measured, in memory and on disk.

    Attributes:
        load_before: the largest load average at a start of the run; None where it is not known.
    """

    def __init__(
        self, folder: Path, name: str, conditions: dict[str, Any], load: float | None
    ) -> None:
        """Go on with the file, or begin one with the first repetition.

        Args:
            conditions: JSON-able; everything that must not change within one run.
            load: the load average now.

        Raises:
            UserError: the file was begun under other conditions.
        """
        self.path = folder / f"{name}.unfinished"
        self._conditions = conditions
        self._groups: dict[str, list[Record]] = {}
        self.load_before = load
        if self.path.exists():
            found = read_json(self.path)
            differ = [key for key in conditions if found["conditions"].get(key) != conditions[key]]
            if differ:
                raise UserError(
                    f"{self.path} was begun under other conditions ({', '.join(differ)}); "
                    "go on under those, delete the file, or give --name"
                )
            self._groups = found["groups"]
            known = [one for one in (load, found["load_before"]) if one is not None]
            self.load_before = max(known, default=None)

    def records(self, group: str) -> list[Record] | None:
        """The records of a group that was begun, repetitions of unfinished rounds left out."""
        records = self._groups.get(group)
        if records is None:
            return None
        counts = [len(one["repetitions"]) for one in records if one["reason"] is None]
        rounds = min(counts, default=0)
        for record in records:
            del record["repetitions"][rounds:]
        return records

    def keep(self, group: str, records: list[Record]) -> None:
        """Write down the records of a group as they are now."""
        self._groups[group] = records
        write_json(
            self.path,
            {
                "conditions": self._conditions,
                "load_before": self.load_before,
                "groups": self._groups,
            },
        )

    def close(self) -> None:
        """The results are written; nothing is left to go on with."""
        self.path.unlink(missing_ok=True)
