"""The verbs of the box: work, predict, time, draw, score, schema."""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError

from skills.runtime import environment, seeds
from skills.runtime.job import Inputs, Job, Model, Outputs, UserMistake, write_json

USER_MISTAKE_EXIT = 42
SPEC_REMEDY = "change the request or the spec so that these values are accepted"


def run(verb: str, raw: dict[str, Any]) -> int:
    """Do one job; the exit code. Anything but a user's mistake ends with a traceback in the log."""
    out = Path(raw["out"])
    out.mkdir(parents=True, exist_ok=True)
    try:
        {"work": work, "predict": predict, "time": time, "draw": draw, "score": score}[verb](raw, out)
    except UserMistake as mistake:
        write_json(
            out / "error.json",
            {"type": "UserMistake", "message": mistake.message, "remedy": mistake.remedy},
        )
        return USER_MISTAKE_EXIT
    except Exception:  # noqa: BLE001 (the last stop of the process: told in full, exit code 1)
        traceback.print_exc()
        return 1
    return 0


def work(raw: dict[str, Any], out: Path) -> None:
    """Parse the spec, seed, record the environment, then let the skill work."""
    threads, device = int(raw.get("threads", 1)), str(raw.get("device", "cpu"))
    spec = parse_spec(raw["skill"], raw.get("spec", {}), int(raw.get("seed", 0)))
    seed = int(getattr(spec, "seed", raw.get("seed", 0)))
    main = importlib.import_module(f"skills.{raw['skill']}.main")
    for library in getattr(main, "LIBRARIES", ()):
        importlib.import_module(library)
    seeds.settle_torch()
    write_json(out / "hyperparameters.json", spec.model_dump(mode="json"))
    write_json(out / "environment.json", environment.record(seed, threads, seeds.fingerprint(seed), device))
    main.work(
        Job(
            skill=raw["skill"],
            spec=spec,
            inputs={name: Path(path) for name, path in raw.get("inputs", {}).items()},
            models=_models(raw),
            out=out,
            seed=seed,
            threads=threads,
            device=device,
        )
    )


def parse_spec(skill: str, values: dict[str, Any], seed: int) -> BaseModel:
    """The skill's Spec. Its own seed is the one that counts, being what is logged; without one it takes the job's.

    Raises: UserMistake with every value that the Spec refuses.
    """
    spec_class: type[BaseModel] = importlib.import_module(f"skills.{skill}.spec").Spec
    if "seed" in spec_class.model_fields:
        values = {"seed": seed, **values}
    try:
        return spec_class.model_validate(values)
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(map(str, part['loc'])) or 'spec'}: {part['msg']}" for part in error.errors(include_url=False)
        )
        raise UserMistake(f"the spec of {skill!r} cannot be used: {told}", SPEC_REMEDY) from error


def predict(raw: dict[str, Any], out: Path) -> None:
    """Write predictions.npz for the first variant, predictions-VARIANT.npz for the others, and features.npz."""
    subject = _models(raw)["subject"]
    main = importlib.import_module(f"skills.{subject.skill}.main")
    seeds.settle_torch()
    seeds.seed_everything(int(raw.get("seed", 0)))
    inputs = read_inputs({name: Path(path) for name, path in raw["inputs"].items()}, str(raw.get("device", "cpu")))
    variants = list(raw.get("variants") or ["delivered"])
    for place, variant in enumerate(variants):
        outputs = main.predict(subject.path, inputs, variant)
        name = "predictions.npz" if place == 0 else f"predictions-{variant}.npz"
        np.savez(out / name, **prediction_arrays(inputs, outputs))
    if hasattr(main, "features"):
        np.savez(out / "features.npz", features=np.asarray(main.features(subject.path, inputs), dtype=np.float64))


def time(raw: dict[str, Any], out: Path) -> None:
    """Write times.json: how long a model's `predict` takes."""
    from skills.runtime.timing import time_job

    importlib.import_module(f"skills.{raw['models']['subject']['skill']}.main")
    seeds.settle_torch()
    time_job(raw, out)


