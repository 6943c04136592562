"""Stored results of others: what their readers give, and broken files refused by name."""

from __future__ import annotations

import csv
import gzip
import json

import numpy as np
import pytest

from compute.references import alexandria50, ffonons, kappa103
from compute.references.checks import SourceError


def alexandria(**changes) -> dict[str, np.ndarray]:
    """The arrays of one file: rocksalt NaCl in 2×1×1 cells, two displacements."""
    rng = np.random.default_rng(0)
    scaled = np.array([[0, 0, 0], [0.5, 0.5, 0.5]])
    arrays = {
        "cell": 2.8 * (np.ones((3, 3)) - np.eye(3)),
        "symbols": np.array(["Na", "Cl"]),
        "scaled": scaled,
        "supercell_matrix": np.diag([2, 1, 1]),
        "primitive_matrix": np.eye(3),
        "super_scaled": np.vstack([scaled * [0.5, 1, 1], scaled * [0.5, 1, 1] + [0.5, 0, 0]]),
        "disp_atom": np.array([0, 2]),
        "disp": np.array([[0.01, 0, 0], [0, 0, -0.01]]),
        **{f"{method}_forces": rng.normal(size=(2, 4, 3)) for method in ("dft", *alexandria50.POTENTIALS.values())},
    }
    return {**arrays, **changes}


def saved(path, arrays):
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


def test_a_material_with_forces_of_dft_and_six_potentials(tmp_path):
    arrays = alexandria()
    material = alexandria50.read(saved(tmp_path / "mp-1.npz", arrays))
    assert (material.id, material.formula) == ("mp-1", "NaCl")
    assert material.dft.numbers.tolist() == [11, 17]
    assert np.array_equal(material.dft.forces, arrays["dft_forces"])
    # The source's 0a is what the others call MACE-MP-0.
    assert np.array_equal(material.potentials["mace-mp-0-medium"].forces, arrays["mace-mp-0a-medium_forces"])
    assert len(material.potentials) == 6


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"disp": None}, "mp-1.npz: missing disp"),
        ({"mace-mpa-0-medium_forces": None}, "missing mace-mpa-0-medium_forces"),
        ({"symbols": np.array(["Na", "Xx"])}, "Xx, which is no element"),
        ({"dft_forces": np.zeros((2, 3, 3))}, r"dft_forces has shape \(2, 3, 3\)"),
        ({"mace-omat-0-medium_forces": np.full((2, 4, 3), np.nan)}, "mace-omat-0-medium_forces holds values"),
        ({"disp": np.array([[1.0, 0, 0], [0, 0, 1.0]])}, "displacements are up to 1 long"),
        ({"disp_atom": np.array([0, 4])}, "displaced atom 4 of a supercell of 4 atoms"),
    ],
)
def test_a_broken_file_of_forces_is_refused_by_name(tmp_path, changes, words):
    with pytest.raises(SourceError, match=words):
        alexandria50.read(saved(tmp_path / "mp-1.npz", alexandria(**changes)))


def bands(method: str, shift: float = 0.0, **changes) -> dict[str, np.ndarray]:
    entry = f"mp-1-Na1Cl1-{method}"
    values = {
        "bands_thz": np.arange(18.0).reshape(6, 3)[::-1] + shift,
        "qpoints": np.array([[0, 0, 0], [0.1, 0, 0], [0.2, 0, 0]]),
        "lattice": np.eye(3),
        "symbols": np.array(["Na", "Cl"]),
        **changes,
    }
    return {f"{entry}|{key}": value for key, value in values.items() if value is not None}


def test_bands_ascend_and_know_their_material(tmp_path):
    alone = {name.replace("mp-1-Na1Cl1", "mp-2-Si2"): value for name, value in bands("mp").items()}
    path = saved(tmp_path / "bands.npz", {**bands("mp"), **bands("mace-y7uhwpje", -1), **alone})
    (material,) = ffonons.mp64(path)
    assert (material.id, material.formula, list(material.potentials)) == ("mp-1", "NaCl", ["mace-mp-0-medium"])
    assert material.dft.omega[0].tolist() == [0, 3, 6, 9, 12, 15]
    assert np.allclose(material.potentials["mace-mp-0-medium"].omega, material.dft.omega - 1)
    assert ffonons.without_potentials(path) == 1


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({**bands("mp"), **bands("orb")}, "mp-1-Na1Cl1-orb names no material and method"),
        (bands("chgnet-v0.3.0"), "has no bands of mp"),
        (bands("mp", lattice=None), "mp-1-Na1Cl1-mp lacks lattice"),
        (bands("mp", bands_thz=np.zeros((3, 3))), r"bands of shape \(3, 3\), not \(6, 3\)"),
        (bands("mp", bands_thz=np.full((6, 3), np.nan)), "not finite"),
    ],
)
def test_broken_bands_are_refused_by_name(tmp_path, arrays, words):
    with pytest.raises(SourceError, match=words):
        ffonons.mp64(saved(tmp_path / "bands.npz", arrays))


