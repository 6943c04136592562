"""Uploaded structures: what is recognised, what is refused with a sentence, and what is computed of them."""

import io
import json

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write
from hypothesis import given, settings
from hypothesis import strategies as st

from compute import tables
from compute.jobs import calculation
from compute.jobs.request import task_of
from compute.jobs.service import JobRequest
from compute.protocols import HARMONIC_PROTOCOLS
from compute.settings import frames_directory
from compute.stages.harmonic import harmonic
from compute.structures.compounds import identify
from compute.structures.sites import Crystal
from compute.structures.uploaded import GeneralCrystal, StructureError, read_upload
from compute.suites import UPLOAD
from tests.support.pair_potential import RADII, PairPotential

TITANATE = identify("SrTiO3", "abx3").structure(3.95)
ELPASOLITE = identify("Cs2AgBiBr6", "hdp", ["Cs2AgBiBr6"])
PAIRS = PairPotential({**RADII, "Na": 1.1, "Cl": 1.7})


def text_of(atoms: Atoms, kind: str = "vasp") -> str:
    stream = io.BytesIO() if kind == "cif" else io.StringIO()
    write(stream, atoms, format=kind)
    value = stream.getvalue()
    return value.decode() if isinstance(value, bytes) else value


def rattled(atoms: Atoms) -> Atoms:
    """The same with every atom moved a little, which leaves no symmetry."""
    moved = atoms.copy()
    moved.rattle(0.05, seed=1)
    return moved


@pytest.mark.parametrize("kind", ["vasp", "cif"])
def test_a_perovskite_is_recognised_whatever_its_cell(kind):
    shifted = TITANATE.repeat(2)
    shifted.translate([0.3, 0.4, 0.5])
    for atoms in (TITANATE, shifted):
        found = read_upload(text_of(atoms, kind))
        assert (found.compound.suite, found.compound.sites) == ("abx3", {"A": "Sr", "B": "Ti", "X": "O"})
        assert found.a == pytest.approx(3.95, abs=1e-5)


def test_the_sites_are_those_of_the_file_not_of_the_formula():
    inverted = TITANATE.copy()
    inverted.symbols = ["Ti", "Sr", "O", "O", "O"]
    assert read_upload(text_of(inverted)).compound.sites == {"A": "Ti", "B": "Sr", "X": "O"}


@pytest.mark.parametrize("kind", ["vasp", "cif"])
def test_an_elpasolite_is_recognised_with_its_anion_coordinate(kind):
    found = read_upload(text_of(ELPASOLITE.structure(11.25, 0.2513), kind))
    assert found.compound.sites == ELPASOLITE.sites
    assert (found.a, found.x) == (pytest.approx(11.25, abs=1e-4), pytest.approx(0.2513, abs=1e-4))


@pytest.mark.parametrize(
    ("atoms", "formula", "number"),
    [
        (bulk("NaCl", "rocksalt", 5.6, cubic=True), "NaCl", 225),
        (rattled(TITANATE), "SrTiO3", 1),
        (Atoms("SrTiO3", cell=[4, 4, 4.2], scaled_positions=TITANATE.get_scaled_positions(), pbc=True), "SrTiO3", 123),
    ],
    ids=["rocksalt", "no symmetry", "tetragonal"],
)
def test_any_other_crystal_is_taken_as_it_is(atoms, formula, number):
    found = read_upload(text_of(atoms))
    assert isinstance(found.compound, GeneralCrystal)
    assert (found.compound.suite, found.a, found.compound.formula) == (UPLOAD, None, formula)
    assert f"({number})" in found.described


def test_the_count_is_that_of_the_primitive_cell():
    """Five cells of a face-centred one in a row, and 320 atoms of a cubic one: 10 and 5 atoms."""
    assert read_upload(text_of(ELPASOLITE.structure(11.25, 0.25).repeat((1, 1, 5)))).compound.formula == "Cs2AgBiBr6"
    assert read_upload(text_of(TITANATE.repeat(4))).compound.formula == "SrTiO3"


def test_a_file_may_begin_with_a_byte_order_mark_and_end_its_lines_as_it_likes():
    for kind in ("vasp", "cif"):
        content = "\ufeff" + text_of(TITANATE, kind).replace("\n", "\r\n")
        assert read_upload(content).compound.formula == "SrTiO3"


HALF = """data_x
_cell_length_a 4
_cell_length_b 4
_cell_length_c 4
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
loop_
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Pb 0 0 0 0.5
Sn 0 0 0 0.5
"""


