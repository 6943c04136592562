"""A scorecard: what was computed of one potential, how it ended, and the boards that it stands on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from compute import tables
from compute.campaigns.provenance import code_commit, hardware, package_versions
from compute.scorecard.board import Board
from compute.scorecard.boards import boards
from compute.scorecard.plan import FRAMES, WELLS, ScorecardPart
from compute.scorecard.tiers import Tier
from compute.suites import SUITES


@dataclass(frozen=True)
class Failure:
    """A task without a result: its `status` and `reason` are those of its row."""

    part: str
    compound: str
    status: str
    reason: str


@dataclass(frozen=True)
class Counted:
    """One part: of `asked` tasks `ok` have a result and `failed` none; `left_out` are too large for the tier."""

    part: str
    asked: int
    ok: int
    failed: int
    left_out: int
    seconds: float


@dataclass(frozen=True)
class Scorecard:
    """All that the page shows; `seconds` are by the clock, summed over the tasks, beside whatever else ran."""

    potential: str
    name: str
    checkpoint_sha256: str
    training_set: str
    functional: str
    tier: str
    release: str
    code_commit: str | None
    hardware: str
    packages: dict[str, str]
    counts: tuple[Counted, ...]
    boards: tuple[Board, ...]
    failures: tuple[Failure, ...]

    @property
    def seconds(self) -> float:
        """Time of all tasks together, in s."""
        return sum(part.seconds for part in self.counts)

    def to_plain(self) -> dict[str, Any]:
        """As JSON, NaN as null."""
        return {**asdict(self), "boards": [board.to_plain() for board in self.boards], "seconds": self.seconds}


def scorecard(parts: Sequence[ScorecardPart], tier: Tier, data: Path, own: Path) -> Scorecard:
    """The scorecard of `parts` against the release in `data`; `own` is the release made of them."""
    first = parts[0].campaign
    (about,) = tables.read_where(own, "potentials", potential=first.potential)
    return Scorecard(
        potential=first.potential,
        name=about["name"],
        checkpoint_sha256=str(first.checkpoint_sha256),
        training_set=about["training_set"],
        functional=about["functional"],
        tier=tier.name,
        release=tables.read_manifest(data).release,
        code_commit=code_commit(),
        hardware=hardware(),
        packages=package_versions(),
        counts=tuple(_counted(part) for part in parts),
        boards=tuple(boards(parts, data, own)),
        failures=tuple(failure for part in parts for failure in _failures(part)),
    )


def title(part: ScorecardPart) -> str:
    """What `part` is called."""
    special = {WELLS.name: "Tilt wells of DFT", FRAMES.name: "Sets of DFT frames"}
    return special.get(part.campaign.stage.name) or SUITES[part.campaign.suite].title


def _counted(part: ScorecardPart) -> Counted:
    rows = [row for row in part.rows() if row is not None]
    ok = sum(row["status"] == "ok" for row in rows)
    seconds = sum(row.get("seconds") or 0.0 for row in rows)
    return Counted(title(part), len(part.tasks), ok, len(rows) - ok, len(part.left_out), seconds)


def _failures(part: ScorecardPart) -> list[Failure]:
    return [
        Failure(title(part), task.compound, row["status"], row.get("reason") or "")
        for task, row in zip(part.tasks, part.rows(), strict=True)
        if row is not None and row["status"] != "ok"
    ]
