"""What a service is asked, how it is asked, and what its image is searched for."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from orchestrator.core.plan import Plan
from orchestrator.core.request import Route
from orchestrator.core.values import sha256_file
from orchestrator.measure.service_contents import look_into
from orchestrator.measure.service_rows import asked_of, bad_requests
from sandbox.inbox import asking

PLAN = Plan(route=Route.DEPLOY, planner="rules", thoughts=(), steps=())
COLUMNS = [
    {"name": "a", "type": "number", "optional": True, "low": 0.0, "high": 2.0, "example": None},
    {"name": "n", "type": "integer", "optional": False, "low": None, "high": None, "example": None},
    {"name": "w", "type": "text", "optional": False, "low": None, "high": None, "example": "x"},
]
ROWS: dict[str, Any] = {"form": "rows", "columns": COLUMNS, "shape": [], "dtype": "float32", "batch": 3}
ARRAY: dict[str, Any] = {"form": "array", "columns": [], "shape": [2, 3], "dtype": "float32", "batch": 3}


def test_drawn_rows_keep_to_the_schema_and_are_the_same_as_json_and_as_a_file(tmp_path: Path) -> None:
    asked = asked_of(PLAN, ROWS, None, tmp_path, seed=1)
    frame = pd.read_parquet(asked.inputs["rows"])
    assert len(frame) == len(asked.samples) == 500
    assert frame["a"].between(0, 2).all() and frame["n"].dtype == np.int64
    assert asked.samples[7] == {"a": frame["a"][7], "n": int(frame["n"][7]), "w": "x"}
    assert asked_of(PLAN, ROWS, None, tmp_path / "again", seed=2).samples != asked.samples


def test_drawn_arrays_are_the_same_flat_and_nested(tmp_path: Path) -> None:
    asked = asked_of(PLAN, ARRAY, None, tmp_path, seed=1)
    with np.load(asked.inputs["points"]) as held:
        flat = held["inputs"]
    assert flat.shape == (64, 6)
    assert np.array_equal(np.asarray(asked.samples[3]["inputs"]).ravel(), flat[3])


@pytest.mark.parametrize(
    ("told", "sample"), [(ROWS, {"a": 1.0, "n": 2, "w": "x"}), (ARRAY, {"inputs": [[0.0] * 3] * 2})]
)
def test_bad_requests_differ_from_a_good_one_in_one_thing(told: dict[str, Any], sample: dict[str, Any]) -> None:
    cases = {one["what"]: one for one in bad_requests(told, sample)}
    assert len(json.loads(cases["a batch too large"]["body"])["samples"]) == told["batch"] + 1
    wrong = json.loads(cases["a wrong type"]["body"])
    changed = {key for key in sample if wrong[key] != sample[key]}
    assert changed == {cases["a wrong type"]["field"]} and cases["a missing field"]["field"] in sample
    assert ("a wrong shape" in cases) == (told is ARRAY)


class Service(BaseHTTPRequestHandler):
    """A service that doubles `a`; every twentieth prediction fails, and nothing is ever refused by name."""

    count = 0

    def do_GET(self) -> None:
        self._send(404 if self.path == "/metrics" else 200, {"status": "ok"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "bad" in body:
            return self._send(422, {"detail": "no"})
        if self.path == "/predict/batch":
            return self._send(200, {"predictions": [_double(one) for one in body["samples"]]})
        Service.count += 1
        return self._send(500 if Service.count > 20 and Service.count % 20 == 0 else 200, _double(body))

    def _send(self, status: int, told: Any) -> None:
        held = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(held)))
        self.end_headers()
        self.wfile.write(held)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def _double(sample: dict[str, float]) -> dict[str, Any]:
    return {"prediction": 2 * sample["a"], "outputs": {"y": 2 * sample["a"]}}


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_service_is_asked_counted_and_timed(port: int) -> None:
    assert asking.wait_until_ready(port, time.monotonic() + 10)
    bad = [{"what": "it", "path": "/predict", "body": '{"bad": 1}', "field": "a_name"}]
    job = {"samples": [{"a": float(n)} for n in range(30)], "bad": bad, "batch": 8, "requests": 60, "clients": 3}
    found = asking.ask(port, job)
    assert found["outputs"] == [[2.0 * n] for n in range(30)] and found["alone"] == 0.0
    assert found["statuses"]["/metrics"] == 404 and found["statuses"]["/health"] == 200
    assert found["bad"] == [{"what": "it", "status": 422, "names_field": False}]
    assert (found["load"]["n"], found["load"]["failed"]) == (60, 3)
    assert 0 < found["load"]["p50_ms"] <= found["load"]["p95_ms"] <= found["load"]["p99_ms"]


def test_nobody_waits_for_a_service_that_has_ended() -> None:
    began = time.monotonic()
    assert not asking.wait_until_ready("/nowhere.sock", began + 60, lambda: time.monotonic() > began + 0.2)
    assert time.monotonic() - began < 10


def test_an_image_is_searched_for_secrets_tables_and_sealed_files(tmp_path: Path) -> None:
    files = {"app/a.py": b"KEY = 'AKIA" + b"A" * 16 + b"'", "app/t.csv": b"x", "app/model.bin": b"rows", "app/ok": b"1"}
    for number, (name, held) in enumerate(files.items()):
        (tmp_path / f"{number}").write_bytes(held)
        (tmp_path / f"{number}.name").write_text(name)
    found = look_into(tmp_path, frozenset({sha256_file(tmp_path / "2")}))
    assert (found.files, found.secrets) == (4, ("app/a.py holds an access key",))
    assert set(found.data) == {"app/t.csv", "app/model.bin"}
