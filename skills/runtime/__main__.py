"""The one command of a box: `python -m skills.runtime work|predict|time|draw|score job.json`, or `schema NAME`.

Exit codes: 0 done, 42 the user's mistake (told in out/error.json), 1 anything else (traceback in the log), 2 usage.
Threads and hashing are fixed before numpy or torch is imported, hence the late import.
"""

import json
import os
import sys
from pathlib import Path

USAGE = "usage: python -m skills.runtime work|predict|time|draw|score JOB.json | schema NAME\n"
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)


def fix_environment(threads: int) -> None:
    """Set the thread counts, and start this process anew with a fixed string hash if it had none."""
    for name in THREAD_VARIABLES:
        os.environ[name] = str(threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 (this very command again)


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or arguments[0] not in {"work", "predict", "time", "draw", "score", "schema"}:
        sys.stderr.write(USAGE)
        return 2
    verb, subject = arguments
    job = {} if verb == "schema" else json.loads(Path(subject).read_text(encoding="utf-8"))
    fix_environment(int(job.get("threads", 1)))
    from skills.runtime.verbs import run, write_schema

    if verb == "schema":
        write_schema(subject)
        return 0
    return run(verb, job)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
