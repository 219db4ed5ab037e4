"""The verbs and their options; what a verb does is imported when it is called.

`mlexpert --help` must start at once and load none of the engine, so that this file imports typer
alone and each body imports its own module: that is the one reason for imports inside functions here.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import options as o
from orchestrator.cli.box_verbs import box, boxes, env, image

app = typer.Typer(
    name="mlexpert",
    help="Ask for a machine-learning result in plain words, get one that has been checked.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
agents = typer.Typer(help="The peers that can be asked; `validate` checks their files.")
skills = typer.Typer(help="The skills that are installed; `validate` checks their folders.")
for group, name in (
    (agents, "agents"), (skills, "skills"), (box, "box"), (boxes, "boxes"), (env, "env"), (image, "image"),
):  # fmt: skip
    app.add_typer(group, name=name)


def _version(asked: bool) -> None:
    if asked:
        try:
            typer.echo(f"mlexpert {version('mlexpert')}")
        except PackageNotFoundError:
            typer.echo("mlexpert (a checkout that is not installed)")
        raise typer.Exit


@app.callback()
def root(
    asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Ask for a machine-learning result in plain words, get one that has been checked."""


@app.command()
def run(
    text: o.Text = None,
    data: o.Data = None,
    trained_on: o.TrainedOn = "",
    approve: o.Approve = False,
    budget_usd: o.Budget = None,
    timeout: o.Timeout = None,
    trust_code: o.TrustCode = False,
    allow_rows: o.AllowRows = None,
    resume: Annotated[str, typer.Option("--resume", metavar="RUN", help="Go on with a run that was stopped.")] = "",
    seed: o.Seed = 0,
    planner: o.PlannerOption = o.Planner.AUTO,
    sandbox: o.SandboxOption = "auto",
    runs_dir: o.RunsDir = None,
    config: o.Config = None,
    output_format: o.OutputFormat = o.Format.TEXT,
) -> int:
    """Answer a request: plan, train, measure, check."""
    from orchestrator.cli import run as work

    asked = o.Asked(
        place=o.Place(runs_dir, config, output_format),
        text=text or "",
        resume=resume,
        files=tuple(data or ()),
        approve=approve,
        budget_usd=budget_usd,
        timeout_s=timeout,
        trust_code=trust_code,
        allow_rows=tuple(allow_rows or ()),
        seed=seed,
        planner=planner.value,
        sandbox=sandbox,
        trained_on=trained_on,
    )
    return work.run(asked)


@app.command()
def plan(
    text: o.Text = None,
    data: o.Data = None,
    trained_on: o.TrainedOn = "",
    seed: o.Seed = 0,
    planner: o.PlannerOption = o.Planner.AUTO,
    runs_dir: o.RunsDir = None,
    config: o.Config = None,
    output_format: o.OutputFormat = o.Format.TEXT,
) -> int:
    """Show what would be done; spends nothing, starts no box."""
    from orchestrator.cli import run as work

    place = o.Place(runs_dir, config, output_format)
    asked = o.Asked(
        place=place, text=text or "", files=tuple(data or ()), trained_on=trained_on, seed=seed, planner=planner.value
    )
    return work.plan(asked)


@app.command()
def show(
    run_id: o.RunId,
    runs_dir: o.RunsDir = None,
    config: o.Config = None,
    output_format: o.OutputFormat = o.Format.TEXT,
) -> int:
    """Print the answer of a run again."""
    from orchestrator.cli import saved

    return saved.show(o.Place(runs_dir, config, output_format), run_id)


@app.command()
def report(
    run_id: o.RunId,
    runs_dir: o.RunsDir = None,
    config: o.Config = None,
    output_format: o.OutputFormat = o.Format.TEXT,
) -> int:
    """Write the run's page and print its path."""
    from orchestrator.cli import saved

    return saved.report(o.Place(runs_dir, config, output_format), run_id)


@app.command()
def doctor(runs_dir: o.RunsDir = None, config: o.Config = None, output_format: o.OutputFormat = o.Format.TEXT) -> int:
    """Say what works on this machine, and how to mend what does not."""
    from orchestrator.cli import doctor as work

    return work.doctor(o.Place(runs_dir, config, output_format))


@agents.callback(invoke_without_command=True)
def list_agents(
    context: typer.Context, config: o.Config = None, output_format: o.OutputFormat = o.Format.TEXT
) -> int | None:
    """The peers that can be asked."""
    from orchestrator.cli import registry

    return None if context.invoked_subcommand else registry.agents(o.Place(None, config, output_format))


@agents.command("validate")
def validate_agents(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="PATH", help="Files or folders.")] = None,
    config: o.Config = None,
    output_format: o.OutputFormat = o.Format.TEXT,
) -> int:
    """Check agent files and say what is wrong, line by line."""
    from orchestrator.cli import registry

    return registry.validate_agents(o.Place(None, config, output_format), tuple(paths or ()))


@skills.callback(invoke_without_command=True)
def list_skills(context: typer.Context, output_format: o.OutputFormat = o.Format.TEXT) -> int | None:
    """The skills that are installed."""
    from orchestrator.cli import registry

    return None if context.invoked_subcommand else registry.skills(o.Place(format=output_format))


@skills.command("validate")
def validate_skills(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="PATH", help="Skill folders.")] = None,
    output_format: o.OutputFormat = o.Format.TEXT,
) -> int:
    """Check skill folders and say what is wrong, line by line."""
    from orchestrator.cli import registry

    return registry.validate_skills(o.Place(format=output_format), tuple(paths or ()))
