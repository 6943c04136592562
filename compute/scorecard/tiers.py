"""How much a scorecard computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SEED = 1
"""Of the draw of compounds: that of the published samples, so that potentials with a sample share the compounds."""


@dataclass(frozen=True)
class Tier:
    """`drawn` says how many compounds of a suite are drawn by chance within strata, None for all of them.

    `most_atoms` is the size up to which a material of `displaced` suites is taken: atoms of all its displaced
    supercells, with the one at rest, together; None for any.
    """

    name: str
    drawn: Mapping[str, int | None]
    displaced: tuple[str, ...] = ("alexandria50", "mp0b3")
    most_atoms: int | None = None
    wells: bool = True
    frames: bool = True

    def fits(self, atoms: int) -> bool:
        """Whether a material is taken whose displaced supercells have so many atoms together."""
        return self.most_atoms is None or atoms <= self.most_atoms


TIERS = {
    tier.name: tier
    for tier in (
        Tier("brief", drawn={}, displaced=()),
        Tier("quick", drawn={"abx3": 200, "hdp": 60}, most_atoms=8_000),
        Tier("full", drawn={"abx3": None, "hdp": None}),
    )
}
