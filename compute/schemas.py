"""The columns of the published tables: one pyarrow schema each, with unit and description as field metadata."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa


def _field(name: str, kind: pa.DataType, text: str, unit: str = "", *, required: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=not required, metadata={"description": text, "unit": unit})


_STR, _INT, _REAL, _BOOL = pa.string(), pa.int64(), pa.float64(), pa.bool_()

_SUITE = _field("suite", _STR, "set of compounds: hdp, abx3 or mp0b3", required=True)
_COMPOUND = _field("compound", _STR, "canonical formula, or material id in mp0b3", required=True)
_POTENTIAL = _field("potential", _STR, "potential as named in the table potentials", required=True)
_RUN = _field("run", _STR, "run as named in the table runs", required=True)
_STATUS = _field("status", _STR, "ok, not-run, or a word for the failure", required=True)
_REASON = _field("reason", _STR, "why the status is not ok, or what could not be compared")


_PLACES = {
    "gamma": "Γ",
    "r": "R (½½½), Pm-3m",
    "m": "M (½½0), Pm-3m",
    "x": "X: (½00) in Pm-3m, (½½0) in primitive coordinates in Fm-3m",
    "l": "L (½00) in primitive coordinates, Fm-3m",
    "min": "any q of the q-set",
}


def _omegas(source: str, acoustic: str) -> list[pa.Field]:
    places = _PLACES | {"gamma": f"Γ, {acoustic}"}
    return [
        _field(f"omega_{key}_thz", _REAL, f"softest mode at {text}; imaginary as negative; {source}", "THz")
        for key, text in places.items()
    ]


def _renormalised() -> list[pa.Field]:
    return [
        field
        for key, text in _PLACES.items()
        for field in (
            _field(f"renormalised_{key}_thz", _REAL, f"softest mode of the effective force constants at {text}", "THz"),
            _field(f"renormalised_{key}_se_thz", _REAL, f"standard error of renormalised_{key}_thz", "THz"),
        )
    ]


_STEPS = ("forces", "hessian", "sampling")
_CORNERS = ("rrr", "rrm", "rmr", "rmm", "mrr", "mrm", "mmr", "mmm")
_INTERACTIONS = (
    "forces_hessian",
    "forces_hessian_given_sampling",
    "forces_sampling",
    "forces_sampling_given_hessian",
    "hessian_sampling",
    "hessian_sampling_given_forces",
)


def _with_se(pattern: str, names: Iterable[str], text: str, unit: str = "") -> list[pa.Field]:
    """Per name a column and one with its standard error."""
    fields = []
    for name in names:
        fields.append(_field(pattern.format(name), _REAL, text.format(name), unit))
        fields.append(_field(f"{pattern.format(name)}_se", _REAL, f"standard error of {pattern.format(name)}", unit))
    return fields


SCHEMAS: dict[str, pa.Schema] = {
    "references": pa.schema(
        [
            _SUITE,
            _COMPOUND,
            _field("formula", _STR, "chemical formula as published", required=True),
            _field("prototype", _STR, "structure type", required=True),
            _field("A", _STR, "element on the A site"),
            _field("B", _STR, "element on the B site (M in A2MM'X6)"),
            _field("Bp", _STR, "element on the B' site (M' in A2MM'X6)"),
            _field("X", _STR, "element on the X site"),
            _field("charge_a", _INT, "charge state on A", "e"),
            _field("charge_b", _INT, "charge state on B", "e"),
            _field("charge_bp", _INT, "charge state on B'", "e"),
            _field("charge_note", _STR, "why the charge states are ambiguous or not assigned; null when unique"),
            _field("octahedral_factor", _REAL, "mean B-site radius over X radius"),
            _field("octahedral_mismatch", _REAL, "half the difference of the B-site radii over X radius"),
            _field("tolerance_factor", _REAL, "Goldschmidt factor, generalised to two B sites"),
            _field("descriptor_source", _STR, "published, or computed from Shannon radii"),
            _field("lattice_constant", _REAL, "cubic lattice constant of the DFT geometry", "Å"),
            _field("formation_energy", _REAL, "relative to elemental crystals; not a hull distance", "eV/atom"),
            *_omegas("DFT", "in abx3 with the acoustic modes, so 0 where none is imaginary"),
            _field("omega_min_mesh_thz", _REAL, "softest mode on an 8x8x8 mesh; only where forces are stored", "THz"),
            _field("sigma", _REAL, "anharmonicity score at 300 K, pooled"),
            _field("sigma_a", _REAL, "σ at 300 K on the A site"),
            _field("sigma_b", _REAL, "σ at 300 K on the B site"),
            _field("sigma_bp", _REAL, "σ at 300 K on the B' site"),
            _field("sigma_x", _REAL, "σ at 300 K on the X site"),
            _field("sigma_third_order", _REAL, "σ at 300 K against force constants to third order"),
            _field("sigma_tdep_22", _REAL, "the source's σ_TDEP^(2,2)"),
            _field("sigma_tdep_24", _REAL, "the source's σ_TDEP^(2,4)"),
            _field("sigma_tdep_34", _REAL, "the source's σ_TDEP^(3,4)"),
            _field("sigma_tdep_44", _REAL, "the source's σ_TDEP^(4,4)"),
            _field("sigma_weighted_frequency_thz", _REAL, "Σ ω_i σ_i / Σ σ_i over band-path modes", "THz"),
            _field("functional", _STR, "exchange-correlation functional and code", required=True),
            _field("doi", _STR, "doi of the source"),
            _field("source", _STR, "where the numbers were published", required=True),
        ]
    ),
    "potentials": pa.schema(
        [
            _POTENTIAL,
            _field("name", _STR, "name for people", required=True),
            _field("family", _STR, "MACE or CHGNet", required=True),
            _field("benchmark", _BOOL, "one of the four models of doi:10.1039/d5cp04693a", required=True),
            _field("training_set", _STR, "data the potential was trained on", required=True),
            _field("training_structures", _INT, "structures in the training set"),
            _field("functional", _STR, "functional of the training data", required=True),
            _field("licence", _STR, "SPDX id or name of the licence of the weights", required=True),
            _field("parameters", _INT, "trainable parameters"),
            _field("checkpoint_sha256", _STR, "sha256 of the checkpoint used; null when never loaded"),
            _field("citation", _STR, "what to cite", required=True),
            _field("doi", _STR, "doi of the citation"),
            _field("source", _STR, "where the weights come from", required=True),
        ]
    ),
    "harmonic": pa.schema(
        [
            _RUN,
            _SUITE,
            _COMPOUND,
            _POTENTIAL,
            _field("protocol", _STR, "named protocol", required=True),
            _field("geometry", _STR, "reference (the DFT cell) or relaxed (with the potential)", required=True),
            _field("a", _REAL, "cubic lattice constant used", "Å"),
            _field("x", _REAL, "anion coordinate in Fm-3m (24e)"),
            _field("relax_steps", _INT, "force calls of the relaxation"),
            _field("max_force", _REAL, "largest force component left in the cell", "eV/Å"),
            _field("pressure", _REAL, "pressure left in the cell", "eV/Å³"),
            *_omegas("potential", "without the three acoustic modes"),
            _field("q_set", _STR, "q points that omega_min_thz was taken over"),
            _field("omega_min_q", _STR, "q point of omega_min_thz, primitive reciprocal coordinates"),
            _field("label", _STR, "harmonic label at tolerance_thz: stable, unstable or undecidable"),
            _field("tolerance_thz", _REAL, "stable when omega_min_thz > −tolerance", "THz"),
            _field("omega_frozen_thz", _REAL, "the softest mode again, from one force call along it", "THz"),
            _field("noise_floor_thz", _REAL, "no |ω| below it is told from zero", "THz"),
            _field("noise_method", _STR, "how the noise floor was found: frozen phonon, or sum rule"),
            _field("asr_residual", _REAL, "largest 2-norm of Σ_j Φ_ij or Σ_i Φ_ij before symmetrisation", "eV/Å²"),
            _field("omega_rmse_thz", _REAL, "RMSE of all modes against DFT on a common q mesh", "THz"),
            _field("omega_mae_thz", _REAL, "mean absolute error of all modes on that mesh", "THz"),
            _field("omega_bias_thz", _REAL, "mean of ω(potential) − ω(DFT) over all modes on that mesh", "THz"),
            _field("omega2_rmse_thz2", _REAL, "RMSE of ω², squares signed, over all modes on that mesh", "THz²"),
            _field("omega_min_mesh_thz", _REAL, "softest mode on that mesh, without the acoustic ones at Γ", "THz"),
            _field("label_mesh", _STR, "harmonic label of omega_min_mesh_thz at tolerance_thz"),
            _field("q_mesh", _STR, "that mesh"),
            _field("speed_rmse_km_s", _REAL, "RMSE of |group velocity| against DFT, modes real in both", "km/s"),
            _field("speed_error", _REAL, "speed_rmse_km_s over the RMS of DFT's"),
            _field("speed_mesh", _STR, "q points of the group velocities"),
            _field("constants_error", _REAL, "relative error of force constants, Frobenius norm"),
            _field("dtype", _STR, "floating-point type of the forces"),
            _field("displacement", _REAL, "finite displacement", "Å"),
            _field("n_displacements", _INT, "inequivalent displacements evaluated"),
            _field("n_atoms", _INT, "atoms in the supercell"),
            _field("seconds", _REAL, "wall time of the calculation", "s"),
            _field("force_seconds", _REAL, "wall time inside force calls", "s"),
            _STATUS,
            _REASON,
        ]
    ),
    "anharmonic": pa.schema(
        [
            _RUN,
            _SUITE,
            _COMPOUND,
            _POTENTIAL,
            _field("protocol", _STR, "named sampling protocol", required=True),
            _field("geometry", _STR, "reference (the DFT cell) or relaxed (with the potential)", required=True),
            _field("a", _REAL, "cubic lattice constant used", "Å"),
            _field("x", _REAL, "anion coordinate in Fm-3m (24e)"),
            _field("temperature", _REAL, "temperature of the bath", "K"),
            _field("sigma", _REAL, "anharmonicity score, pooled over frames, atoms and components"),
            _field("sigma_se", _REAL, "standard error of sigma, from blocks of the replicas"),
            _field("sigma_frame_mean", _REAL, "mean over frames of σ of one frame"),
            _field("sigma_a", _REAL, "σ on the A site"),
            _field("sigma_b", _REAL, "σ on the B site"),
            _field("sigma_bp", _REAL, "σ on the B' site"),
            _field("sigma_x", _REAL, "σ on the X site"),
            _field("label", _STR, "label at threshold: stable, unstable or undecidable (within two sigma_se)"),
            _field("threshold", _REAL, "stable when sigma is below"),
            _field("trace_frames", pa.list_(_INT), "frames of each replica that the running σ is taken over"),
            _field("trace_time_ps", pa.list_(_REAL), "time of the last of them since the start; 0 for samples", "ps"),
            _field("trace_sigma", pa.list_(pa.float32()), "running σ"),
            _field("mode_q", pa.list_(_STR), "star of q of each mode: gamma, r, m, x or l"),
            _field("mode_omega_thz", pa.list_(pa.float32()), "harmonic ω of each mode, ascending per star", "THz"),
            _field("mode_sigma", pa.list_(pa.float32()), "σ of each mode, mean over the star"),
            _field(
                "sigma_weighted_frequency_thz",
                _REAL,
                "Σ ω_i σ_i / Σ σ_i over the optical modes at the commensurate q",
                "THz",
            ),
            *_renormalised(),
            _field("renormalised_min_q", _STR, "q point of renormalised_min_thz, primitive reciprocal coordinates"),
            _field("sigma_effective", _REAL, "σ against the effective force constants: what no Φ describes"),
            _field("renormalised_label", _STR, "label from renormalised_min_thz at tolerance_thz"),
            _field("tolerance_thz", _REAL, "stable when renormalised_min_thz ≥ −tolerance", "THz"),
            _field("temperature_mean", _REAL, "mean kinetic temperature of the frames; null for samples", "K"),
            _field("n_frames", _INT, "frames, of all replicas"),
            _field("n_replicas", _INT, "independent trajectories"),
            _field("seed", _INT, "seed of the random numbers"),
            _field("timestep", _REAL, "timestep used; null for samples", "fs"),
            _field("target_se", _REAL, "standard error at which sampling ends; null for a fixed length"),
            _field("target_reached", _BOOL, "whether sigma_se is below target_se"),
            _field("dtype", _STR, "floating-point type of the sampled forces"),
            _field("n_atoms", _INT, "atoms in the supercell"),
            _field("seconds", _REAL, "wall time of the calculation", "s"),
            _field("force_seconds", _REAL, "wall time inside force calls", "s"),
            _STATUS,
            _REASON,
        ]
    ),
    "force_constants": pa.schema(
        [
            _SUITE,
            _COMPOUND,
            _POTENTIAL,
            _field("kind", _STR, "harmonic, or effective: fitted to frames at temperature", required=True),
            _field("protocol", _STR, "named protocol", required=True),
            _RUN,
            _field("geometry", _STR, "reference (the DFT cell) or relaxed (with the potential)", required=True),
            _field("temperature", _REAL, "temperature of the fitted frames; null when harmonic", "K"),
            _field("symbols", pa.list_(_STR), "element of each of the n atoms of the primitive cell", required=True),
            _field("masses", pa.list_(_REAL), "their masses", "u", required=True),
            _field("positions", pa.list_(_REAL), "their positions (n, 3), in units of the lattice", required=True),
            _field("lattice", pa.list_(_REAL), "primitive lattice (3, 3), a row per vector", "Å", required=True),
            _field("repeats", _INT, "S: the supercell is S³ primitive cells", required=True),
            _field(
                "constants",
                pa.list_(pa.float32()),
                "Φ (n, n, S, S, S, 3, 3) between an atom in cell 0 and one in cell (l, m, n); obeys the space group",
                "eV/Å²",
                required=True,
            ),
        ]
    ),
    "bands": pa.schema(
        [
            _SUITE,
            _COMPOUND,
            _field("source", _STR, "dft, or potential as named in the table potentials", required=True),
            _RUN,
            _field("q", pa.list_(_REAL), "points (p, 3) in primitive reciprocal coordinates", required=True),
            _field("distances", pa.list_(_REAL), "length of the path up to each, without 2π", "1/Å", required=True),
            _field("labels", pa.list_(_STR), "name of each special point, empty between", required=True),
            _field(
                "frequencies",
                pa.list_(pa.float32()),
                "ω (p, 3n), ascending per point, acoustic modes included; imaginary as negative",
                "THz",
                required=True,
            ),
        ]
    ),
    "attribution": pa.schema(
        [
            _field("frames", _STR, "set of reference frames", required=True),
            _SUITE,
            _COMPOUND,
            _POTENTIAL,
            _field("checkpoint_sha256", _STR, "sha256 of the checkpoint"),
            _field("method", _STR, "what gave the reference forces", required=True),
            _field("sampler", _STR, "what the reference frames are a sample of", required=True),
            _field("temperature", _REAL, "temperature of the reference frames", "K"),
            _field("n_atoms", _INT, "atoms in the supercell"),
            _field("n_frames", _INT, "reference frames"),
            _field("protocol", _STR, "protocol of the model's own frames; null where it sampled none"),
            _field("n_model_frames", _INT, "frames sampled by the model"),
            *_with_se("corner_{}", _CORNERS, "σ[{}]: frames, forces, force constants, of reference or model"),
            *_with_se("path_{}", _STEPS, "published path (forces, Hessian, sampling): contribution of {} to σ"),
            *_with_se("shapley_{}", _STEPS, "mean contribution of {} to σ over the known orders"),
            _field("shapley_orders", _INT, "orders of six whose corners are all known"),
            *_with_se("interaction_{}", _INTERACTIONS, "second difference of σ: {}"),
            *_with_se("{}", ["total"], "σ[mmm] − σ[rrr]: the {} error"),
            *_with_se("{}", ["slope"], "softening {}: least squares of model forces against reference forces"),
            _field("slope_constants", _REAL, "the same for force constants"),
            *_with_se("sigma_{}", ["rescaled"], "σ[rmr] with model forces {} by 1/slope"),
            *_with_se("force_{}", ["rmse"], "{} of the model's forces on the reference frames", "eV/Å"),
            *_with_se("force_{}", ["error"], "relative {} of forces: RMSE over RMS of the reference"),
            _field("constants_error", _REAL, "relative error of force constants, Frobenius norm"),
            *_with_se("{}", ["amplification"], "Hessian {}: constants_error over force_error"),
            _field("sigma_reweighted", _REAL, "σ[rrr] with frames reweighted to the reference's own ensemble"),
            _field("effective_frames", _REAL, "effective sample size of that reweighting"),
            _field("missing", _STR, "corners not known, and which calculation would supply them"),
            _STATUS,
            _REASON,
        ]
    ),
    "wells": pa.schema(
        [
            _SUITE,
            _COMPOUND,
            _field("source", _STR, "dft, or potential as named in the table potentials", required=True),
            _field("mode", _STR, "the mode frozen in", required=True),
            _field("geometry_from", _STR, "potential whose relaxed cell all sources share", required=True),
            _field("a", _REAL, "cubic lattice constant", "Å"),
            _field("x", _REAL, "anion coordinate in Fm-3m (24e)"),
            _field("q", pa.list_(_REAL), "displacement of each of the four moving anions", "Å"),
            _field("energies", pa.list_(_REAL), "energy of the ten-atom cell relative to Q = 0", "eV"),
            _field("forces", pa.list_(_REAL), "−dE/dQ", "eV/Å"),
            _field("curvature", _REAL, "k of E = ½kQ² + ¼qQ⁴ + ⅙sQ⁶: the Hessian's part", "eV/Å²"),
            _field("quartic", _REAL, "q: the anharmonic part", "eV/Å⁴"),
            _field("sextic", _REAL, "s", "eV/Å⁶"),
            _field("energy_residual", _REAL, "RMS error of the fit", "eV"),
            _field("force_residual", _REAL, "RMS error of the fit", "eV/Å"),
            _field("omega_thz", _REAL, "frequency of the curvature; imaginary as negative", "THz"),
            _field(
                "depth",
                _REAL,
                "depth of the double well below Q = 0; 0: single well; null: minimum beyond the last Q",
                "eV",
            ),
            _field("minimum", _REAL, "|Q| of the fitted minimum; null: beyond the last Q", "Å"),
            _field("settings", _STR, "settings of the source: k points and cutoff of DFT, else float64", required=True),
            _field("k_points", _STR, "k mesh of the ten-atom cell; null for a potential"),
            _field("cutoff_ev", _REAL, "plane-wave cutoff; null for a potential", "eV"),
            _field("checkpoint_sha256", _STR, "sha256 of the checkpoint; null for DFT"),
            _STATUS,
            _REASON,
        ]
    ),
    "runs": pa.schema(
        [
            _RUN,
            _field("stage", _STR, "harmonic or sigma", required=True),
            _SUITE,
            _POTENTIAL,
            _field("protocol", _STR, "named protocol", required=True),
            _field("protocol_digest", _STR, "digest of the protocol's settings", required=True),
            _field("protocol_json", _STR, "the settings", required=True),
            _field("checkpoint_sha256", _STR, "sha256 of the checkpoint; null for imported forces"),
            _field("code_commit", _STR, "commit of the code"),
            _field(
                "package_versions",
                _STR,
                "versions of the packages that make the numbers, as JSON",
                required=True,
            ),
            _field("hardware", _STR, "processor or accelerator", required=True),
            _field("precision", _STR, "floating-point type of the forces", required=True),
            _field("started", _STR, "start, ISO 8601, UTC", required=True),
            _field("finished", _STR, "end, ISO 8601, UTC"),
            _field("n_tasks", _INT, "compounds in the suite", required=True),
            _field("n_ok", _INT, "rows with status ok", required=True),
            _field("n_failed", _INT, "rows that failed", required=True),
            _field("n_not_run", _INT, "rows not run", required=True),
            _field("seconds", _REAL, "summed wall time of the tasks", "s"),
            _field("force_fraction", _REAL, "share of that time inside force calls"),
        ]
    ),
}

SURROGATE = "surrogate"
"""What the name of a set of frames begins with whose reference is a potential, not DFT; it has no file."""

KEYS: dict[str, tuple[str, ...]] = {
    "references": ("suite", "compound"),
    "potentials": ("potential",),
    "harmonic": ("run", "suite", "compound", "potential", "geometry"),
    "anharmonic": ("run", "suite", "compound", "potential", "protocol"),
    "force_constants": ("suite", "compound", "potential", "kind", "protocol"),
    "bands": ("suite", "compound", "source"),
    "attribution": ("frames", "potential"),
    "wells": ("suite", "compound", "mode", "source", "settings"),
    "runs": ("run",),
}
