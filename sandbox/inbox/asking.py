"""Asks a prediction service over HTTP and measures it. Standard library alone: it also runs inside boxes, as a program.

`python asking.py JOB.json RESULT.json`: the service is started, asked and stopped. On the host `ask` is called on a
service that runs already.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

CALL_S = 60.0  # patience with one request
POLL_S = 0.05
ASKED = ("/health", "/ready", "/metrics", "/model", "/openapi.json")
LINES = 20  # of a service's own words that are told where it ends


class OverSocket(http.client.HTTPConnection):
    """HTTP over a socket that is a file."""

    def __init__(self, path: str) -> None:
        super().__init__("service", timeout=CALL_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(CALL_S)
        self.sock.connect(self._path)


class Client:
    """One connection to the service at `where`: a port of this machine, or the path of a socket."""

    def __init__(self, where: int | str) -> None:
        self._line = (
            OverSocket(where)
            if isinstance(where, str)
            else http.client.HTTPConnection("127.0.0.1", where, timeout=CALL_S)
        )

    def get(self, path: str) -> tuple[int, bytes]:
        return self._call("GET", path, None)

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        return self._call("POST", path, body)

    def close(self) -> None:
        self._line.close()

    def _call(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            self._line.request(method, path, body, headers)
            answer = self._line.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self._line.close()
            raise


def wait_until_ready(where: int | str, deadline: float, ended: Any = lambda: False) -> bool:
    """Whether /ready says 200 before `deadline` (of time.monotonic) and before the service ends."""
    while time.monotonic() < deadline and not ended():
        client = Client(where)
        try:
            if client.get("/ready")[0] == 200:
                return True
        except (OSError, http.client.HTTPException):
            pass  # not listening yet
        finally:
            client.close()
        time.sleep(POLL_S)
    return False


def ask(where: int | str, job: dict[str, Any]) -> dict[str, Any]:
    """What the service says of every sample, of the bad requests, and how fast it is under load.

    `job`: `samples`, `bad` ([{"path", "body", "field"}]), `batch` (samples a request), `requests` and `clients` (load).
    """
    client = Client(where)
    pages = {path: client.get(path) for path in ASKED}
    told: dict[str, Any] = {"statuses": {path: status for path, (status, _) in pages.items()}}
    told["openapi"] = _json(pages["/openapi.json"][1])
    told["metrics"] = pages["/metrics"][1].decode("utf-8", "replace")[:200]
    told |= _answers(client, job["samples"], job["batch"])
    told["bad"] = [_refusal(client, one) for one in job["bad"]]
    told["load"] = _load(where, job["samples"], job["requests"], job["clients"])
    told["load_batch"] = _timed([_post_batch(client, job["samples"][: job["batch"]]) for _ in range(10)])
    told["health_after"] = client.get("/health")[0]
    client.close()
    return told


def _answers(client: Client, samples: list[Any], batch: int) -> dict[str, Any]:
    """Outputs by batches; the first few one by one as well, and the largest difference between the two."""
    outputs: list[dict[str, float]] = []
    for at in range(0, len(samples), batch):
        status, body = client.post("/predict/batch", json.dumps({"samples": samples[at : at + batch]}).encode())
        if status != 200:
            return {"outputs": [], "why": f"/predict/batch answers {status}: {body.decode('utf-8', 'replace')[:500]}"}
        outputs += [one["outputs"] for one in _json(body)["predictions"]]
    worst = 0.0
    for sample, batched in list(zip(samples, outputs, strict=True))[:20]:
        status, body = client.post("/predict", json.dumps(sample).encode())
        if status != 200:
            return {"outputs": [], "why": f"/predict answers {status}: {body.decode('utf-8', 'replace')[:500]}"}
        worst = max(worst, *(abs(batched[name] - value) for name, value in _json(body)["outputs"].items()))
    names = list(outputs[0]) if outputs else []
    return {"names": names, "outputs": [[one[name] for name in names] for one in outputs], "alone": worst, "why": ""}


def _refusal(client: Client, bad: dict[str, Any]) -> dict[str, Any]:
    """How a bad request is answered: the status, and whether the answer names the field."""
    status, body = client.post(bad["path"], bad["body"].encode())
    return {"what": bad["what"], "status": status, "names_field": bad["field"] in body.decode("utf-8", "replace")}


def _load(where: int | str, samples: list[Any], requests: int, clients: int) -> dict[str, float]:
    """`requests` single predictions by `clients` at once."""
    bodies = [json.dumps(sample).encode() for sample in samples[: min(len(samples), 200)]]
    times: list[list[tuple[int, float]]] = [[] for _ in range(clients)]

    def one_client(place: int) -> None:
        client = Client(where)
        for number in range(place, requests, clients):
            began = time.perf_counter()
            try:
                status, _ = client.post("/predict", bodies[number % len(bodies)])
            except (OSError, http.client.HTTPException):
                status = 0
            times[place].append((status, time.perf_counter() - began))
        client.close()

    threads = [threading.Thread(target=one_client, args=(place,)) for place in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = _timed([entry for part in times for entry in part])
    return found | {"throughput": len(bodies) and requests / (time.perf_counter() - began)}


def _post_batch(client: Client, samples: list[Any]) -> tuple[int, float]:
    body = json.dumps({"samples": samples}).encode()
    began = time.perf_counter()
    status, _ = client.post("/predict/batch", body)
    return status, time.perf_counter() - began


def _timed(entries: list[tuple[int, float]]) -> dict[str, float]:
    """Percentiles in milliseconds (nearest rank), how many requests there were, how many were not answered with 200."""
    seconds = sorted(took for _, took in entries)
    told = {f"p{share}_ms": 1000 * seconds[max(0, math.ceil(share / 100 * len(seconds)) - 1)] for share in (50, 95, 99)}
    return told | {"n": len(entries), "failed": sum(status != 200 for status, _ in entries)}


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def main(job_file: str, result_file: str) -> int:
    """Start the service that the job names, ask it, stop it, and write what was found."""
    job = json.loads(Path(job_file).read_text(encoding="utf-8"))
    log = Path(result_file).with_suffix(".log")
    began = time.monotonic()
    with log.open("wb") as words:
        environment = {**os.environ, **job["environment"], "PORT": str(job["port"]), "HOST": "127.0.0.1"}
        service = subprocess.Popen(job["command"], stdout=words, stderr=words, env=environment)
        try:
            told: dict[str, Any] = {}
            if wait_until_ready(job["port"], began + job["patience_s"], lambda: service.poll() is not None):
                told = {"ready_s": time.monotonic() - began} | ask(job["port"], job)
                told["memory_bytes"] = _peak(service.pid)
            else:
                lines = log.read_text("utf-8", "replace").splitlines()[-LINES:]
                told = {"why": f"the service was not ready: {' / '.join(lines) or service.poll()}"}
        finally:
            service.terminate()
            try:
                service.wait(10)
            except subprocess.TimeoutExpired:
                service.kill()
    Path(result_file).write_text(json.dumps(told), encoding="utf-8")
    return 0


def _peak(pid: int) -> int:
    """The most memory that the process held, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