def test_the_mass_of_deuterium_is_said():
    light = text_of(Atoms("KH", cell=[2.85] * 3, scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], pbc=True))
    heavy = read_upload(light.replace("H", "D")).described
    assert heavy == read_upload(light).described + "; isotopes of hydrogen are given the mass of hydrogen"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "cannot be read"),
        ("data_x\nloop_", "no CIF that can be read: line 2"),
        (text_of(TITANATE).replace("Sr", "Qq"), "cannot be read"),
        (text_of(rattled(TITANATE.repeat((3, 3, 1)))), "primitive cell has 45 atoms"),
        (text_of(TITANATE.repeat(5)), "cell has 625 atoms; from 1 to 400"),
        (text_of(TITANATE).replace("3.95", "nan"), "cannot be read|not a finite"),
        (text_of(Atoms("NaCl", positions=[[0, 0, 0], [0, 0, 0.2]], cell=[4] * 3, pbc=True)), "too near"),
        (text_of(Atoms("H2O", positions=[[0, 0, 0], [1, 0, 0], [0, 1, 0]], cell=[20] * 3, pbc=True)), "Å³ per atom"),
        (text_of(bulk("Cu", cubic=True)), "one atom per primitive cell"),
        (text_of(Atoms("CsBr", cell=[0.1, 0.1, 8000], scaled_positions=[[0, 0, 0], [0, 0, 0.5]], pbc=True)), "longer"),
        (text_of(Atoms("CsBr", cell=[0.4, 0.4, 900], scaled_positions=[[0, 0, 0], [0, 0, 0.5]], pbc=True)), "repeats"),
        (text_of(Atoms("CsBr", cell=[[4, 0, 0], [1e12, 4, 0], [0, 0, 4]], positions=np.eye(2, 3), pbc=True)), "longer"),
        (
            text_of(Atoms("CsBr", cell=[1e300, 1e-300, 40], positions=np.eye(2, 3), pbc=True)),
            "longer than 1000 Å|finite",
        ),
        (text_of(TITANATE).replace("0.0", "1e15", 20), "finite|longer|cells away|cannot be read"),
        (text_of(Atoms("CsBr", cell=[1.2, 40, 3], scaled_positions=[[0, 0, 0], [0.5] * 3], pbc=True)), "repeats"),
        (text_of(Atoms("CsBr", cell=[4.3] * 3, scaled_positions=[[0, 0, 0], [0, 0, 0.3]], pbc=True)), "too near"),
        (HALF, "occupied in part"),
    ],
)
def test_what_is_no_crystal_to_compute_is_refused_with_a_sentence(text, says):
    with pytest.raises(StructureError, match=says):
        read_upload(text)


@settings(max_examples=60)
@given(
    st.one_of(
        st.text(max_size=300),
        st.text(max_size=60).map(lambda text: "data_" + text),
        st.lists(st.sampled_from([*text_of(TITANATE).split("\n"), "-1", "0 0 0", "1e400"]), max_size=14).map("\n".join),
        st.tuples(st.integers(0, 600), st.text(max_size=3)).map(
            lambda change: (whole := text_of(TITANATE, "cif"))[: change[0]] + change[1] + whole[change[0] + 1 :]
        ),
    )
)
def test_no_text_is_a_failure_without_a_sentence(text):
    said = ""
    try:
        said = read_upload(text).described
    except StructureError as error:
        said = str(error)
    assert said


def computed(monkeypatch, text: str, **asked) -> dict:
    """The row of an upload, by way of both parts of a job."""
    monkeypatch.setattr("compute.tasks.execute._loaded", lambda *_: PAIRS)
    request = JobRequest(**{"stage": "harmonic", "potential": "chgnet-0.3.0", "structure": text, **asked})
    task = task_of(request, tables.read_manifest(frames_directory() / "nothing"))
    watch = calculation.Watch(None, lambda: False)
    monkeypatch.setattr(calculation.Watch, "report", lambda *_, **__: None)
    first = json.loads(json.dumps(calculation.compute("crystal", task.to_plain(), {}, watch)))
    return calculation.compute("row", task.to_plain(), first, watch) if "crystal" in first else first


def test_an_uploaded_perovskite_gives_the_frequencies_of_its_formula(monkeypatch):
    row = computed(monkeypatch, text_of(TITANATE.repeat(2)))
    wanted = harmonic(identify("SrTiO3", "abx3"), PAIRS, HARMONIC_PROTOCOLS["reference-geometry"], 3.95)
    assert (row["status"], row["suite"], row["compound"]) == ("ok", "abx3", "SrTiO3")
    assert row["omega_min_thz"] == pytest.approx(wanted.omega_min, abs=1e-3)
    assert row["omega_r_thz"] == pytest.approx(wanted.omegas["r"], abs=1e-3)
    assert "no published reference" in row["reason"]
    relaxed = computed(monkeypatch, text_of(TITANATE), protocol="relaxed-geometry")
    assert abs(relaxed["pressure"]) < 1e-5
    assert relaxed["a"] != pytest.approx(3.95, abs=1e-3)


def test_a_general_crystal_gives_the_frequencies_of_the_same_atoms():
    """ω of one crystal, once by its structure type and once as a crystal of no type."""
    general = GeneralCrystal("SrTiO3", Crystal.of(TITANATE), "Pm-3m")
    protocol = HARMONIC_PROTOCOLS["reference-geometry"]
    found = harmonic(general, PAIRS, protocol)
    wanted = harmonic(identify("SrTiO3", "abx3"), PAIRS, protocol, 3.95)
    assert found.omega_min == pytest.approx(wanted.omega_min, abs=1e-6)
    assert found.omegas["gamma"] == pytest.approx(wanted.omegas["gamma"], abs=1e-6)


def test_sigma_of_a_crystal_of_no_suite(monkeypatch):
    rocksalt = bulk("NaCl", "rocksalt", 5.4, cubic=True)
    row = computed(monkeypatch, text_of(rocksalt), stage="sigma", protocol="one-shot", temperature=100)
    assert (row["status"], row["suite"], row["compound"], row["a"]) == ("ok", UPLOAD, "NaCl", None)
    assert 0 < row["sigma"] < 1
    assert not any(key.startswith("sigma_x") for key in row)
    assert np.isfinite(row["sigma_se"])


def test_what_cannot_be_done_is_the_row_of_a_failure(monkeypatch):
    row = computed(monkeypatch, text_of(bulk("NaCl", "rocksalt", 5.4)), protocol="relaxed-geometry")
    assert (row["status"], row["reason"].split(":")[0]) == ("not-read", "Only cubic ABX3 and A2MM'X6 are relaxed here")
    assert computed(monkeypatch, "nonsense")["status"] == "not-read"
