"""Which packages the model needs when it predicts, told by a fresh process that does it; and the OpenAPI document."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from skills.runtime.job import UserMistake

ALWAYS = ("numpy", "pandas", "pyarrow", "pydantic")
OURS = ("pip", "setuptools")  # of every environment, loaded by others in passing
PROGRAM = """
import json, sys
from importlib.metadata import packages_distributions, version
home, packages = sys.argv[1:3]
sys.path[:0] = [home]
from pathlib import Path
from skills.deploy.served import Served, check_outputs
from skills.deploy.shapes import example_of
from skills.runtime.job import UserMistake
told = {}
try:
    served = Served(Path(home) / "model")
    sample = example_of(served.spec)
    if served.spec.form == "array":
        import numpy
        values, names = served.ask_arrays(numpy.asarray([sample["inputs"]] * 2))
    else:
        values, names = served.ask_rows([sample, sample])
    check_outputs(values)
    loaded = {name.partition(".")[0] for name in sys.modules}
    found = packages_distributions()
    owners = {owner for name in loaded for owner in found.get(name, ())}
    told = {"packages": {owner: version(owner) for owner in sorted(owners)}, "outputs": list(names)}
    if packages:
        sys.path.append(packages)
        from skills.deploy.app import make_app
        told["openapi"] = make_app(Path(home) / "model").openapi()
except UserMistake as mistake:
    told = {"mistake": [mistake.message, mistake.remedy]}
print("\\n" + json.dumps(told))
"""


def predict_once(service: Path, packages: Path | None) -> dict[str, Any]:
    """`packages` (name -> version), `outputs` (names), and `openapi` where FastAPI lies in the folder `packages`.

    Raises: UserMistake where the model cannot predict an example of what its service takes.
    """
    command = [sys.executable, "-c", PROGRAM, str(service), str(packages or "")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr)
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise UserMistake(
            f"the model cannot predict an example: {last[:300]}", "name the columns or the shape it takes"
        )
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    if "mistake" in found:
        raise UserMistake(*found["mistake"])
    return found


def requirements(packages: dict[str, str], service_lock: str, *, of_run: bool) -> str:
    """Every package with its version, without the suffix of a local build; then what the service itself needs.

    pandas loads pyarrow where it is there; only the skills, whose rows come in Parquet files, need it.
    """
    named = {name.lower().replace("_", "-"): version.partition("+")[0] for name, version in packages.items()}
    kept = sorted(
        f"{name}=={version}" for name, version in named.items() if name not in OURS and (of_run or name != "pyarrow")
    )
    wanted = [line.split()[0] for line in service_lock.splitlines() if line.startswith(("fastapi==", "uvicorn=="))]
    return "\n".join(["# What the model loads when it predicts.", *kept, "# The service.", *wanted]) + "\n"
