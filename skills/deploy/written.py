"""The texts of a service's folder: Dockerfile, compose.yaml, a client, and the model's card."""

from __future__ import annotations

import json
from typing import Any

from skills.deploy.shapes import example_of
from skills.deploy.spec import Spec

WHEELS = (
    "Wheels that lie here are taken before those of an index; `--build-arg PIP_NO_INDEX=1` builds from them alone.\n"
)
IGNORED = "*\n!Dockerfile\n!requirements.txt\n!constraints.txt\n!wheels\n!serve.py\n!skills\n!model\n**/__pycache__\n"


def dockerfile(python: str, port: int) -> str:
    """Two stages: packages are installed in the first, the second has neither pip nor a root process."""
    return f"""\
# BASE is any image whose `python3` is Python {python} with venv.
ARG BASE=python:{python}-slim
FROM ${{BASE}} AS build
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_NO_INDEX
COPY requirements.txt constraints.txt /build/
COPY wheels/ /build/wheels/
RUN set -eu; \\
    python3 -m venv /opt/service; \\
    /opt/service/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-input \\
        --find-links /build/wheels --requirement /build/requirements.txt --constraint /build/constraints.txt; \\
    /opt/service/bin/python -m pip uninstall --yes --quiet pip; \\
    mkdir -p /opt/service/openmp; \\
    for found in /opt/service/lib/python*/site-packages/scikit_learn.libs/libgomp*.so*; do \\
        [ ! -e "$found" ] || ln -sf "$found" /opt/service/openmp/libgomp.so.1; \\
    done

FROM ${{BASE}}
RUN set -eu; \\
    echo 'service:x:10001:10001:service:/nonexistent:/usr/sbin/nologin' >> /etc/passwd; \\
    echo 'service:x:10001:' >> /etc/group; \\
    find / -xdev -type f -perm /6000 -exec chmod a-s {{}} +
COPY --from=build /opt/service /opt/service
COPY serve.py /app/serve.py
COPY skills /app/skills
COPY model /app/model
# LightGBM's library wants an OpenMP runtime; scikit-learn brings one.
ENV LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 LD_LIBRARY_PATH=/opt/service/openmp PORT={port}
WORKDIR /app
USER 10001:10001
EXPOSE {port}
HEALTHCHECK --interval=5s --timeout=3s --start-period=120s --retries=3 \\
    CMD ["/opt/service/bin/python", "serve.py", "check"]
CMD ["/opt/service/bin/python", "serve.py"]
"""


def compose(port: int, memory_mb: int) -> str:
    """One service that may write nothing but /tmp."""
    return f"""\
services:
  model:
    build: .
    ports: ["${{PORT:-{port}}}:{port}"]
    read_only: true
    tmpfs: ["/tmp:size=256m"]
    cap_drop: ["ALL"]
    security_opt: ["no-new-privileges:true"]
    pids_limit: 128
    mem_limit: {memory_mb}m
    restart: unless-stopped
"""


def client(spec: Spec) -> str:
    """A program that asks once, with Python's own library."""
    sample = json.dumps(example_of(spec), indent=4, ensure_ascii=False)
    return f'''\
"""Asks the service for a prediction: `python client.py [URL]`."""

import json
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen

SAMPLE = json.loads("""
{sample}
""")


def predict(url: str, sample: dict) -> dict:
    """The service's answer. A 422 names the field that is wrong."""
    request = Request(f"{{url}}/predict", json.dumps(sample).encode(), {{"Content-Type": "application/json"}})
    try:
        with urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except HTTPError as error:
        raise SystemExit(f"{{error.code}}: {{error.read().decode()}}") from None


if __name__ == "__main__":
    print(json.dumps(predict(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:{spec.port}", SAMPLE), indent=2))
'''


def card(spec: Spec, packages: dict[str, str]) -> str:
    """What the model is and what was measured of it. What was not measured is said to be unknown."""
    subject = spec.subject
    made = (
        f"run `{subject.run}`, skill `{subject.skill}`"
        if subject.run
        else "a file of the user's; how it was trained was not seen"
    )
    inputs = [
        f"| `{one.name}` | {one.type}{', may be missing' if one.optional else ''} | "
        f"{'' if one.low is None else f'{one.low:g} to {one.high:g}'} |"
        for one in spec.columns
    ]
    if spec.form == "array":
        inputs = [f"| `inputs` | numbers of shape {tuple(spec.shape)}, {spec.dtype} | |"]
    measured = [f"- {_measured(entry)}" for entry in spec.card] or ["- Nothing was measured of its quality here."]
    lines = [
        f"# {subject.name}", "", f"Predicts: {spec.target or 'outputs'} ({spec.task or 'numbers'}). From {made}.",
        f"SHA-256 of its files: `{subject.sha256}`.", "", "## Inputs", "", "| name | type | range in the data |",
        "|---|---|---|", *inputs, "", "## What was measured", "", *measured, "", "## Limits", "",
        "- Outside the ranges above it was not measured.",
        "- Its quality on data that differ from those it was measured on is unknown.", "", "## Made with", "",
        ", ".join(f"{name} {version}" for name, version in packages.items()) + ".", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _measured(entry: dict[str, Any]) -> str:
    value = entry.get("value")
    shown = f"{value:.6g}" if isinstance(value, int | float) else str(value)
    unit = f" {entry['unit']}" if entry.get("unit") else ""
    return f"{entry.get('text', '')}: **{shown}{unit}**"
