"""The command line, `softmode …`. Each command imports what it needs when it is called."""

from __future__ import annotations

import typer

from compute.cli import (
    bench,
    campaign,
    data,
    distil,
    doctor,
    frames,
    harmonic,
    potentials,
    reference,
    score,
    serve,
    sigma,
    trust,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Which foundation potential can be trusted with a soft phonon, for which chemistry, and why it fails.",
)
app.command("harmonic")(harmonic.command)
app.command("sigma")(sigma.command)
app.command("score")(score.command)
app.command("serve")(serve.command)
app.command("worker")(serve.worker_command)
app.command("bench")(bench.command)
app.command("doctor")(doctor.command)
app.add_typer(potentials.app, name="potentials")
app.add_typer(reference.app, name="reference")
app.add_typer(frames.app, name="frames")
app.add_typer(campaign.app, name="campaign")
app.add_typer(data.app, name="data")
app.add_typer(distil.app, name="distil")
app.add_typer(trust.app, name="trust")
