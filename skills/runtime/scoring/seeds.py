"""Were the generators really seeded? The fingerprint of a job, drawn again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skills.runtime.scoring.scored import Score, Scored, Scorer, unmeasured
from skills.runtime.seeds import fingerprint


def seed_fingerprint(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """1 where the recorded first draws equal fresh ones of `params["seed"]`, else 0.

    Python's and numpy's generators are compared; others are compared where this process has them loaded.
    """
    recorded = json.loads(files["environment"].read_text(encoding="utf-8")).get("seed_fingerprint", {})
    subject = str(params.get("subject", ""))
    fresh = fingerprint(int(params["seed"]))
    if not fresh.keys() <= recorded.keys():
        missing = sorted(fresh.keys() - recorded.keys())
        return unmeasured("seed_fingerprint", f"no fingerprint of {', '.join(missing)} was recorded", subject=subject)
    wrong = sorted(name for name, digest in fresh.items() if recorded[name] != digest)
    text = f"differs: {', '.join(wrong)}" if wrong else f"equal: {', '.join(sorted(fresh))}"
    return Scored((Score("seed_fingerprint", 0.0 if wrong else 1.0, n=len(fresh), subject=subject, text=text),))


SCORERS: dict[str, Scorer] = {"seed_fingerprint": seed_fingerprint}
