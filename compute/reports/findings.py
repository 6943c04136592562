"""What the published tables say, as one page: every number in it is computed from them."""

from __future__ import annotations

from pathlib import Path

from compute import tables
from compute.reports import accuracy, cells, coverage, mace, protocols, sources
from compute.reports.markdown import ReportTables
from compute.statistics.verdicts import SMALLEST_CLASS
from compute.tables import pairs

_HEAD = """# Findings

Release {release} of the tables; this page is made from it by `softmode data findings > docs/findings.md`. Nothing here
is typed in.

Numbers in brackets are 95 % bootstrap intervals. Compounds of one B cation (of one M and of one M' in hdp) are drawn
together, because a potential has them right or wrong together. n is the number of compounds that a number rests on. A
failed calculation has no number and is counted; one that DFT cannot be compared with is left out. Rows in italics know
nothing of forces: what they have too is no finding. Nothing is said of fewer than {smallest} compounds of a class. What
is not computed says so."""


def document(directory: Path) -> str:
    """The page in Markdown. Raises `TableError` when the tables cannot be read."""
    manifest = tables.read_manifest(directory)
    with pairs.joined(directory) as connection:
        release = ReportTables(directory, connection)
        own = [name for name in release.potentials if name in release.distilled]
        others = [name for name in release.potentials if name not in own]
        head = _HEAD.format(release=manifest.release, smallest=SMALLEST_CLASS)
        parts = [head, *mace.sections(release), coverage.computed(release, others)]
        parts += accuracy.sections(release, others)
        parts += [cells.effect(release, others), protocols.effect(release, others)]
        parts += [sources.explained(release, others), sources.stored(release), sources.attributed(release, others)]
        parts += ["## Models distilled from CHGNet", _DISTILLED]
        if own:
            sections = [coverage.computed(release, own), *accuracy.sections(release, own)]
            sections += [cells.effect(release, own), protocols.effect(release, own)]
            sections += [sources.attributed(release, own), sources.surrogate(release)]
            parts += [f"#{section}" for section in sections if section]
        else:
            parts.append("Not computed.")
        parts += ["## What limits these numbers", coverage.caveats(release)]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


_DISTILLED = """
Small MACE models trained on forces of CHGNet 0.3.0: a controlled study of how a potential comes to err, no
foundation models. Against DFT they carry the errors of their teacher too. Where the teacher itself is the reference
(surrogate), no number says anything about DFT, and none is averaged with those above."""
