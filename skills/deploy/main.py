"""Writes the folder of a service around a model that is there already, and predicts with it as the service does."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from skills.deploy.learnt import completed
from skills.deploy.needed import ALWAYS, predict_once, requirements
from skills.deploy.secrets import refuse_secrets
from skills.deploy.served import FILES, TOLD, Served, file_of
from skills.deploy.spec import Spec
from skills.deploy.written import IGNORED, WHEELS, card, client, compose, dockerfile
from skills.runtime.job import Inputs, Job, Outputs, UserMistake, write_json

SUBJECT = "subject"
SERVICE = "service"
SKIPPED = shutil.ignore_patterns("__pycache__", "*.md", "*.schema.json")
MEMORY_MB, OF_FILE = 1024, 4  # of the service: this, and so many times the model's files (heuristic)


def work(job: Job) -> None:
    """Open the model, learn what it takes, let a fresh process predict once, and write everything around it."""
    service = job.out / SERVICE
    spec = completed(job.spec, _keep(job, service / "model" / FILES))
    write_json(service / "model" / TOLD, spec.model_dump(mode="json"))
    _program(service, spec)
    refuse_secrets(service)
    job.progress(message=f"asks {spec.subject.name} for a first prediction")
    told = predict_once(service, _packages(job.inputs.get("packages")))
    _write(service, spec, told, job)
    job.artifact(SERVICE, "service")


def predict(model: Path, inputs: Inputs, variant: str) -> Outputs:
    """As the service predicts, without HTTP in between."""
    if variant != "delivered":
        raise UserMistake(f"there is no variant {variant!r}", "known is 'delivered'")
    served = Served(model)
    values, names = served.ask(inputs)
    if inputs.rows is None:
        return Outputs(values, names)
    import pandas as pd

    return Outputs(values, names, pd.read_parquet(inputs.rows, columns=["row_id"])["row_id"].to_numpy(dtype="int64"))


def _keep(job: Job, files: Path) -> Path:
    """The model's files, copied to where the service looks for them."""
    files.parent.mkdir(parents=True)
    spec: Spec = job.spec
    if spec.subject.kind == "run":
        shutil.copytree(job.models[SUBJECT].path, files)
        return files
    files.mkdir()
    shutil.copyfile(job.inputs[SUBJECT], file_of(files, spec))
    if "module" in job.inputs:
        shutil.copyfile(job.inputs["module"], files / "module.py")
    return files


def _program(service: Path, spec: Spec) -> None:
    """The code that serves: this skill's, the shared one, and the skill of a run's model."""
    lib = Path(__file__).resolve().parents[1]
    for name in ("runtime", "deploy", *([spec.subject.skill] if spec.subject.skill else [])):
        shutil.copytree(lib / name, service / "skills" / name, ignore=SKIPPED)
    shutil.copyfile(lib / "deploy" / "serve.py", service / "serve.py")


def _packages(environment: Path | None) -> Path | None:
    """The site-packages of the service's own environment, where the host gave one."""
    return next(iter(sorted(environment.glob("lib/python3*/site-packages"))), None) if environment else None


def _write(service: Path, spec: Spec, told: dict[str, Any], job: Job) -> None:
    packages: dict[str, str] = told["packages"]
    locks = [job.inputs[name].read_text(encoding="utf-8") for name in ("service_lock", "lock")]
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    size_mb = sum(one.stat().st_size for one in (service / "model").rglob("*") if one.is_file()) >> 20
    pins = sorted(
        {line.split()[0] for text in locks for line in text.splitlines() if "==" in line and line[0].isalnum()}
    )
    texts = {
        "requirements.txt": requirements(packages, locks[0], of_run=spec.subject.kind == "run"),
        "constraints.txt": "\n".join(pins) + "\n",
        "Dockerfile": dockerfile(python, spec.port),
        ".dockerignore": IGNORED,
        "compose.yaml": compose(spec.port, MEMORY_MB + OF_FILE * size_mb),
        "client.py": client(spec),
        "MODEL_CARD.md": card(spec, {name: packages[name] for name in packages if name in ALWAYS or "torch" in name}),
        "wheels/README.md": WHEELS,
    }
    for name, text in texts.items():
        path = service / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if "openapi" in told:
        write_json(service / "openapi.json", told["openapi"])
