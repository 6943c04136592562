"""`softmode score`: potentials against DFT's force constants, as the published tables have them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from compute.cli.common import AsJson, Data, fail, one_sentence, out, print_json
from compute.settings import data_directory
from compute.tables import TableError
from compute.tables.against_dft import SUITES_WITH_PHONONS

_COLUMNS = ("constants_error", "omega_rmse_thz", "omega_bias_thz", "slope_constants", "sigma_hessian")


def command(
    suite: Annotated[str, typer.Option("--suite", help=" or ".join(SUITES_WITH_PHONONS))] = SUITES_WITH_PHONONS[0],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Every foundation potential on one suite: medians over its materials, labels, and pairs that differ measurably."""
    from compute.tables.against_dft import against_dft, to_plain
    from compute.tables.pairs import joined

    if suite not in SUITES_WITH_PHONONS:
        fail(f"No DFT force constants of suite {suite}: it is {' or '.join(SUITES_WITH_PHONONS)}.")
    with one_sentence(TableError), joined(data or data_directory()) as connection:

        def query(sql, parameters):
            return connection.execute(sql, dict(parameters)).df()

        found = against_dft(query, suite)
        plain = to_plain(found, query)
    if as_json:
        print_json(plain)
        return
    grid = Table("potential", "n", *_COLUMNS, "labels right", "missed", "alarms")
    for row in plain["potentials"]:
        labels, medians = row["labels"], [row[name] for name in _COLUMNS]
        cells = ("–" if m["value"] is None else f"{m['value']:.3f} [{m['low']:.3f}, {m['high']:.3f}]" for m in medians)
        decided = labels["n_stable"] + labels["n_unstable"]
        grid.add_row(
            row["potential"] + (" *" if row["benchmark"] else ""), str(row["n"]), *cells,
            f"{labels['n_right']} of {decided}", str(labels["missed"]), str(labels["alarms"]),
        )  # fmt: skip
    out.print(grid)
    out.print(
        f"* of the published benchmark. DFT: {found.n_stable} stable, {found.n_unstable} unstable. {plain['caution']}"
    )
