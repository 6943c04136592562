"""Which run answers: decided here once, as named selections in SQL; pages, findings, checks and the API read these.

`chosen`, `chosen_sigma`: of a suite and potential, the run whose rows are compared with published DFT.
`newest_harmonic`, `newest_sigma`: of a compound, potential and cell, σ by protocol too, the row of the newest run that
attempted it, failed or not.
`wells_by_kind`: tilt wells with their `kind`: `reference`, the DFT that answers, which has the k mesh that most
compounds have, and of that the lowest cutoff; `check`, DFT at other settings; `potential`.
"""

from __future__ import annotations


def _choice(name: str, table: str, first: str, only: str = "true") -> str:
    """The statement that makes `name`: of the runs in `table` that are `only` so, those with `first` before others."""
    return f"""
CREATE TABLE {name} AS
SELECT suite, potential, run, protocol, geometry FROM (
    SELECT h.suite, h.potential, h.run, h.protocol, h.geometry,
           count(*) FILTER (h.status <> 'not-run') AS attempted, max(r.started) AS started
    FROM {table} h LEFT JOIN runs r USING (run)
    WHERE {only}
    GROUP BY ALL
)
QUALIFY row_number() OVER (
    PARTITION BY suite, potential
    ORDER BY attempted > 0 DESC, {first} DESC, started DESC NULLS LAST, run DESC
) = 1
"""


def _newest(name: str, table: str, within: str) -> str:
    """The statement that makes the view `name`: of the attempted rows in `table`, the newest of every `within`."""
    return f"""
CREATE VIEW {name} AS
SELECT h.* FROM {table} h LEFT JOIN runs r USING (run) WHERE h.status <> 'not-run'
QUALIFY row_number() OVER (PARTITION BY {within} ORDER BY r.started DESC NULLS LAST, h.run DESC) = 1
"""


# One run answers for a suite and a potential: one that ran over one that did not, the reference geometry (like with
# like) over a relaxed one, then the newest. σ of DFT comes from the published schedules, and how frames were sampled
# moves σ by as much as a potential does: only a run by the published schedule is held against it, however few its
# compounds, and a suite and potential without one has no σ in `pairs`. Of several the one over most compounds.
CHOSEN = _choice("chosen", "harmonic", "geometry = 'reference'")
CHOSEN_SIGMA = _choice("chosen_sigma", "anharmonic", "attempted", "starts_with(h.protocol, 'published')")

NEWEST_HARMONIC = _newest("newest_harmonic", "harmonic", "h.suite, h.compound, h.potential, h.geometry")
NEWEST_SIGMA = _newest("newest_sigma", "anharmonic", "h.suite, h.compound, h.potential, h.geometry, h.protocol")

WELLS_BY_KIND = """
CREATE VIEW wells_by_kind AS
WITH one_mode AS (
    SELECT * FROM wells
    SEMI JOIN (SELECT mode FROM wells GROUP BY mode ORDER BY count(*) DESC, mode LIMIT 1) USING (mode)
), usual AS (
    SELECT k_points AS usual_mesh FROM one_mode WHERE source = 'dft' AND status = 'ok'
    GROUP BY k_points ORDER BY count(DISTINCT compound) DESC, k_points LIMIT 1
), ranked AS (
    SELECT *, k_points IS NOT DISTINCT FROM usual_mesh AS is_usual, row_number() OVER (
        PARTITION BY suite, compound, source ORDER BY status = 'ok' DESC, is_usual DESC, cutoff_ev, settings
    ) AS place
    FROM one_mode LEFT JOIN usual ON true
)
SELECT * EXCLUDE (usual_mesh, is_usual, place),
       CASE WHEN source <> 'dft' THEN 'potential' WHEN place = 1 AND is_usual THEN 'reference' ELSE 'check' END AS kind
FROM ranked
"""

SELECTIONS = (CHOSEN, CHOSEN_SIGMA, NEWEST_HARMONIC, NEWEST_SIGMA)
"""Statements that make all of them from the tables harmonic, anharmonic and runs."""
