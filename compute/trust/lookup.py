"""What a folder of published tables holds about one compound, for the command line: no page waits for all of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from compute import tables
from compute.tables import pairs
from compute.trust.answer import Subject, subject
from compute.trust.features import ROWS, SUITE
from compute.trust.model import TrustModel, read

OF_COMPOUND = f"{ROWS} AND p.compound = $compound"


@dataclass(frozen=True)
class Found:
    """The model, the compound, its rows as `features.ROWS` has them, names of potentials, and the release."""

    model: TrustModel
    subject: Subject
    rows: pd.DataFrame
    names: dict[str, str]
    release: str

    @property
    def where(self) -> str:
        """In a sentence, what is known of the compound, and whether the model is of these tables."""
        return where(self.subject, self.model, self.release, len(self.rows))


def where(asked: Subject, model: TrustModel, release: str, run: int) -> str:
    """In a sentence or two: whether DFT is published of the compound, and what the score may not know."""
    if asked.in_suite:
        said = (
            "Its DFT is published. The score is that of a model which has seen no compound with"
            f" {asked.sites['B']} on B."
        )
    elif run:
        said = "It is in no suite: no published DFT exists to hold the potentials against."
    else:
        said = "It is in no suite and no potential has been run on it: the score rests on the formula alone."
    if release != model.release:
        said += f" The trust was fitted to release {model.release}, the tables are of {release}."
    return said


def found_in(directory: Path, formula: str) -> Found:
    """What the tables in `directory` hold about `formula`.

    Raises `TableError`, `NoTrust` without a model or for another structure type, and `FormulaError`.
    """
    model, manifest = read(directory), tables.read_manifest(directory)
    listed = manifest.read_where("references", columns=("compound", "lattice_constant"), suite=SUITE)
    asked = subject(formula, {row["compound"]: row["lattice_constant"] for row in listed})
    with pairs.of_compound(directory, SUITE, asked.formula) as connection:
        rows = connection.execute(OF_COMPOUND, {"compound": asked.formula}).df()
    names = {row["potential"]: row["name"] for row in manifest.read_where("potentials", columns=("potential", "name"))}
    return Found(model, asked, rows, names, manifest.release)