def draw(raw: dict[str, Any], out: Path) -> None:
    """Write the judge's points for a problem."""
    from skills.runtime.probes import draw_job

    draw_job(raw, out)


def score(raw: dict[str, Any], out: Path) -> None:
    """Run the scorers; one that breaks yields an unmeasured score, so that the others still count."""
    from skills.runtime.scoring.registry import scorers
    from skills.runtime.scoring.scored import unmeasured

    known = scorers()
    results = []
    for wanted in raw["scorers"]:
        name, params = wanted["name"], wanted.get("params", {})
        if name not in known:
            raise ValueError(f"there is no scorer {name!r}; the registry holds {sorted(known)}")
        files = {key: Path(path) for key, path in wanted.get("inputs", {}).items()}
        try:
            results.append(known[name](files, params))
        except Exception as error:  # noqa: BLE001 (what a stranger's model wrote may break a scorer: unknown, told)
            traceback.print_exc()
            text = f"could not be measured: {type(error).__name__}: {error}"
            results.append(unmeasured(name, text, subject=str(params.get("subject", ""))))
    write_json(
        out / "scores.json",
        {
            "scores": [found.as_json() for result in results for found in result.scores],
            "tables": {key: table for result in results for key, table in result.tables.items()},
        },
    )
    for result in results:
        for name, arrays in result.arrays.items():
            np.savez(out / f"{name}.npz", **arrays)


def schema_text(skill: str) -> str:
    """The JSON schema of a skill's Spec, as spec.schema.json holds it."""
    spec_class: type[BaseModel] = importlib.import_module(f"skills.{skill}.spec").Spec
    return json.dumps(spec_class.model_json_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_schema(skill: str) -> None:
    """Print the schema; `make schemas` sends it to spec.schema.json."""
    sys.stdout.write(schema_text(skill))


def read_inputs(files: dict[str, Path], device: str = "cpu") -> Inputs:
    """The inputs of a predict job: `points` (.npz) or `rows` (Parquet, left to the skill to read)."""
    if "rows" in files:
        return Inputs(rows=files["rows"], device=device)
    with np.load(files["points"], allow_pickle=False) as held:
        points = np.asarray(held["inputs"], dtype=np.float64)
        names = tuple(str(name) for name in held["input_names"])
    if points.ndim != 2 or points.shape[1] != len(names):
        raise ValueError(f"inputs have shape {points.shape} and {len(names)} names: (n, d) and d are wanted")
    return Inputs(points=points, names=names, device=device)


def prediction_arrays(inputs: Inputs, outputs: Outputs) -> dict[str, np.ndarray]:
    """What a predictions file holds. Raises ValueError where a skill's outputs have the wrong shape."""
    values = np.asarray(outputs.values, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(outputs.names):
        raise ValueError(f"outputs have shape {values.shape} and {len(outputs.names)} names: (n, k) and k are wanted")
    arrays: dict[str, np.ndarray] = {"outputs": values, "output_names": np.asarray(outputs.names, dtype=np.str_)}
    if inputs.points is not None:
        rows = len(inputs.points)
        arrays |= {"inputs": inputs.points, "input_names": np.asarray(inputs.names, dtype=np.str_)}
    else:
        if outputs.row_ids is None:
            raise ValueError("predictions for rows must come with their row_ids")
        rows = len(outputs.row_ids)
        arrays["row_ids"] = np.asarray(outputs.row_ids, dtype=np.int64)
    if len(values) != rows:
        raise ValueError(f"{len(values)} predictions for {rows} inputs")
    return arrays


def _models(raw: dict[str, Any]) -> dict[str, Model]:
    found = raw.get("models", {})
    return {name: Model(skill=entry["skill"], path=Path(entry["path"])) for name, entry in found.items()}
