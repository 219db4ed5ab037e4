"""Measures a service: against its model outside it, how it refuses, how fast it is, what its image holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.boxes.job import Code, ModelFiles
from orchestrator.config.builtin import builtin_root
from orchestrator.core.plan import Plan, Step
from orchestrator.data.split import SplitRecord
from orchestrator.journal.rundir import write_json
from orchestrator.measure.bench import Bench
from orchestrator.measure.edge import DELIVERED, load_arrays, load_json, load_predictions, prediction_file
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.record import record_hyperparameters
from orchestrator.measure.service_proof import Found, prove_image, prove_in_box, sealed_hashes
from orchestrator.measure.service_rows import Asked, asked_of, bad_requests
from sandbox.images.environments import environment_for

BATCH, REQUESTS, CLIENTS = 50, 300, 4
MEMORY_MB, OF_FILE = 1024, 4  # of the container: as compose.yaml says it
NO_ENGINE = "the image was neither built nor started, since this run's boxes are {0} boxes: it wants a Docker engine"


async def measure_service(
    bench: Bench,
    book: EvidenceBook,
    step: Step,
    served: Code,
    offline: ModelFiles,
    plan: Plan,
    split: SplitRecord | None,
) -> None:
    """Fill the book for one service, which `served` wrote; `offline` is its model outside it."""
    record_hyperparameters(book, bench.run.out(step.id), step.spec, step.id)
    service, folder = bench.run.out(step.id) / "service", bench.run.measured / "service"
    told = load_json(service / "model" / "service.json").value
    if not isinstance(told, dict):
        book.add("served_difference", None, bench.run.plan, step.id, text="the service does not describe itself")
        return
    asked = asked_of(plan, dict(told), split, folder, bench.draw_seed("service"))
    expected, why = await _expected(bench, step, offline, asked)
    job: Found = {"samples": list(asked.samples), "bad": bad_requests(dict(told), dict(asked.samples[0]))}
    job |= {
        "batch": min(BATCH, int(str(told["batch"]))),
        "requests": REQUESTS,
        "clients": CLIENTS,
        "port": told["port"],
    }
    found = await _proved(bench, step, served, service, job, plan, split)
    write_json(folder / "found.json", {key: value for key, value in found.items() if key != "outputs"})
    _same(book, found, expected, why, asked, folder / "found.json", step.id)
    _alive(book, found, folder / "found.json", step.id)
    _image(book, found, bench.workshop.sandbox.name, folder / "found.json", step.id)


async def _expected(
    bench: Bench, step: Step, offline: ModelFiles, asked: Asked
) -> tuple[NDArray[np.float64] | None, str]:
    """(outputs in the order of the samples, "") of the model outside the service, or (None, why not)."""
    folder, why = await bench.predict("service/offline", offline, asked.inputs, (DELIVERED,), step.resources)
    if folder is None:
        return None, f"the model could not be asked outside the service: {why}"
    path = prediction_file(folder, DELIVERED)
    held = load_predictions(path, len(asked.samples))
    if held.why:
        return None, held.why
    outputs = held.held["outputs"]
    if "rows" not in asked.inputs:
        return outputs, ""
    ids = load_arrays(path, ("row_ids",))
    return (outputs[np.argsort(ids.held["row_ids"], kind="stable")], "") if not ids.why else (None, ids.why)


async def _proved(
    bench: Bench, step: Step, served: Code, service: Path, job: Found, plan: Plan, split: SplitRecord | None
) -> Found:
    def progress(line: str) -> None:
        bench.workshop.journal.tell("note", step.id, text=line)

    sandbox = bench.workshop.sandbox.name
    if sandbox == "docker":
        sealed = [Path(split.test_inputs), Path(split.labels), Path(split.train)] if split else []
        sealed += [Path(plan.evaluated.trained_on)] if plan.evaluated and plan.evaluated.trained_on else []
        size_mb = sum(one.stat().st_size for one in (service / "model").rglob("*") if one.is_file()) >> 20
        memory_mb = MEMORY_MB + OF_FILE * size_mb
        return await prove_image(
            service, bench.run.run_id.lower(), job, memory_mb, sealed_hashes(tuple(sealed)), progress
        )
    packages = await environment_for(builtin_root() / "locks" / "service.txt", sandbox, progress)
    return await prove_in_box(service, packages, bench.workshop, served, job, step.resources)


def _same(
    book: EvidenceBook,
    found: Found,
    expected: NDArray[np.float64] | None,
    why: str,
    asked: Asked,
    source: Path,
    step: str,
) -> None:
    outputs = _outputs(found.get("outputs"))
    lost = why or found.get("why") or ("" if expected is not None and outputs is not None else "it gave no outputs")
    if not lost and expected is not None and outputs is not None and outputs.shape != expected.shape:
        lost = f"the service gives outputs of shape {outputs.shape}, the model {expected.shape}"
    if lost or expected is None or outputs is None:
        book.add("served_difference", None, source, step, text=str(lost))
        book.add("served_alone", None, source, step, text=str(lost))
        return
    scale = float(np.abs(expected).max()) or 1.0
    worst = float(np.abs(outputs - expected).max()) / scale
    text = f"largest difference to the model outside the service, {len(outputs)} of {asked.whence}"
    book.add("served_difference", worst, source, step, n=len(outputs), subject=DELIVERED, text=text)
    book.add("served_alone", float(found.get("alone", np.inf)) / scale, source, step, n=min(20, len(outputs)))


def _outputs(found: Any) -> NDArray[np.float64] | None:
    try:
        outputs = np.asarray(found, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return outputs if outputs.ndim == 2 and outputs.size else None


def _alive(book: EvidenceBook, found: Found, source: Path, step: str) -> None:
    names = ("service_pages", "service_failures", "service_refusals")
    if "statuses" not in found:
        for name in names:
            book.add(name, None, source, step, text=str(found.get("why", "")))
        return
    lost = [f"{path} answers {status}" for path, status in found["statuses"].items() if status != 200]
    load, batches = found["load"], found["load_batch"]
    failures = int(load["failed"]) + int(batches["failed"])
    kept = [one["what"] for one in found["bad"] if not (400 <= one["status"] < 500 and one["names_field"])]
    book.add("service_pages", float(len(lost)), source, step, n=len(found["statuses"]), text="; ".join(lost))
    text = f"{failures} of {int(load['n'])} requests under load failed"
    book.add("service_failures", float(failures), source, step, n=int(load["n"]), text=text)
    text = f"not refused by name: {', '.join(kept)}"
    book.add("service_refusals", float(len(kept)), source, step, n=len(found["bad"]), text=text)
    text = f"{int(load['n'])} requests by {CLIENTS} clients at once"
    for share in (50, 95, 99):
        name = f"latency_p{share}_ms"
        book.add(name, load[f"p{share}_ms"], source, step, unit="ms", n=int(load["n"]), subject=DELIVERED, text=text)
    book.add("throughput", load["throughput"], source, step, unit="requests/s", n=int(load["n"]), subject=DELIVERED)
    book.add("batch_ms", batches["p50_ms"], source, step, unit="ms", n=int(batches["n"]), subject=DELIVERED)
    book.add("memory_mb", found["memory_bytes"] / 2**20, source, step, unit="MiB", subject=DELIVERED)
    book.add("cold_start_s", found["ready_s"], source, step, unit="s", subject=DELIVERED)


def _image(book: EvidenceBook, found: Found, sandbox: str, source: Path, step: str) -> None:
    """What is known of the image; without a value where there is none."""
    made, contents = found.get("image"), found.get("contents")
    if made is None or contents is None:
        why = str(found.get("why", "")) if sandbox == "docker" else NO_ENGINE.format(sandbox)
        book.add("image_mb", made["bytes"] / 1e6 if made else None, source, step, unit="MB", text=why)
        for name in ("image_root", "image_secrets", "image_data"):
            book.add(name, None, source, step, text=why)
        return
    root = [user for user in found["users"] if user in ("0", "root")]
    text = f"processes of the users {', '.join(found['users'])}"
    book.add("image_mb", made["bytes"] / 1e6, source, step, unit="MB", text=f"built on {made['base']}")
    book.add("image_root", float(len(root)), source, step, n=len(found["users"]), text=text)
    for name, key in (("image_secrets", "secrets"), ("image_data", "data")):
        held = list(contents[key])
        book.add(name, float(len(held)), source, step, n=int(contents["files"]), text="; ".join(held[:5]))
    healthy = found["engine_health"]
    book.add("engine_health", float(healthy == "healthy"), source, step, text=f"the engine's health check: {healthy}")
