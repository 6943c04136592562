"""Why a model's σ differs from the reference's: frames, forces or force constants.

σ[T, F, Φ] takes the frames T (the sampled configurations), the forces F and the force constants Φ each from the
reference (r) or from the model (m): eight corners of a cube. The total error σ[mmm] − σ[rrr] is split into three
contributions by replacing one thing after another; the split depends on the order. The published path
(doi:10.1039/d5cp04693a) is forces, then Hessian, then sampling:

    rrr → rmr   forces:    the model's forces on the reference's frames
    rmr → rmm   hessian:   the model's force constants
    rmm → mmm   sampling:  the model's own frames

The Shapley value is the mean over all orders whose corners are known (L. S. Shapley, doi:10.1515/9781400881970-018);
it is complete only with all eight. Corners with T = m and F = r need reference forces on the model's frames.

T says whose dynamics made the frames, whoever computed forces there. DFT forces on frames that the model sampled give
corners with T = m, and on frames of a third sampler T = s: forces and Hessian are then replaced on those frames, and
the reference's own σ[rrr] stays unknown.

Errors come from a jackknife over blocks of frames. Corners that share frames are resampled together, so that what
they have in common cancels in differences; reference and model frames are independent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, permutations, product

import numpy as np
from numpy.typing import NDArray

from compute.physics import anharmonicity

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

BOLTZMANN = 8.617333262e-5  # eV/K, CODATA
CORNERS = tuple("".join(letters) for letters in product("rm", repeat=3))
OTHERS = tuple("s" + rest for rest in ("rr", "rm", "mr", "mm"))
"""Corners on frames of neither the reference nor the model."""
STEPS = {"sampling": 0, "forces": 1, "hessian": 2}
PUBLISHED_PATH = ("forces", "hessian", "sampling")
NEEDS = {
    "rrr": "the reference's forces on its frames and its force constants",
    "rrm": "the reference's frames with forces, and the model's force constants",
    "rmr": "the model's forces on the reference's frames, and the reference's force constants",
    "rmm": "the model's forces on the reference's frames, and its force constants",
    "mrr": "reference (DFT) forces on frames sampled by the model, and the reference's force constants",
    "mrm": "reference (DFT) forces on frames sampled by the model, and the model's force constants",
    "mmr": "frames sampled by the model in the same supercell, and the reference's force constants",
    "mmm": "frames sampled by the model in the same supercell, and its force constants",
}


@dataclass(frozen=True)
class Sample:
    """Frames of one source: `displacements` (T, N, 3) in Å, and the forces (T, N, 3) in eV/Å that each method finds
    there, None where nobody computed them. `seeds` (T,) tell independent trajectories apart, each in order of time."""

    displacements: Array
    reference_forces: Array | None
    model_forces: Array | None
    seeds: Ints


@dataclass(frozen=True)
class Value:
    """A number with its standard error; NaN where too few blocks of frames give one."""

    value: float
    se: float


@dataclass(frozen=True)
class Attribution:
    """Corners of the cube that are known, and what follows from them; every difference is model − reference.

    `path` is the published path, with the steps that are known, forces and Hessian on the frames at hand; `net` is
    what those two do together, which is all that is left where one undoes the other. `shapley` is the mean over the
    `n_orders` of 6 orders whose corners are all known, empty where there is none. `interactions` are second
    differences: how much two replacements together differ from their sum, the third thing being the reference's, or
    the model's where the name says so; `total` = σ[mmm] − σ[rrr].
    `missing` says per unknown corner which calculation would supply it.
    """

    corners: Mapping[str, Value]
    path: Mapping[str, Value]
    net: Value | None
    shapley: Mapping[str, Value]
    n_orders: int
    interactions: Mapping[str, Value]
    total: Value | None
    missing: Mapping[str, str]


def attribution(
    reference_frames: Sample,
    model_frames: Sample | None,
    reference_constants: Array | None,
    model_constants: Array | None,
    frames: str = "r",
) -> Attribution:
    """Every corner that the given arrays determine; `*_constants` (N, N, 3, 3) in eV/Å².

    `reference_frames` are those on which the reference's forces are known, and `frames` is the letter of whose they
    are: r, m or s. `model_frames`, the model's own beside them, count only where those are not.
    """
    constants = {"r": reference_constants, "m": model_constants}
    known: dict[str, _Estimate] = {}
    for letter, sample in (("m", None if frames == "m" else model_frames), (frames, reference_frames)):
        if sample is not None:
            known |= {letter + rest: estimate for rest, estimate in _estimates(sample, constants).items()}

    def combined(weights: Mapping[str, float]) -> Value:
        return _combination(known, weights)

    orders = [order for order in permutations(STEPS) if all(corner in known for corner in corners_of(order))]
    shapley = {step: combined(_mean_step(step, orders)) for step in STEPS} if orders else {}
    here = {name: frames + name[1:] for name in ("rrr", "rmr", "rmm")}
    steps = {
        step: (here.get(before, before), here.get(after, after))
        for step, (before, after) in zip(PUBLISHED_PATH, pairwise(corners_of(PUBLISHED_PATH)), strict=True)
        if step != "sampling" or frames == "r"
    }
    steps = {step: corners for step, corners in steps.items() if set(corners) <= set(known)}
    interactions = _interactions() if frames == "r" else _interactions_on(frames)
    return Attribution(
        corners={corner: combined({corner: 1.0}) for corner in (*CORNERS, *OTHERS) if corner in known},
        path={step: combined({after: 1.0, before: -1.0}) for step, (before, after) in steps.items()},
        net=combined({here["rmm"]: 1.0, here["rrr"]: -1.0}) if {here["rmm"], here["rrr"]} <= set(known) else None,
        shapley=shapley,
        n_orders=len(orders),
        interactions={name: combined(weights) for name, weights in interactions.items() if set(weights) <= set(known)},
        total=combined({"mmm": 1.0, "rrr": -1.0}) if {"rrr", "mmm"} <= set(known) else None,
        missing={corner: NEEDS[corner] for corner in CORNERS if corner not in known},
    )


def corners_of(order: tuple[str, ...]) -> list[str]:
    """The four corners from rrr to mmm when things are replaced in `order`."""
    corner, passed = ["r"] * 3, ["rrr"]
    for step in order:
        corner[STEPS[step]] = "m"
        passed.append("".join(corner))
    return passed


@dataclass(frozen=True)
class ModelError:
    """How far a model's forces and force constants are off, all relative to the reference's.

    `slope` s is the least-squares softening slope, F_m ≈ s F_r (s < 1: the model is too soft), and `slope_constants`
    the same for Φ. `sigma_rescaled` is σ[rmr] with F_m / s: what is left once a mere softening is taken out.
    `force_error` = RMSE(F_m − F_r) / RMS(F_r); `constants_error` = ‖Φ_m − Φ_r‖ / ‖Φ_r‖; `amplification` is their
    ratio: how much worse the Hessian is than the forces, NaN for perfect forces. `force_rmse` in eV/Å.
    `force_error_residual` is the relative error of F_m / s: where it is hardly smaller, the error is no softening,
    whatever σ of the rescaled forces says, for σ is a norm. `slopes` and `errors` are s and the relative error of the
    forces per element.
    """

    slope: Value
    slope_constants: float
    force_rmse: Value
    force_error: Value
    constants_error: float
    amplification: Value
    sigma_rescaled: Value
    force_error_residual: Value
    slopes: Mapping[str, float]
    errors: Mapping[str, float]


def model_error(
    sample: Sample,
    reference_constants: Array | None,
    model_constants: Array | None,
    elements: Sequence[str] = (),
) -> ModelError:
    """Errors of the model on the reference's frames; NaN where Φ is not given. `sample` needs both forces.

    `elements` names the N atoms; without them nothing is known per element.
    """
    reference, model = sample.reference_forces, sample.model_forces
    if reference is None or model is None:
        raise ValueError("the error of forces needs the forces of both methods on the same frames")
    labels = anharmonicity.independent_blocks(reference, model - reference, sample.seeds)
    everything = np.arange(len(reference))

    def jackknifed(function: _OfFrames) -> Value:
        if labels is None:
            return Value(function(everything), float("nan"))
        left = np.array([function(everything[labels != block]) for block in range(labels.max() + 1)])
        return Value(function(everything), anharmonicity.jackknife_error(left))

    def slope(frames: Ints) -> float:
        return float(np.sum(model[frames] * reference[frames]) / np.sum(reference[frames] ** 2))

    def rmse(frames: Ints) -> float:
        return float(np.sqrt(np.mean((model[frames] - reference[frames]) ** 2)))

    def relative(frames: Ints) -> float:
        return rmse(frames) / float(np.sqrt(np.mean(reference[frames] ** 2)))

    def residual(frames: Ints) -> float:
        apart = model[frames] / slope(frames) - reference[frames]
        return float(np.sqrt(np.mean(apart**2) / np.mean(reference[frames] ** 2)))

    slope_constants = constants_error = float("nan")
    if reference_constants is not None and model_constants is not None:
        square = np.sum(reference_constants**2)
        slope_constants = float(np.sum(model_constants * reference_constants) / square)
        constants_error = float(np.sqrt(np.sum((model_constants - reference_constants) ** 2) / square))

    names = np.asarray(elements)
    by_element = [(name, model[:, names == name], reference[:, names == name]) for name in dict.fromkeys(elements)]

    def sigma_rescaled(frames: Ints) -> float:
        if reference_constants is None:
            return float("nan")
        return anharmonicity.sigma(model[frames] / slope(frames), sample.displacements[frames], reference_constants)

    def amplification(frames: Ints) -> float:
        error = relative(frames)
        return constants_error / error if error > 0 else float("nan")

    return ModelError(
        slope=jackknifed(slope),
        slope_constants=slope_constants,
        force_rmse=jackknifed(rmse),
        force_error=jackknifed(relative),
        constants_error=constants_error,
        amplification=jackknifed(amplification),
        sigma_rescaled=jackknifed(sigma_rescaled),
        force_error_residual=jackknifed(residual),
        slopes={name: float(np.sum(m * r) / np.sum(r**2)) for name, m, r in by_element},
        errors={name: float(np.sqrt(np.sum((m - r) ** 2) / np.sum(r**2))) for name, m, r in by_element},
    )


def weights(reference_energies: Array, model_energies: Array, temperature: float) -> Array:
    """Weights (T,), adding up to 1, that turn frames sampled with the model into the reference's ensemble.

    w ∝ exp(−(E_r − E_m) / k_B T); energies (T,) in eV, temperature in K. Constants added to either do not matter.
    """
    exponent = -(reference_energies - model_energies) / (BOLTZMANN * temperature)
    raw = np.exp(exponent - exponent.max())
    return np.asarray(raw / raw.sum())


def effective_sample_size(weights: Array) -> float:
    """(Σw)² / Σw²: how many equally weighted frames are worth as much (L. Kish, Survey Sampling, 1965)."""
    return float(weights.sum() ** 2 / np.sum(weights**2))


@dataclass(frozen=True)
class _Estimate:
    """A corner: σ of all frames, and without each block in turn (B,); corners that share frames share blocks."""

    value: float
    left: Array


_OfFrames = Callable[[Ints], float]


def _estimates(sample: Sample, constants: Mapping[str, Array | None]) -> dict[str, _Estimate]:
    """By the letters of F and Φ, every corner on the frames of `sample`."""
    forces = {"r": sample.reference_forces, "m": sample.model_forces}
    pairs = {
        f + phi: (given, anharmonicity.anharmonic_forces(given, sample.displacements, matrix))
        for f, given in forces.items()
        for phi, matrix in constants.items()
        if given is not None and matrix is not None
    }
    if not pairs:
        return {}
    labels = anharmonicity.independent_blocks(*next(iter(pairs.values())), sample.seeds)
    return {
        name: _Estimate(
            anharmonicity.sigma_pooled(*pair),
            np.array([]) if labels is None else anharmonicity.leave_one_out(*pair, labels),
        )
        for name, pair in pairs.items()
    }


def _combination(known: Mapping[str, _Estimate], factors: Mapping[str, float]) -> Value:
    """Σ factor · corner; blocks of the reference's frames and of the model's are independent of each other."""
    value = sum(factor * known[corner].value for corner, factor in factors.items())
    variance = 0.0
    for frames in "rms":
        mine = [(factor, known[corner].left) for corner, factor in factors.items() if corner[0] == frames]
        if mine:
            left = np.sum([factor * values for factor, values in mine], axis=0)
            variance += anharmonicity.jackknife_error(left) ** 2 if left.size else np.nan
    return Value(float(value), float(np.sqrt(variance)))


def _mean_step(step: str, orders: Sequence[tuple[str, ...]]) -> dict[str, float]:
    """Weights of the corners in the mean contribution of `step` over `orders`."""
    factors: dict[str, float] = {}
    for order in orders:
        passed = corners_of(order)
        place = order.index(step)
        for corner, sign in ((passed[place], -1.0), (passed[place + 1], 1.0)):
            factors[corner] = factors.get(corner, 0.0) + sign / len(orders)
    return factors


def _interactions() -> dict[str, dict[str, float]]:
    """Second differences of the cube: both replaced, less each one alone, plus none.

    Named forces_hessian where the third thing is the reference's, forces_hessian_given_sampling where the model's.
    """
    found = {}
    for one, two in combinations(PUBLISHED_PATH, 2):
        (third,) = set(STEPS) - {one, two}
        for name, given in ((f"{one}_{two}", ()), (f"{one}_{two}_given_{third}", (third,))):
            found[name] = {
                _replaced(one, two, *given): 1.0,
                _replaced(one, *given): -1.0,
                _replaced(two, *given): -1.0,
                _replaced(*given): 1.0,
            }
    return found


def _interactions_on(frames: str) -> dict[str, dict[str, float]]:
    """That of forces and Hessian, on frames that are not the reference's."""
    return {"forces_hessian": {frames + rest: sign for rest, sign in (("mm", 1), ("mr", -1), ("rm", -1), ("rr", 1))}}


def _replaced(*steps: str) -> str:
    return "".join("m" if place in {STEPS[step] for step in steps} else "r" for place in range(3))
