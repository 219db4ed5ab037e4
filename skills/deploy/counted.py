"""What the service counts of itself, in Prometheus' text format (version 0.0.4)."""

from __future__ import annotations

import resource
import threading
import time
from collections import Counter
from collections.abc import Iterator

EDGES_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Counts:
    """Requests by path and status, their durations, and predictions. Safe to call from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started = time.time()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._buckets: Counter[tuple[str, int]] = Counter()  # (path, place of the edge)
        self._seconds: Counter[str] = Counter()
        self._predictions = 0

    def request(self, path: str, status: int, seconds: float) -> None:
        place = next((index for index, edge in enumerate(EDGES_S) if seconds <= edge), len(EDGES_S))
        with self._lock:
            self._requests[path, status] += 1
            self._buckets[path, place] += 1
            self._seconds[path] += seconds  # type: ignore[assignment]

    def predicted(self, samples: int) -> None:
        with self._lock:
            self._predictions += samples

    def text(self) -> str:
        with self._lock:
            return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield "# HELP requests_total Requests by path and status."
        yield "# TYPE requests_total counter"
        for (path, status), count in sorted(self._requests.items()):
            yield f'requests_total{{path="{path}",status="{status}"}} {count}'
        yield "# HELP request_duration_seconds How long requests took."
        yield "# TYPE request_duration_seconds histogram"
        for path in sorted(self._seconds):
            total = 0
            for place, edge in enumerate((*EDGES_S, "+Inf")):
                total += self._buckets[path, place]
                yield f'request_duration_seconds_bucket{{path="{path}",le="{edge}"}} {total}'
            yield f'request_duration_seconds_sum{{path="{path}"}} {self._seconds[path]:.6f}'
            yield f'request_duration_seconds_count{{path="{path}"}} {total}'
        yield "# HELP predictions_total Samples that were predicted."
        yield "# TYPE predictions_total counter"
        yield f"predictions_total {self._predictions}"
        yield "# HELP process_resident_memory_peak_bytes The most memory that the process held."
        yield "# TYPE process_resident_memory_peak_bytes gauge"
        yield f"process_resident_memory_peak_bytes {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}"
        yield "# HELP process_start_time_seconds When the process began, in seconds since 1970."
        yield "# TYPE process_start_time_seconds gauge"
        yield f"process_start_time_seconds {self._started:.3f}"
