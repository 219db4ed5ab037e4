"""The verbs about boxes and what they start from. As in `verbs`, a body imports its module when it is called."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli import options as o

box = typer.Typer(help="Run a command in a box.", no_args_is_help=True)
boxes = typer.Typer(help="The boxes that are open now; `reap` removes those whose owner is gone.")
env = typer.Typer(help="The environments that boxes mount.", no_args_is_help=True)
image = typer.Typer(help="The images that boxes start from.", no_args_is_help=True)


@boxes.callback(invoke_without_command=True)
def list_boxes(context: typer.Context, output_format: o.OutputFormat = o.Format.TEXT) -> int | None:
    """The boxes that are open now: their sandbox, run, step, state, age and whether their owner lives."""
    from orchestrator.cli import open_boxes as work

    return None if context.invoked_subcommand else work.list_open(o.Place(format=output_format))


@boxes.command("reap")
def reap_boxes(
    run: Annotated[
        str, typer.Argument(metavar="[RUN]", help="Only what this run left; without it, every dead owner's.")
    ] = "",
    output_format: o.OutputFormat = o.Format.TEXT,
) -> int:
    """Remove boxes whose owner is gone, also those that wait to be picked up by `run --resume`."""
    from orchestrator.cli import open_boxes as work

    return work.reap(o.Place(format=output_format), run)


@box.command("run", context_settings={"allow_interspersed_args": False})
def run_in_box(
    command: Annotated[
        list[str] | None, typer.Argument(metavar="-- CMD…", help="The command and its arguments.")
    ] = None,
    memory_mb: Annotated[int, typer.Option("--memory-mb", min=32, metavar="N", help="Memory in MiB.")] = 2048,
    cpus: Annotated[int, typer.Option("--cpus", min=1, metavar="N", help="Processors.")] = 1,
    gpu: Annotated[o.GpuWish, typer.Option("--gpu", help="Whether a whole GPU is leased for it.")] = o.GpuWish.NONE,
    network: Annotated[
        list[str] | None,
        typer.Option("--network", metavar="HOST:PORT", help="A host to reach; agents.toml must allow it."),
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, metavar="S", help="Stop after S seconds.")] = 60.0,
    sandbox: o.SandboxOption = "auto",
    trust_code: o.TrustCode = False,
    config: o.Config = None,
    output_format: o.OutputFormat = o.Format.TEXT,
) -> int:
    """Run a command in a fresh box; its output and exit code are passed on."""
    from orchestrator.cli import boxes

    wanted = boxes.Wanted(
        command=tuple(command or ()),
        sandbox=sandbox,
        memory_mb=memory_mb,
        cpus=cpus,
        gpu=gpu.value,
        network=tuple(network or ()),
        timeout_s=timeout,
        trust_code=trust_code,
    )
    return boxes.run(o.Place(config=config, format=output_format), wanted)


@image.command("build")
def build_image(
    base: Annotated[str | None, typer.Option("--base", metavar="IMAGE", help="Build on this image.")] = None,
    bootstrap: Annotated[
        bool, typer.Option("--bootstrap", help="Make a base where no registry is reached (root).")
    ] = False,
    cuda: Annotated[bool, typer.Option("--cuda", help="Build on NVIDIA's CUDA base, for GPU hosts.")] = False,
    output_format: o.OutputFormat = o.Format.TEXT,
) -> int:
    """Build the image that boxes start from."""
    from orchestrator.cli import boxes

    return boxes.build_image(o.Place(format=output_format), base, bootstrap=bootstrap, cuda=cuda)


@image.command("list")
def list_images(output_format: o.OutputFormat = o.Format.TEXT) -> int:
    """List the box images."""
    from orchestrator.cli import boxes

    return boxes.list_images(o.Place(format=output_format))


@image.command("remove")
def remove_image(
    tag: Annotated[str | None, typer.Argument(metavar="[TAG]", help="One image; all of them without it.")] = None,
    output_format: o.OutputFormat = o.Format.TEXT,
) -> int:
    """Remove a box image, or all."""
    from orchestrator.cli import boxes

    return boxes.remove_image(o.Place(format=output_format), tag)


@env.command("build")
def build_environment(
    sandbox: o.SandboxOption = "auto",
    accelerator: Annotated[
        o.Accelerator, typer.Option("--accelerator", help="cuda: libraries with CUDA, several gigabytes.")
    ] = o.Accelerator.CPU,
    config: o.Config = None,
    output_format: o.OutputFormat = o.Format.TEXT,
) -> int:
    """Build the environment that boxes mount, ahead of its first use."""
    from orchestrator.cli import envs

    return envs.build(o.Place(config=config, format=output_format), sandbox, accelerator.value)


@env.command("list")
def list_environments(output_format: o.OutputFormat = o.Format.TEXT) -> int:
    """List the box environments of this machine."""
    from orchestrator.cli import envs

    return envs.list_all(o.Place(format=output_format))


@env.command("remove")
def remove_environment(
    key: Annotated[str | None, typer.Argument(metavar="[KEY]", help="One environment; all of them without it.")] = None,
    output_format: o.OutputFormat = o.Format.TEXT,
) -> int:
    """Remove a box environment, or all."""
    from orchestrator.cli import envs

    return envs.remove(o.Place(format=output_format), key)
