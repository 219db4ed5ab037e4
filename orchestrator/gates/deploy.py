"""Checks of a model that was made quick: does it still say the same?"""

from __future__ import annotations

import math

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.gates.known import Known, measured, unknown, unmeasured

TRAINED = ("delivered vs torch", "delivered vs numpy")  # the trained network, evaluated as it was trained


def equivalence(known: Known) -> Verdict:
    """Does the quick model differ from the trained one by less than the accuracy asked for, and was it timed?

    That it is quicker is no condition: the ratio is told with its interval, as a speed-up only where that says so.
    """
    check = "deploy.equivalence"
    found = tuple(e for e in known.all("prediction_difference") if e.subject in TRAINED)
    times, speeds = known.all("latency_ms"), known.all("speedup")
    if not found:
        return unknown(
            check, "the quick model was not compared with the trained one", known.all("prediction_difference")
        )
    if not times or not measured(*found, *times):
        return unmeasured(check, (*found, *times), "the quick model could not be compared or timed")
    if not speeds or any(entry.interval is None for entry in speeds):
        return unmeasured(check, (*found, *times, *speeds), "how much quicker it is was not measured with its interval")
    value, worst = max(((e.value, e) for e in found if e.value is not None), key=lambda pair: pair[0])
    passed = value <= known.tolerance
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=value, threshold=known.tolerance,
        evidence=tuple(e.id for e in (*found, *times, *speeds)),
        reason=f"{worst.subject}: {value:.3g} of the largest value; throughput {'; '.join(map(_speed, speeds))}",
        remedy="" if passed else "deliver the float64 program",
    )  # fmt: skip


def _speed(entry: Evidence) -> str:
    low, high = entry.interval or (0.0, math.inf)
    shown = "quicker" if low > 1 else "slower" if high < 1 else "no speed-up shown"
    return f"{entry.value:.3g} times that of {entry.subject.rpartition(' ')[2]} ({low:.3g} to {high:.3g}: {shown})"


SAME = 1e-6  # of the largest output: what JSON and another process may change


def says_the_same(known: Known) -> Verdict:
    """Does the service say what the model says outside it, on inputs that the host chose?"""
    check = "deploy.equivalence"
    found = known.find("served_difference")
    if found is None or found.value is None:
        why = (found.text if found else "") or "the service was not asked"
        return unknown(check, why, (found,) if found else ())
    passed = found.value <= SAME
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=found.value, threshold=SAME, evidence=(found.id,),
        reason=f"{found.text}: {found.value:.3g} of the largest output",
        remedy="" if passed else "look at how a request is typed: the model was given other inputs than outside",
    )  # fmt: skip


def repeats(known: Known) -> Verdict:
    """Does the service answer one sample as it answers it in a batch? Nothing else is drawn here."""
    check = "reproducibility.seeds"
    found = known.find("served_alone")
    if found is None or found.value is None:
        return unknown(check, (found.text if found else "") or "the service was not asked", (found,) if found else ())
    passed = found.value <= SAME
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=found.value, threshold=SAME, evidence=(found.id,),
        reason=f"the same samples alone and in a batch differ by {found.value:.3g} of the largest output",
        remedy="" if passed else "the model draws at random when it predicts, or depends on its batch",
    )  # fmt: skip


def health(known: Known) -> Verdict:
    """Every page answers, every good request under load is answered, every bad one is refused by name."""
    check = "deploy.health"
    counts = tuple(known.find(name) for name in ("service_pages", "service_failures", "service_refusals"))
    if not all(entry is not None and entry.value is not None for entry in counts):
        return unmeasured(check, counts, "the service could not be asked")
    found = tuple(entry for entry in counts if entry is not None)
    wrong = [entry.text for entry in found if entry.value]
    engine = known.find("engine_health")
    if engine is not None and engine.value != 1.0:
        wrong, found = [*wrong, engine.text], (*found, engine)
    latency = known.find("latency_p95_ms")
    shown = f"; 95 of 100 requests took at most {latency.value:.3g} ms" if latency and latency.value is not None else ""
    return Verdict(
        id=check, verdict="failed" if wrong else "passed", value=float(len(wrong)), threshold=0.0,
        evidence=tuple(entry.id for entry in found),
        reason="; ".join(wrong) or f"every page answers, no request failed under load, bad ones are refused{shown}",
        remedy="read the service's log in measured/service" if wrong else "",
    )  # fmt: skip


def image(known: Known) -> Verdict:
    """Was the image built and started, with no root process, no secret and no test data inside?"""
    check = "deploy.image"
    names = ("image_mb", "image_root", "image_secrets", "image_data")
    entries = tuple(known.find(name) for name in names)
    if not all(entry is not None and entry.value is not None for entry in entries):
        return unmeasured(check, entries, "not proved")
    size, *counts = (entry for entry in entries if entry is not None)
    wrong = [entry.text for entry in counts if entry.value]
    return Verdict(
        id=check, verdict="failed" if wrong else "passed", value=float(len(wrong)), threshold=0.0,
        evidence=tuple(entry.id for entry in (size, *counts)),
        reason="; ".join(wrong) or f"{size.value or 0:.0f} MB, started without a network and with a read-only "
        "root; no root process, no secret, no test data inside",
        remedy="take it out of the service's folder" if wrong else "",
    )  # fmt: skip
