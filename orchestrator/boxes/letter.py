"""What a job takes into its box: the mounts, the letter `job.json`, and the environment variables."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from pydantic import JsonValue

from orchestrator.boxes.job import Code, Job, ModelFiles
from sandbox.protocol import Mount

_SAFE = re.compile(r"[^A-Za-z0-9_.-]")


def mounts_of(job: Job, environment: Path, runtime: Path) -> tuple[Mount, ...]:
    codes: dict[str, Code] = {model.skill.name: model.skill for model in job.models.values()}
    if job.skill:
        codes[job.skill.name] = job.skill
    return (
        Mount(source=environment, target="env"),
        Mount(source=runtime, target="lib/skills/runtime"),
        *(Mount(source=code.folder, target=f"lib/skills/{name}") for name, code in codes.items()),
        *(Mount(source=path, target=_place(name, path)) for name, path in job.inputs.items()),
        *(Mount(source=model.folder, target=_model_place(name)) for name, model in job.models.items()),
    )


def letter_of(job: Job, mounts: PurePosixPath, out: PurePosixPath, device: str) -> dict[str, JsonValue]:
    """`job.json`: the job with every path as the box sees it."""
    inputs: dict[str, JsonValue] = {name: str(mounts / _place(name, path)) for name, path in job.inputs.items()}

    def model(name: str, files: ModelFiles) -> dict[str, JsonValue]:
        return {"skill": files.skill.name, "path": str(mounts / _model_place(name))}

    scorers = [
        {**scorer, "inputs": {key: inputs[str(name)] for key, name in _named(scorer).items()}} for scorer in job.scorers
    ]
    return {
        "skill": job.skill.name if job.skill else "",
        "spec": job.spec,
        "inputs": inputs,
        "models": {name: model(name, files) for name, files in job.models.items()},
        "variants": list(job.variants),
        "scorers": list[JsonValue](scorers),
        "out": str(out),
        "seed": job.seed,
        "threads": job.resources.cpus,
        "device": device,
    }


def variables_of(job: Job, mounts: PurePosixPath) -> dict[str, str]:
    return {"PYTHONPATH": str(mounts / "lib"), **fixed_variables(job)}


def fixed_variables(job: Job) -> dict[str, str]:
    """Those that an interpreter reads at its start, so that a warm one must have been started with them."""
    threads = str(job.resources.cpus)
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONHASHSEED": "0",
        **dict.fromkeys(names, threads),
    }


def _place(name: str, path: Path) -> str:
    return f"in/{_SAFE.sub('_', name)}{path.suffix if path.is_file() else ''}"


def _model_place(name: str) -> str:
    return f"in/model-{_SAFE.sub('_', name)}"


def _named(scorer: dict[str, JsonValue]) -> dict[str, JsonValue]:
    inputs = scorer.get("inputs", {})
    return inputs if isinstance(inputs, dict) else {}
