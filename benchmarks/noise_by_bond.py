"""Noise floor and error of CHGNet 0.3.0 by B–X distance, from the published tables: python benchmarks/noise_by_bond.py.

Prints the table of docs/method.md.
"""

from __future__ import annotations

import duckdb

from compute.settings import data_directory
from compute.tables import read_manifest

QUERY = """
SELECT floor(h.a / 2 / 0.25) * 0.25 AS bond, count(*) AS n,
       median(h.noise_floor_thz) AS noise_floor,
       avg(('undecidable' IN (h.label, coalesce(h.label_ladder, '')))::int) AS undecidable,
       count(r.omega_min_thz) AS compared,
       sqrt(avg((least(h.omega_min_thz, 0) - least(r.omega_min_thz, 0)) ** 2)
            FILTER (r.omega_min_thz IS NOT NULL)) AS rmse
FROM read_parquet($harmonic) h JOIN read_parquet($references) r USING (suite, compound)
WHERE suite = 'abx3' AND h.potential = 'chgnet-0.3.0' AND h.geometry = 'reference' AND h.status = 'ok'
GROUP BY bond ORDER BY bond
"""


def main() -> None:
    manifest = read_manifest(data_directory())
    files = {name: [str(path) for path in manifest.paths(name)] for name in ("harmonic", "references")}
    print("| B–X (Å) | compounds | median noise floor (THz) | undecidable | RMSE of ω_min against DFT (THz), n |")
    print("|---|---|---|---|---|")
    for bond, n, floor, undecidable, compared, rmse in duckdb.execute(QUERY, files).fetchall():
        print(f"| {bond:.2f}–{bond + 0.25:.2f} | {n:,} | {floor:.2f} | {undecidable:.1%} | {rmse:.2f}, {compared:,} |")


if __name__ == "__main__":
    main()
