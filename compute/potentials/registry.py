"""Which potentials are known: who made them, from what data, under which licence, and where the weights are."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from compute.potentials.environments.install import of_family


class UnknownPotential(ValueError):
    """An id that no registered or local potential has."""


class Family(BaseModel):
    """How the potentials of one architecture are read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    package: str = Field(description="import name of what brings the packaged weights")
    weights: str = Field(description="folder of the weights in it")
    suffixes: tuple[str, ...] = Field(default=(), description="of files that users add, in lower case")
    mark: str | None = Field(
        default=None, description="what those files hold, and those of other families with the same suffix do not"
    )
    environment: str | None = Field(default=None, description="whose interpreter evaluates them; None for this one")
    chunk: int = Field(description="compounds that are worth computing together on a processor")

    @property
    def installation(self) -> str:
        """The command that installs what evaluates them."""
        return f"softmode potentials install {self.name}" if self.environment else "pip install 'softmode[compute]'"


class PotentialEntry(BaseModel):
    """One published potential. A number that its authors do not state is None, never an estimate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    family: str
    benchmark: bool = Field(default=False, description="one of the four models of doi:10.1039/d5cp04693a")
    category: Literal["foundation", "distilled"] = Field(
        default="foundation", description="a distilled one learnt from another potential and stands in no ranking"
    )
    teacher: str | None = Field(default=None, description="potential that it was distilled from")
    training_set: str
    training_structures: int | None = None
    functional: str
    theory: Literal["PBE+U", "PBE", "r2SCAN"] | None = Field(
        default=None, description="of the training data, +U by the scheme of the Materials Project"
    )
    licence: str = Field(description="SPDX id, or the name of a licence that has none")
    licence_url: str
    parameters: int | None = Field(default=None, description="trainable parameters")
    citation: str
    doi: str | None = None
    kind: Literal["packaged", "download", "published"] = Field(description="published: results of others alone")
    source: str = Field(description="address of the weights, or of the project whose package brings them")
    file: str = Field(description="file name, or path below the package's folder of weights")
    sha256: str | None = Field(default=None, description="of packaged weights, where it is pinned")
    head: str | None = Field(default=None, description="readout of a multi-head model that is used")

    @property
    def permissive(self) -> bool:
        """Whether the weights may be fetched without accepting terms beyond keeping a notice."""
        return self.licence == "MIT" or self.licence.startswith("BSD-")


@cache
def entries() -> Mapping[str, PotentialEntry]:
    """All registered potentials by id, in the order of the registry."""
    content = _content()
    shared = content["shared"]
    listed = [
        PotentialEntry(
            id=id, **{**shared.get(row.get("like", ""), {}), **{k: v for k, v in row.items() if k != "like"}}
        )
        for id, row in content["potentials"].items()
    ]
    return MappingProxyType({entry.id: entry for entry in listed})


@cache
def families() -> Mapping[str, Family]:
    """All families by name."""
    return MappingProxyType({name: Family(name=name, **row) for name, row in _content()["families"].items()})


@cache
def _content() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("registry.toml").read_text(encoding="utf-8"))


def entry(id: str) -> PotentialEntry:
    """The registered potential `id`; `UnknownPotential` names the nearest ids."""
    if id in entries():
        return entries()[id]
    near = get_close_matches(id, entries(), n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else "softmode potentials list shows those that exist"
    raise UnknownPotential(f"there is no potential {id!r}: {hint}")


def preselected() -> str:
    """The packaged potential to begin with: SevenNet-0; where its environment is missing CHGNet 0.3.0, and where that
    is missing too the best MACE that comes with Softmode, which is distilled from it.
    """
    if of_family("sevennet").ready:
        return "sevennet-0"
    return "chgnet-0.3.0" if find_spec("chgnet") else "softmode-mace-distil-16000"


def row(entry: PotentialEntry, checkpoint_sha256: str | None = None) -> dict[str, Any]:
    """`entry` as a row of the table `potentials`."""
    columns = entry.model_dump(exclude={"id", "licence_url", "kind", "file", "sha256", "head"})
    return {"potential": entry.id, **columns, "checkpoint_sha256": checkpoint_sha256}