EXTREMES = [
    {"material_id": "mp-1", "model": "pbe", "min_freq_thz": "-0.1", "max_freq_thz": "9"},
    {"material_id": "mp-1", "model": "m3gnet", "min_freq_thz": "-0.4", "max_freq_thz": "8"},
    {"material_id": "mp-2", "model": "pbe", "min_freq_thz": "0", "max_freq_thz": "7"},
]


def table(path, rows):
    rows = [{"formula": "Na1 Cl1", "n_sites": "2", "supercell": "2, 2, 2", **row} for row in rows]
    with gzip.open(path, "wt", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_extremes_of_those_that_a_potential_has_and_of_all(tmp_path):
    path = table(tmp_path / "summary.csv.gz", EXTREMES)
    (material,) = ffonons.phonondb(path)
    assert (material.id, material.formula, material.dft.low) == ("mp-1", "NaCl", -0.1)
    assert material.potentials["m3gnet"] == ffonons.Extremes(-0.4, 8.0, "2, 2, 2")
    assert [each.id for each in ffonons.phonondb_dft(path)] == ["mp-1", "mp-2"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"min_freq_thz": "soft"}, r"line 3 \(mp-1, m3gnet\): min_freq_thz: “soft” is not a number"),
        ({"max_freq_thz": "4e5"}, "4e5 is not a frequency in THz"),
        ({"min_freq_thz": "8.5"}, "the lowest ω, 8.5, lies above the highest, 8"),
        ({"model": "other"}, "other is no method"),
        ({"model": "pbe"}, "duplicate of"),
        ({"material_id": "mp-9"}, "mp-9 has no row of pbe"),
        ({"formula": "Na1 ?"}, "no formula"),
    ],
)
def test_a_broken_table_of_extremes_is_refused_by_name(tmp_path, change, words):
    rows = [EXTREMES[0], {**EXTREMES[1], **change}]
    with pytest.raises(SourceError, match=words):
        ffonons.phonondb(table(tmp_path / "summary.csv.gz", rows))


QUANTILES = np.linspace(0, 8, kappa103.QUANTILES)


def field(**changes) -> list[dict]:
    """Two materials and two potentials; the second potential lacks the first material."""
    base = {
        "material_ids": ["mp-1", "mp-2"],
        "formulas": ["SrO", "NaF"],
        "spg_nums": [225, 225],
        "kappa_dft": [9.0, 20.0],
    }
    both = [*QUANTILES, *(2 * QUANTILES)]
    one = {
        "key": "mace-mp-0", "label": "MACE-MP-0", "kappa_ml": [8.0, None], "srme": [0.1, 2.0],
        "imag_modes": [False, True], "broken_sym": [False, False],
        "freq_pairs": {"dft": both, "ml": [x - 0.5 for x in both]},
    }  # fmt: skip
    other = {
        **one, "key": "other", "kappa_ml": [None, 19.0], "srme": [2.0, 0.2], "imag_modes": [None, False],
        "freq_pairs": {"dft": both[kappa103.QUANTILES :], "ml": both[: kappa103.QUANTILES]}, **changes,
    }  # fmt: skip
    return [{"_base": base}, one, other]


def lines(path, objects):
    path.write_text("\n".join(json.dumps(each) for each in objects))
    return path


def test_a_wider_field_knows_which_material_a_potential_lacks(tmp_path):
    found = kappa103.read(lines(tmp_path / "field.jsonl", field()))
    assert [material.id for material in found.materials] == ["mp-1", "mp-2"]
    first, second = found.results["other"]
    assert first.omega is None
    assert first.imaginary is None
    assert np.allclose(second.omega, QUANTILES)
    assert np.allclose(found.materials[1].omega, 2 * QUANTILES)
    assert found.labels == {"mace-mp-0": "MACE-MP-0", "other": "MACE-MP-0"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"srme": [0.1]}, r"line 3 \(other\): srme has 1, expected 2"),
        ({"freq_pairs": {"dft": [1.0], "ml": [1.0]}}, "dft has 1, expected 17"),
        ({"freq_pairs": {"dft": list(QUANTILES), "ml": list(QUANTILES)}}, "of mp-2 are not those of another"),
        ({"freq_pairs": {"dft": list(2 * QUANTILES), "ml": ["x"] * 17}}, "freq_pairs.ml holds what is no number"),
        ({"key": "mace-mp-0"}, "line 3: a second potential mace-mp-0"),
    ],
)
def test_a_broken_wider_field_is_refused_by_name(tmp_path, changes, words):
    with pytest.raises(SourceError, match=words):
        kappa103.read(lines(tmp_path / "field.jsonl", field(**changes)))


def test_files_that_are_something_else_are_refused(tmp_path):
    text = tmp_path / "text"
    text.write_text("hello")
    for read in (kappa103.read, ffonons.mp64, ffonons.phonondb):
        for path in (text, tmp_path / "nothing"):
            with pytest.raises(SourceError, match=path.name):
                read(path)
    with pytest.raises(SourceError, match="not a folder of npz files"):
        alexandria50.files(tmp_path)
