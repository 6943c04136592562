"""One atomic JSON file per finished task: present means done."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from compute.campaigns.plan import PlanError
from compute.files import write_atomic

Row = dict[str, Any]


class Shards:
    """The shards of one run, in `directory`."""

    def __init__(self, directory: Path):
        self.directory = directory

    def path(self, digest: str) -> Path:
        """Where the shard of the task with `digest` is or would be."""
        return self.directory / f"{digest}.json"

    def has(self, digest: str) -> bool:
        """Whether the task with `digest` is done."""
        return self.path(digest).exists()

    def write(self, digest: str, compound: str, row: Row, provenance: Row | None = None) -> None:
        """Record the result of a task; `provenance` of one that the run did not compute itself."""
        content = {"compound": compound, "row": row} | ({"provenance": provenance} if provenance else {})
        write_atomic(self.path(digest), json.dumps(content).encode())

    def read(self, digest: str) -> Row | None:
        """The row of a finished task without its traceback, or None. Raises `PlanError` for a broken shard."""
        if not self.has(digest):
            return None
        try:
            row = dict(json.loads(self.path(digest).read_text())["row"])
        except (ValueError, KeyError, TypeError) as error:
            raise PlanError(
                f"the shard {self.path(digest)} is broken: remove it, and the campaign computes it again"
            ) from error
        row.pop("traceback", None)
        return row

    def latest(self) -> datetime | None:
        """When the newest shard was written, in UTC; None where there is none."""
        times = [path.stat().st_mtime for path in self.directory.glob("*.json")]
        return datetime.fromtimestamp(max(times), UTC) if times else None

    def forget_failures(self, digests: Iterable[str]) -> int:
        """Remove the shards that are not ok, so that the next run does them again; how many they were."""
        failures = [d for d in digests if (row := self.read(d)) is not None and row["status"] != "ok"]
        for digest in failures:
            self.path(digest).unlink()
        return len(failures)
