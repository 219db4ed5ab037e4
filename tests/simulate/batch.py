"""Many jobs of the skill in one process of the box's Python: `python -m tests.simulate.batch jobs.json`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from skills.runtime.verbs import run


def main(path: Path) -> None:
    for job in json.loads(path.read_text()):
        began = time.process_time()
        code = run("work", {"skill": "simulate", "inputs": {}, "seed": 0, **job["work"]})
        told = {"code": code, "cpu_s": time.process_time() - began}
        if code == 0 and "points" in job:
            out = job["work"]["out"]
            asked = {"out": out, "inputs": {"points": job["points"]}, "variants": job["variants"]}
            asked["models"] = {"subject": {"skill": "simulate", "path": f"{out}/model"}}
            told["code"] = run("predict", asked)
        Path(job["work"]["out"], "told.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
