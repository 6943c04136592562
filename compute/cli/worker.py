"""`softmode worker`: computes what visitors ask for."""

from __future__ import annotations

from typing import Annotated

import typer

from compute.cli.common import fail, one_sentence


def command(
    name: Annotated[
        str, typer.Option(help="Name under which it comes back for its job; each worker needs its own.")
    ] = "worker",
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of the calculation. Default: all processors.")
    ] = None,
) -> None:
    """Compute jobs of the page Recompute until interrupted; the job in hand goes back on the queue then."""
    from compute.jobs.service import JobSettings

    if not JobSettings().live:
        fail("SOFTMODE_LIVE is off: nothing is computed on demand.")
    if not name.replace("-", "").isalnum():
        fail("The name of a worker is made of letters, digits and hyphens.")
    with one_sentence(RuntimeError):
        from compute.campaigns.dask_cluster import default_workers
        from compute.jobs.worker import Worker

        Worker(name, threads=threads or default_workers()).work()
