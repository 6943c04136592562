"""What a vasprun.xml says of its forces: functional, U, dispersion, thermostat, convergence, learned forces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from compute.references.readers import read
from compute.structures.frames import Frames, FramesError
from tests.support.frames_files import STEPS, as_vasp, truth, write_ideal, write_vasprun

FEW = 3


def frames(folder: Path, settings: dict[str, str] | None = None, change=None, **more) -> Frames:
    """Three steps of a run with these parameters, read; `change` is done to the text of the file before."""
    file = folder / "vasprun.xml"
    write_vasprun(file, truth().atoms()[:FEW], truth().forces[:FEW], settings, **more)
    if change is not None:
        file.write_text(change(file.read_text(encoding="latin-1")), encoding="latin-1")
    return read(file, ideal=write_ideal(folder / "SPOSCAR"))


POTCARS = {"Sr": "PAW_PBE Sr_sv 07Sep2000", "Ti": "PAW_PBE Ti_pv 07Sep2000", "O": "PAW_PBE O 08Apr2002"}
U = {"LDAU": "T", "LDAUTYPE": "2"}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "PBE, VASP 6.3.2, 500 eV"),
        ({"GGA": "PS"}, "PBEsol, VASP 6.3.2, 500 eV"),
        ({"METAGGA": "R2SCAN"}, "R2SCAN, VASP 6.3.2, 500 eV"),
        ({"METAGGA": "--"}, "PBE, VASP 6.3.2, 500 eV"),
        ({"METAGGA": "NONE"}, "PBE, VASP 6.3.2, 500 eV"),
        ({"LHFCALC": "T"}, "hybrid of PBE, VASP 6.3.2, 500 eV"),
        (
            {"LHFCALC": "T", "AEXX": "0.25", "HFSCREEN": "0.2"},
            "hybrid of PBE (AEXX = 0.25, HFSCREEN = 0.2), VASP 6.3.2, 500 eV",
        ),
        ({"IVDW": "12"}, "PBE, D3(BJ) (IVDW = 12), VASP 6.3.2, 500 eV"),
        ({"IVDW": "11"}, "PBE, D3 (IVDW = 11), VASP 6.3.2, 500 eV"),
        ({"IVDW": "77"}, "PBE, IVDW = 77, VASP 6.3.2, 500 eV"),
        ({"LVDW": ".TRUE."}, "PBE, D2 (LVDW), VASP 6.3.2, 500 eV"),
        ({"LUSE_VDW": "T", "GGA": "BO"}, "optB88-vdW (nonlocal van der Waals correlation, LUSE_VDW), VASP"),
        ({"LUSE_VDW": "T", "METAGGA": "SCAN"}, "SCAN (nonlocal van der Waals correlation, LUSE_VDW), VASP"),
        ({"LUSE_VDW": "F"}, "PBE, VASP"),
        (U, "PBE + U, VASP"),
        ({"LDAU": ".FALSE."}, "PBE, VASP"),
        (U | {"LDAUU": "0.0 4.0 0.0", "LDAUJ": "0 0 0"}, "PBE + U (Ti: U = 4 eV), VASP"),
        (U | {"LDAUU": "0.0 4.0 1.5", "LDAUJ": "0 0.5 0"}, "PBE + U (Ti: U = 4 eV, J = 0.5 eV; O: U = 1.5 eV), VASP"),
        ({"LSORBIT": "T"}, "PBE, spin–orbit coupling, VASP"),
        ({"GGA": "--"}, "PBE, VASP"),
        ({"ENMAX": "********"}, "PBE, VASP 6.3.2"),
    ],
)
def test_the_method_is_what_the_run_states(settings, says, tmp_path):
    assert frames(tmp_path, settings, potcars=POTCARS).method.startswith(says)


def test_tags_of_the_incar_alone_are_read_too(tmp_path):
    assert frames(tmp_path, incar={"LDAU": "T"}).method.startswith("PBE + U")
    assert frames(tmp_path, incar={"LSORBIT": ".TRUE."}).method.startswith("PBE, spin–orbit")


def test_a_functional_that_nothing_states_is_not_invented(tmp_path):
    assert frames(tmp_path, {"GGA": "--"}).method.startswith("functional not stated, VASP")


def test_padded_names_are_the_same_names(tmp_path):
    """VASP 6.4.3 pads the names of some parameters with blanks."""
    padded = {"GGA    ": "PS", "MDALGO ": "3", "TEBEG  ": "450", "TEEND  ": "450", "LSORBIT ": "T"}
    found = frames(tmp_path, padded, lambda text: text.replace('<i name="GGA">PE</i>', ""))
    assert found.method.startswith("PBEsol, spin–orbit")
    assert "Langevin" in found.sampler
    assert found.temperature == 450


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"MDALGO": "0", "SMASS": "-3"}, "AIMD, NVE, 2 fs"),
        ({"MDALGO": "0", "SMASS": "0"}, "AIMD, Nosé thermostat, 2 fs"),
        ({"MDALGO": "0", "SMASS": "-1"}, "AIMD, velocities rescaled, 2 fs"),
        ({"MDALGO": "11"}, "AIMD, metadynamics with the Andersen thermostat, 2 fs"),
        ({"MDALGO": "4"}, "AIMD, Nosé–Hoover chains, 2 fs"),
        ({"MDALGO": "5"}, "AIMD, CSVR thermostat, 2 fs"),
        ({"IBRION": "2"}, "VASP with IBRION = 2, not molecular dynamics"),
        ({"POTIM": "*****"}, "AIMD, Andersen thermostat"),
    ],
)
def test_the_sampler_is_what_the_run_states(settings, says, tmp_path):
    assert frames(tmp_path, settings).sampler == says


# Forces that are not those of converged DFT.


@pytest.mark.parametrize(
    "given",
    [
        {"incar": {"ML_LMLFF": "T", "ML_MODE": "run"}},
        {"incar": {"ML_LMLFF": ".TRUE.", "ML_MODE": "TRAIN"}},
        {"settings": {"ML_LMLFF": "T", "ML_ISTART": "2"}},
        {"settings": {"ML_LMLFF ": " T "}},
    ],
)
def test_learned_forces_are_not_taken_for_those_of_dft(given, tmp_path):
    with pytest.raises(FramesError, match=r"vasprun\.xml ran with a machine-learned force field"):
        frames(tmp_path, given.get("settings"), incar=given.get("incar"))


def test_a_run_that_names_the_tag_but_learns_nothing_is_dft(tmp_path):
    assert len(frames(tmp_path, {"ML_LMLFF": "F"})) == FEW


@pytest.mark.parametrize(
    ("counts", "nelm", "says"),
    [
        ([60, 12, 60], "60", "2 of 3 steps ended at NELM = 60"),
        ([60, 12, 13], None, "1 of 3 steps ended at NELM = 60"),
        ([60, 59, 13], "100", None),
        ([1, 1, 1], "1", None),
        ([0, 0, 0], "60", None),
    ],
)
def test_steps_that_ended_at_nelm_are_counted(counts, nelm, says, tmp_path):
    found = frames(tmp_path, None if nelm is None else {"NELM": nelm}, electronic_steps=counts)
    notes = [note for note in found.notes if "NELM" in note]
    assert [says in note for note in notes] == ([True] if says else [])


def test_files_with_other_settings_are_not_one_run(tmp_path):
    given = as_vasp(tmp_path)
    steps = truth().atoms()[STEPS // 2 :]
    write_vasprun(tmp_path / "MD" / "vasprun_prod_10.xml", steps, truth().forces[STEPS // 2 :], {"GGA": "PS"})
    with pytest.raises(FramesError, match=r"not of one run .*_10\.xml: PBEsol, .*_2\.xml: PBE, "):
        read(**given)


# What Fortran makes of symbols and numbers.


@pytest.mark.parametrize(("written", "potcars"), [("r ", None), ("r ", {"r": "PAW_PBE Zr_sv 04Jan2005"})])
def test_zirconium_written_r_is_zirconium(written, potcars, tmp_path):
    file = tmp_path / "vasprun.xml"
    ideal = truth().ideal_atoms()
    steps = truth().atoms()[:FEW]
    for atoms in (ideal, *steps):
        atoms.symbols[atoms.numbers == 22] = "Zr"
    write_vasprun(file, steps, truth().forces[:FEW], potcars=potcars)
    file.write_text(file.read_text(encoding="latin-1").replace("<c>Zr</c>", f"<c>{written}</c>"), encoding="latin-1")
    from ase.io.vasp import write_vasp

    write_vasp(tmp_path / "SPOSCAR", ideal, direct=True)
    found = read(file, ideal=tmp_path / "SPOSCAR")
    assert found.symbols.count("Zr") == 8
    assert any("writes r for Zr" in note for note in found.notes)


def test_asterisks_are_named_and_an_energy_may_be_one(tmp_path):
    def stars(tag: str, old: str):
        return lambda text: text.replace(f"{tag}{old}", f"{tag}{'*' * len(old)}", 1)

    force = f" {truth().forces[0, 0, 0]:.12f}"
    with pytest.raises(FramesError, match="step 1: the forces are not numbers: asterisks"):
        frames(tmp_path, change=stars('<varray name="forces">\n<v>', force))
    energy = "<energy><i name='e_fr_energy'>"
    found = frames(tmp_path, change=stars(energy, "-2.00000000"))
    assert len(found) == FEW
    assert found.energies is None
    assert np.allclose(found.forces, truth().forces[:FEW])
