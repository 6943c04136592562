"""What the settings of a VASP run say of its forces and its sample, in words.

Names are those of the INCAR tags, https://www.vasp.at/wiki.
"""

from __future__ import annotations

from collections.abc import Mapping

from compute.references.readers.vasprun import Run
from compute.structures.frames import NOT_STATED
from compute.structures.sites import FramesError

_FUNCTIONALS = {
    "PE": "PBE",
    "PS": "PBEsol",
    "RP": "RPBE",
    "RE": "revPBE",
    "91": "PW91",
    "CA": "LDA",
    "AM": "AM05",
}
# Functionals that GGA names with LUSE_VDW = T.
_NONLOCAL = {
    "RE": "vdW-DF",
    "OR": "optPBE-vdW",
    "BO": "optB88-vdW",
    "MK": "optB86b-vdW",
    "ML": "vdW-DF2",
    "CX": "vdW-DF-cx",
}
_DISPERSIONS = {
    "1": "D2",
    "10": "D2",
    "11": "D3",
    "12": "D3(BJ)",
    "13": "D4",
    "2": "Tkatchenko–Scheffler",
    "20": "Tkatchenko–Scheffler",
    "21": "Tkatchenko–Scheffler with iterative Hirshfeld partitioning",
    "202": "many-body dispersion",
    "263": "many-body dispersion with fractional ions",
    "4": "dDsC",
}
_THERMOSTATS = {
    "1": "Andersen thermostat",
    "2": "Nosé–Hoover thermostat",
    "3": "Langevin thermostat",
    "4": "Nosé–Hoover chains",
    "5": "CSVR thermostat",
    "11": "metadynamics with the Andersen thermostat",
    "21": "metadynamics with the Nosé–Hoover thermostat",
    "51": "metadynamics with the CSVR thermostat",
}
_OF_SMASS = {-2.0: "velocities kept constant", -1.0: "velocities rescaled"}


def number(settings: Mapping[str, str], key: str) -> float | None:
    """The value of `key`, None where it is absent or no number."""
    try:
        return float(settings.get(key, "").split()[0])
    except (ValueError, IndexError):
        return None


def on(settings: Mapping[str, str], key: str) -> bool:
    """Whether the logical tag `key` is true: T, .TRUE., true."""
    return settings.get(key, "").lstrip(". ").upper().startswith("T")


def refuse_learned(settings: Mapping[str, str], name: str) -> None:
    """`FramesError` for a run in which a force field that was learned gave forces: they are not those of DFT."""
    if on(settings, "ML_LMLFF") or on(settings, "ML_FF_LMLFF"):
        mode = settings.get("ML_MODE") or settings.get("ML_ISTART")
        raise FramesError(
            f"{name} ran with a machine-learned force field (ML_LMLFF = T{f', ML_MODE = {mode}' if mode else ''}): its"
            " forces are not those of DFT, and are not taken for them. Calculate its frames without it."
        )


def method(run: Run) -> str:
    """Functional, dispersion, U, spin–orbit coupling, program and cutoff, as the run states them."""
    settings = run.settings
    version = settings.get("version", "").split(" ")[0]
    cutoff = number(settings, "ENMAX") or number(settings, "ENCUT")
    parts = [
        _functional(run) + _plus_u(run),
        _dispersion(settings),
        "spin–orbit coupling" if on(settings, "LSORBIT") else "",
        f"VASP {version}".strip(),
        f"{cutoff:g} eV" if cutoff else "",
    ]
    return ", ".join(part for part in parts if part)


def _functional(run: Run) -> str:
    """The functional; that of "--" is the one that the pseudopotentials were made for."""
    settings = run.settings
    gga, meta = settings.get("GGA", "").strip("- ").upper(), settings.get("METAGGA", "").strip("- ")
    if meta.upper() in ("", "NONE"):
        name = _FUNCTIONALS.get(gga, f"GGA = {gga}" if gga else _of_potcar(run.potcars))
    else:
        name = meta
    if on(settings, "LUSE_VDW"):
        nonlocal_name = name if name == meta else _NONLOCAL.get(gga, name or f"functional {NOT_STATED}")
        return f"{nonlocal_name} (nonlocal van der Waals correlation, LUSE_VDW)"
    if on(settings, "LHFCALC"):
        share, range_ = number(settings, "AEXX"), number(settings, "HFSCREEN")
        given = [f"{key} = {value:g}" for key, value in (("AEXX", share), ("HFSCREEN", range_)) if value is not None]
        return f"hybrid of {name or 'the POTCAR functional'}" + (f" ({', '.join(given)})" if given else "")
    return name or f"functional {NOT_STATED}"


def _of_potcar(titles: tuple[str, ...]) -> str:
    return "PBE" if titles and all(title.startswith("PAW_PBE") for title in titles) else ""


def _dispersion(settings: Mapping[str, str]) -> str:
    tag = settings.get("IVDW", "0").strip() or "0"
    if tag == "0":
        return "D2 (LVDW)" if on(settings, "LVDW") else ""
    name = _DISPERSIONS.get(tag)
    return f"{name} (IVDW = {tag})" if name else f"IVDW = {tag}"


def _plus_u(run: Run) -> str:
    """U and J in eV of each element that has them."""
    settings = run.settings
    if not on(settings, "LDAU"):
        return ""
    u, j = (settings.get(key, "").split() for key in ("LDAUU", "LDAUJ"))
    j = j or ["0"] * len(u)
    if not u or len(u) != len(run.species) or len(j) != len(u):
        return " + U"
    given = [
        f"{element}: U = {float(value):g} eV" + (f", J = {float(exchange):g} eV" if float(exchange) else "")
        for element, value, exchange in zip(run.species, u, j, strict=True)
        if float(value) or float(exchange)
    ]
    return f" + U ({'; '.join(given)})" if given else " + U"


def sampler(settings: Mapping[str, str]) -> str:
    """What the steps are a sample of."""
    if settings.get("IBRION", "0") != "0":
        return f"VASP with IBRION = {settings['IBRION']}, not molecular dynamics"
    if settings.get("MDALGO", "0") == "0":
        mass = number(settings, "SMASS")
        thermostat = "NVE" if mass is None or mass <= -3 else _OF_SMASS.get(mass, "Nosé thermostat")
    else:
        thermostat = _THERMOSTATS.get(settings["MDALGO"], f"MDALGO = {settings['MDALGO']}")
    step = number(settings, "POTIM")
    return f"AIMD, {thermostat}" + (f", {step:g} fs" if step else "")
