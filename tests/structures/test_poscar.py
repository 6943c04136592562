"""POSCAR files: where the elements are said, and that a header alone makes nothing large."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from compute.structures import poscar
from compute.structures.sites import StructureError

FREE = [f"{site} T T T" for site in ("0.5 0.5 0.5", "0 0 0", "0.5 0 0", "0 0.5 0", "0 0 0.5")]
SITES = ["0.5 0.5 0.5", "0 0 0", "0.5 0 0", "0 0.5 0", "0 0 0.5"]


def text(
    comment: str = "a comment",
    symbols: str | None = "Cs Pb Br",
    counts: str = "1 1 3",
    scale: str = "1.0",
    lattice: tuple[str, ...] = ("5.95 0 0", "0 5.95 0", "0 0 5.95"),
    mode: tuple[str, ...] = ("Direct",),
    sites: list[str] | None = None,
    after: str = "",
) -> str:
    above = [] if symbols is None else [symbols]
    return "\n".join([comment, scale, *lattice, *above, counts, *mode, *(sites or SITES), after])


@pytest.mark.parametrize(
    "content",
    [
        text(),
        text(symbols="Cs_sv/a4b123456789 Pb_d/a60ddf36e000 Br/0fc7481fb069"),
        text(symbols="Cs_sv Pb_d Br"),
        text(counts="1 1 3 ! caesium first"),
        text(mode=("Selective dynamics", "Direct"), sites=[f"{site} T T F" for site in SITES]),
        text(comment="CsPbBr3", symbols=None, mode=("Selective dynamics", "Direct"), sites=FREE),
        text(sites=[f"{site} {symbol}" for site, symbol in zip(SITES, ("Cs", "Pb1", "Br", "Br_1", "Br"), strict=True)]),
        text(sites=[f"{site} F F T" for site in SITES]),
        text(sites=[f"{site} a note" for site in SITES]),
        text(scale="-210.644875"),
        text(scale="5.95", lattice=("1 0 0", "0 1 0", "0 0 1")),
        text(scale="1.0 1.0 1.0"),
        text(scale="1.0   scaling factor"),
        text(scale="1.0D0", lattice=("5.95D0 0 0", "0 595.d-2 0", "0 0 0.595D+01 c")),
        text(sites=[site.replace("0.5", "5D-1") for site in SITES]),
        text(symbols="CS PB BR"),
        text(symbols="cs pb br"),
        text(mode=("",)),
        text(mode=("Selective dynamics", "Direct")),
        text(after="\n0 0 0\n0 0 0\nnot velocities"),
        text(comment="CsPbBr3", symbols=None),
        text(comment=" Cs Pb Br3 ", symbols=None),
        text(comment="Cs1Pb1Br3", symbols=None),
        text(symbols="Cs Pb Br Br", counts="1 1 2 1"),
    ],
)  # fmt: skip
def test_the_same_crystal_in_many_hands(content):
    atoms = poscar.read(content)
    assert atoms.get_chemical_formula() == "Br3CsPb"
    assert atoms.cell.lengths() == pytest.approx([5.95] * 3)
    assert np.allclose(atoms.get_scaled_positions(), [[float(x) for x in site.split()] for site in SITES])


def test_a_comment_may_be_a_formula_of_which_the_cell_holds_several():
    atoms = poscar.read(text(comment="CsPbBr3", symbols=None, counts="2 2 6", sites=[*SITES, *SITES]))
    assert atoms.get_chemical_formula() == "Br6Cs2Pb2"


@pytest.mark.parametrize(
    ("comment", "counts"),
    [
        ("CsPbBr3", "3 1 1"),
        ("Cs Pb Br", "1 1 3"),
        ("As made In batch B", "1 1 3"),
        ("CsPbBr3 relaxed", "1 1 3"),
        ("", "1 1 3"),
        ("CsPbBr3", "5"),
        ("CsPbQq3", "1 1 3"),
        ("Cs0Pb1Br3", "1 1 3"),
        ("PbCsBr3", "2 1 2"),
    ],
)
def test_elements_are_not_guessed_from_a_comment(comment, counts):
    with pytest.raises(StructureError, match="no line of element symbols"):
        poscar.read(text(comment=comment, symbols=None, counts=counts))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "ends after 0 lines"),
        ("CsPbBr3\n1.0\n5.95 0 0\n", "ends after 3 lines"),
        (text(symbols="Cs Pb r"), "“r” is not an element"),
        (text(symbols="Cs Pb"), "2 element symbols, but 3 numbers"),
        (text(counts="one one three"), "no numbers of atoms"),
        (text(counts="1 1 -3"), "no numbers of atoms"),
        (text(counts="0 0 0"), "0 atoms"),
        (text(scale="large"), "“large” is no line of its cell"),
        (text(lattice=("5.95 0", "0 5.95 0", "0 0 5.95")), "“5.95 0” is no line of its cell"),
        (text(sites=SITES[:3]), "after 3 of its 5 positions"),
        (text(sites=[*SITES[:4], "0 0 zero"]), "cannot be read"),
        (text(scale="0"), "“0” is no line of its cell"),
        (
            text(sites=[f"{SITES[0]} Cs", f"{SITES[1]} Sn", *SITES[2:]]),
            "Position 2 is one of Pb .* but Sn stands behind",
        ),
        (text(mode=("Selective dynamics", "Direct"), sites=[f"{site} T F T Br" for site in SITES]), "but Br stands"),
        (text(sites=["0.5-0.5-0.5", *SITES[1:]]), "position 1, “0.5-0.5-0.5”, is not three numbers"),
        (text(sites=[*SITES[:2], "0.5 ******** 0", *SITES[3:]]), r"position 3, “0.5 \*{8} 0”"),
        (text(sites=[site.replace(".", ",") for site in SITES]), "position 1, “0,5 0,5 0,5”"),
        (text(lattice=("5.95 0.0-0.1", "0 5.95 0", "0 0 5.95")), "“5.95 0.0-0.1” is no line of its cell"),
        (text(mode=(), sites=[*SITES, SITES[0]]), "no line says Direct or Cartesian"),
        (
            text(mode=("Direct configuration=   1",), after="\n".join(["Direct configuration=   2", *SITES])),
            "2 configurations, as an XDATCAR",
        ),
        (text(scale="1 1 -1"), "scaling factors must be positive[.]$"),
    ],
)
def test_what_is_no_poscar_is_refused_with_a_sentence(content, says):
    with pytest.raises(StructureError, match=says) as error:
        poscar.read(content)
    assert "\n" not in str(error.value)


def test_deuterium_is_hydrogen_and_remembered():
    atoms = poscar.read(text(symbols="Cs Pb D"))
    assert atoms.get_chemical_formula() == "H3CsPb"
    assert atoms.info["isotopes"]
    assert not poscar.read(text()).info["isotopes"]


@pytest.mark.parametrize("counts", ["1 150000000", "150000000", "99999999999999999999 1", "1 399"])
def test_a_header_makes_nothing_in_the_size_that_it_states(counts):
    content = text(comment="CsBr", symbols="Cs Br" if " " in counts else "Cs", counts=counts)
    tracemalloc.start()
    with pytest.raises(StructureError):
        poscar.read(content, 400)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
