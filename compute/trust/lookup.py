"""What a folder of published tables holds about one compound, for the command line: no page waits for all of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from compute import tables
from compute.tables import pairs
from compute.trust.answer import Subject, subject
from compute.trust.features import LISTED, ROWS
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
    connection = pairs.joined(directory)
    known = connection.execute(LISTED).df()
    asked = subject(formula, dict(zip(known["compound"], known["lattice_constant"], strict=True)))
    rows = connection.execute(OF_COMPOUND, {"compound": asked.formula}).df()
    names = connection.execute("SELECT potential, name FROM potentials").df()
    return Found(model, asked, rows, dict(zip(names["potential"], names["name"], strict=True)), manifest.release)
