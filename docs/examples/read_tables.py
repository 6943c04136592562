"""Read the published tables into pandas and count labels: `python docs/examples/read_tables.py chgnet-0.3.0`."""

from __future__ import annotations

import sys

import softmode


def confusion(potential: str) -> dict[str, int]:
    """Cubic ABX3 at DFT's cell: how many DFT and `potential` call stable or unstable, by ω_min at R, M and X."""
    places = [f"omega_{point}_thz" for point in ("r", "m", "x")]
    dft = softmode.load("references", suite="abx3").set_index("compound")[places].dropna()
    rows = softmode.load("harmonic", suite="abx3", potential=potential, geometry="reference", status="ok")
    own = rows.drop_duplicates("compound").set_index("compound")[places].dropna()
    both = dft.index.intersection(own.index)
    published, computed = (table.loc[both].min(axis=1) > -0.1 for table in (dft, own))
    return {
        f"DFT {'stable' if truth else 'unstable'}, {potential} {'stable' if answer else 'unstable'}": int(
            ((published == truth) & (computed == answer)).sum()
        )
        for truth in (True, False)
        for answer in (True, False)
    }


if __name__ == "__main__":
    for cell, n in confusion(sys.argv[1]).items():
        print(f"{n:6,}  {cell}")
