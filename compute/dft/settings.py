"""Settings of a GPAW job: frozen, validated, and part of the job's name."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from compute.protocols import digest


class DftSettings(BaseModel):
    """How GPAW (plane waves, PAW) computes the single points of one job. Energies in eV."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cutoff_ev: float = Field(default=300.0, ge=200, le=1200, description="plane-wave cutoff")
    k_points: tuple[int, int, int] | Literal["mean-value"] = Field(
        default=(2, 2, 2), description="mean-value: (¼,¼,¼) alone, Baldereschi's point of a cubic cell"
    )
    gamma_centred: bool = Field(default=False, description="False: Monkhorst-Pack, shifted for even sizes")
    setups: dict[str, str] = Field(default={}, description="PAW data sets by element where not GPAW's own choice")
    xc: str = "PBE"
    smearing_ev: float = Field(default=0.01, gt=0, description="Fermi-Dirac width")
    mixer: tuple[float, int, float] = Field(default=(0.5, 7, 1.0), description="GPAW's beta, history, weight")
    empty_bands: int = Field(default=8, ge=1)
    point_group: bool = Field(default=True, description="use the structure's symmetry")
    continue_: bool = Field(default=False, alias="continue", description="keep density and waves between structures")
    density_error: float = Field(default=1e-4, gt=0, description="convergence, electrons per valence electron")
    energy_error_ev: float = Field(default=1e-4, gt=0, description="convergence, per valence electron")
    eigenstate_error_ev2: float = Field(default=1e-6, gt=0, description="convergence, per valence electron")

    @property
    def digest(self) -> str:
        """First 16 hex digits of the sha256 over the settings."""
        return digest(self.stored)

    @property
    def stored(self) -> dict[str, Any]:
        """The settings as the job folder keeps them."""
        return self.model_dump(mode="json", by_alias=True)

    @property
    def mesh(self) -> str:
        """The k points in words."""
        if self.k_points == "mean-value":
            return "mean-value point"
        return f"{'x'.join(map(str, self.k_points))} {'Γ-centred' if self.gamma_centred else 'shifted'}"


# The 40-atom cells of ABX3. Γ alone is off by 1–2 THz there and is not offered.
FORCE_CONSTANTS = DftSettings(density_error=1e-6, eigenstate_error_ev2=1e-9)
_KEPT = {"continue_": True}  # `continue`, its name in a job folder, is a word of Python
# Thermal frames have no symmetry, so the mesh above would cost four times as much as the one point it consists of in
# the cubic cell (A. Baldereschi, doi:10.1103/PhysRevB.7.5212). Their difference is measured on one frame of each set.
FRAMES = DftSettings(
    k_points="mean-value", point_group=False, density_error=3e-5, eigenstate_error_ev2=1e-7
).model_copy(update=_KEPT)
FRAME_CHECK = FRAMES.model_copy(update={"k_points": (2, 2, 2), "continue_": False})
# The 10-atom cells of A2MM'X6; this mesh samples k as Γ of the published 80-atom cells does.
WELL = DftSettings(gamma_centred=True, density_error=1e-6, eigenstate_error_ev2=1e-8).model_copy(update=_KEPT)
