"""The columns of the tables on what others stored: DFT's phonons, and a wider field of potentials."""

from __future__ import annotations

import pyarrow as pa

from compute.tables.columns import BOOL, COMPOUND, INT, POTENTIAL, REAL, REASON, STATUS, STR, SUITE, field

_SINGLE = pa.list_(pa.float32())


def hessian_errors() -> list[pa.Field]:
    """What the error of the force constants does, where DFT's are known in the same supercell."""
    thirds = [
        field(f"omega_{what}_{third}_thz", REAL, f"{text} over the {third} third of DFT's modes on that mesh", "THz")
        for third in ("soft", "middle", "hard")
        for what, text in (("rmse", "RMSE of ω"), ("bias", "mean of ω(potential) − ω(DFT)"))
    ]
    return [
        field("slope_constants", REAL, "softening slope of force constants; below 1 the potential is too soft"),
        field("sigma_hessian", REAL, "σ of DFT's harmonic crystal held against the potential's force constants"),
        field("sigma_hessian_reason", STR, "why there is no sigma_hessian"),
        field("hessian_amplification", REAL, "sigma_hessian over constants_error"),
        *thirds,
        field("soft_overlap", REAL, "overlap of DFT's softest modes with the potential's modes most like them, 0 to 1"),
        field("soft_shift_thz", REAL, "ω of those modes of the potential less DFT's", "THz"),
    ]


STORED_RESULTS: dict[str, pa.Schema] = {
    "reference_phonons": pa.schema(
        [
            SUITE,
            COMPOUND,
            field("cell", pa.list_(REAL), "DFT's unit cell (3, 3), a row per vector", "Å", required=True),
            field("numbers", pa.list_(INT), "atomic number of each of its n atoms", required=True),
            field("positions", pa.list_(REAL), "their positions (n, 3), in units of the cell", required=True),
            field("supercell_matrix", pa.list_(INT), "(3, 3), as phonopy defines it", required=True),
            field("primitive_matrix", pa.list_(REAL), "(3, 3), as phonopy defines it", required=True),
            field("symprec", REAL, "tolerance of the symmetry", "Å", required=True),
            field("displaced_atoms", pa.list_(INT), "atom moved in each displaced supercell", required=True),
            field("displacements", pa.list_(REAL), "by how much, (k, 3)", "Å", required=True),
            field("rows", pa.list_(INT), "the m atoms of the supercell that no symmetry relates", required=True),
            field(
                "constants",
                _SINGLE,
                "their rows (m, N, 3, 3) of DFT's symmetrised Φ in phonopy's order; symmetry gives the rest",
                "eV/Å²",
                required=True,
            ),
        ]
    ),
    "mode_pairs": pa.schema(
        [
            SUITE,
            COMPOUND,
            POTENTIAL,
            field("symbols", pa.list_(STR), "element of each of the n atoms of the primitive cell", required=True),
            *(
                column
                for side, whose in (("", "potential"), ("dft_", "DFT"))
                for column in (
                    field(f"{side}lattice", pa.list_(REAL), f"cell of the {whose} (3, 3)", "Å", required=True),
                    field(f"{side}positions", pa.list_(REAL), "its n atoms, in units of the cell", required=True),
                )
            ),
            field(
                "q", pa.list_(REAL), "k points (k, 3), primitive coordinates: DFT's softest mode first", required=True
            ),
            field("omegas", _SINGLE, "every ω of the potential (k, 3n); imaginary as negative", "THz", required=True),
            field("dft_omegas", _SINGLE, "every ω of DFT (k, 3n)", "THz", required=True),
            field("n_modes", INT, "b: of the potential's modes the b softest at each q are kept", required=True),
            field("overlap", _SINGLE, "of each (k, b), |⟨DFT|potential⟩| with DFT's mode most like it", required=True),
            field("dft_branch", pa.list_(INT), "number of that mode of DFT (k, b), from 1", required=True),
            field(
                "dft_degeneracy", pa.list_(INT), "DFT's modes of one ω that it is a mixture of (k, b)", required=True
            ),
            field(
                "pattern", _SINGLE, "displacements (k, b, n, 3, 2), real and imaginary; largest atom: 1", required=True
            ),
            field("dft_pattern", _SINGLE, "the same of DFT's mode", required=True),
        ]
    ),
    "wider_field": pa.schema(
        [
            SUITE,
            COMPOUND,
            field("formula", STR, "chemical formula", required=True),
            field("entry", STR, "dft, or the potential as the source names it", required=True),
            field("name", STR, "name for people", required=True),
            field("mace", BOOL, "whether it is a MACE model by its name", required=True),
            field("omega_quantiles", _SINGLE, "17 quantiles of ω from lowest to highest, in even steps", "THz"),
            field("omega_rmse_thz", REAL, "RMSE of the quantiles against DFT's", "THz"),
            field("omega_bias_thz", REAL, "mean of quantile(potential) − quantile(DFT)", "THz"),
            field("imaginary", BOOL, "whether the source found an imaginary mode"),
            field("kappa", REAL, "thermal conductivity at 300 K", "W/(m·K)"),
            field("srme", REAL, "symmetric relative mean error of the conductivity; 2 where the source censors it"),
            STATUS,
            REASON,
        ]
    ),
}
