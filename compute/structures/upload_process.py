"""An upload is read in a process of its own, which has so much memory and time and no more.

Parsers are the part of a calculation that a stranger's file reaches first; what they make of it must not take the
process down that calculates, nor the machine.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import numpy as np

from compute import sandbox
from compute.structures.compounds import Compound
from compute.structures.sites import Crystal, StructureError
from compute.structures.uploaded import GeneralCrystal, Uploaded, read_upload

MEMORY = 2 * 2**30  # bytes of address space, of which the libraries take a half
SECONDS = 20  # of processor time
PATIENCE = 120.0  # s, on a machine that is busy


@lru_cache(maxsize=4)  # both parts of a job read the same text
def read_limited(text: str) -> Uploaded:
    """What `read_upload` gives. Raises `StructureError`, also where memory or time do not suffice."""
    told = sandbox.answer(__name__, text, PATIENCE)
    answer = {} if told is None else json.loads(told)
    if "error" in answer:
        raise StructureError(answer["error"])
    if not answer:
        raise StructureError("The file takes more memory or time to read than a structure of this size can need.")
    return from_plain(answer)


def to_plain(found: Uploaded) -> dict[str, Any]:
    """`found` as JSON; `from_plain` gives the same digits back."""
    rest = {"a": found.a, "x": found.x, "described": found.described}
    if isinstance(found.compound, Compound):
        return {"compound": asdict(found.compound), **rest}
    general = found.compound
    arrays = {name: np.asarray(value).tolist() for name, value in vars(general.crystal).items()}
    return {"formula": general.formula, "space_group": general.space_group, "crystal": arrays, **rest}


def from_plain(plain: dict[str, Any]) -> Uploaded:
    """What `to_plain` wrote."""
    compound: Compound | GeneralCrystal
    if "compound" in plain:
        compound = Compound(**(plain["compound"] | {"notes": tuple(plain["compound"]["notes"])}))
    else:
        crystal = Crystal(**{name: np.array(values) for name, values in plain["crystal"].items()})
        compound = GeneralCrystal(plain["formula"], crystal, plain["space_group"])
    return Uploaded(compound, plain["a"], plain["x"], plain["described"])


def _main() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = to_plain(read_upload(sys.stdin.buffer.read().decode()))
    except StructureError as error:
        answer = {"error": str(error)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    _main()
