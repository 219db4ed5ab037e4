"""One run of the peer, with its error by time.

`python -m against_deepxde.peer CASE SCHEDULE SEED LIMIT_S TRUTH.npz OUT.json`

The clock starts after the imports and stands still while the error is measured and while the peer tests itself.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("DDE_BACKEND", "pytorch")

import deepxde as dde
import numpy as np
import torch

from against_deepxde.cases import CASES, coefficient_error, relative_l2
from against_deepxde.clock import Clock
from against_deepxde.formulations import Formulation, formulate
from against_deepxde.schedules import Refinement, Schedule, schedules

LBFGS_STEP = 50  # iterations between two looks at the clock; the peer's 1000 would hide its curve
SPACING = 1.04  # a look at the error whenever the time has grown so much, or by 0.2 s


class Capped(Exception):
    """Raised when the run has used its time."""


class Watch(dde.callbacks.Callback):
    """Measures the error now and then, ends the run at its limit, and ends an L-BFGS that stands still."""

    def __init__(self, clock: Clock, truth: Any, unknown: dict[str, Any], limit_s: float) -> None:
        super().__init__()
        self.clock, self.limit_s = clock, limit_s
        self.points, self.values = truth["points"].astype(dde.config.real(np)), truth["values"]
        self.unknown, self.case_unknown = unknown, {}
        self.curve: list[list[float]] = []
        self._next, self._stood = 0.0, -1

    def on_epoch_end(self) -> None:
        cpu, wall = self.clock.seconds
        if cpu >= self._next:
            self.measure()
        if cpu > self.limit_s or wall > 4 * self.limit_s:
            raise Capped
        if self.model.opt_name == "L-BFGS":
            if self.model.train_state.step == self._stood:
                self.model.stop_training = True
            self._stood = self.model.train_state.step

    def measure(self) -> None:
        cpu, wall = self.clock.seconds
        with self.clock.pause():
            error = relative_l2(self.model.predict(self.points).astype(np.float64), self.values)
            found = {name: float(variable.detach()) for name, variable in self.unknown.items()}
            wrong = coefficient_error(found, self.case_unknown)
            self.curve.append([cpu, wall, max(error, wrong), error, wrong])
        self._next = max(cpu + 0.2, cpu * SPACING)


def _compile(model: Any, how: Formulation, optimizer: str, weights: Any) -> None:
    more: dict[str, Any] = {"loss_weights": weights} if weights is not None else {}
    if how.unknown:
        more["external_trainable_variables"] = list(how.unknown.values())
    if optimizer == "adam":
        model.compile("adam", lr=1e-3, decay=how.decay, **more)
    else:
        model.compile("L-BFGS", **more)


def _lbfgs_limit(iterations: int) -> None:
    """The peer fixes these two when it is imported, so that its setter alone would not change them."""
    dde.optimizers.set_LBFGS_options(maxiter=iterations)
    held = dde.optimizers.config.LBFGS_options
    held["iter_per_step"] = min(LBFGS_STEP, iterations)
    held["fun_per_step"] = held["maxfun"] * held["iter_per_step"] // held["maxiter"]


def _phase(model: Any, how: Formulation, watch: Watch, weights: Any, optimizer: str, iterations: int) -> int:
    """Train; the number of iterations that were made."""
    if iterations == 0:
        return 0
    before = model.train_state.step or 0
    if optimizer == "L-BFGS":
        _lbfgs_limit(iterations)
    _compile(model, how, optimizer, weights)
    more = [dde.callbacks.PDEPointResampler(period=1)] if how.resample and optimizer == "adam" else []
    with_iterations = {"iterations": iterations} if optimizer == "adam" else {}
    model.train(callbacks=[watch, *more], verbose=0, **with_iterations)
    watch.measure()
    return int(model.train_state.step - before)


def _refine(model: Any, how: Formulation, watch: Watch, weights: Any, plan: Refinement) -> None:
    """Add the candidates with the largest residual, and train on, round by round."""
    for _ in range(plan.rounds):
        candidates = how.data.geom.random_points(plan.candidates)
        residual = np.abs(model.predict(candidates, operator=how.residual))
        worst = np.argsort(residual[:, 0])[-plan.added :]
        how.data.add_anchors(candidates[worst])
        _phase(model, how, watch, weights, "adam", plan.adam)
        _phase(model, how, watch, weights, "L-BFGS", plan.lbfgs)


def _first_weights(model: Any, how: Formulation) -> Any:
    if how.weights is None:
        return None
    model.compile("adam", lr=1e-3)
    history, _ = model.train(iterations=0, verbose=0)
    return how.weights(np.asarray(history.loss_train[0])).tolist()


def run(name: str, schedule: Schedule, seed: int, limit_s: float, truth: Any) -> dict[str, Any]:
    """One run: the curve of (CPU s, wall s, error, field error, coefficient error), the iterations, how it ended."""
    torch.set_num_threads(1)
    torch.optim.Adam(
        [torch.zeros(1, requires_grad=True)]
    )  # the first optimizer imports half of torch: not its training
    clock = Clock()
    dde.config.set_default_float("float64" if schedule.float64 else "float32")
    dde.config.set_random_seed(seed)
    seen = (truth["seen"], truth["seen_values"]) if "seen" in truth else (None, None)
    how = formulate(name, schedule, *seen)
    model = dde.Model(how.data, how.net)
    watch = Watch(clock, truth, how.unknown, limit_s)
    watch.case_unknown = CASES[name].unknown
    testing = model._test

    def unmetered(verbose: int = 1) -> None:
        with clock.pause():
            testing(verbose=verbose)

    model._test = unmetered
    made: dict[str, int] = {}
    capped = False
    try:
        weights = _first_weights(model, how)
        made["adam"] = _phase(model, how, watch, weights, "adam", schedule.adam)
        made["lbfgs"] = _phase(model, how, watch, weights, "L-BFGS", schedule.lbfgs)
        if schedule.refinement:
            _refine(model, how, watch, weights, schedule.refinement)
    except Capped:
        capped = True
        watch.measure()
    cpu, wall = clock.seconds
    return {
        "curve": watch.curve, "iterations": made, "steps": int(model.train_state.step), "capped": capped,
        "cpu_s": cpu, "wall_s": wall, "limit_s": limit_s, "load": os.getloadavg()[0],
        "versions": {"deepxde": dde.__version__, "torch": torch.__version__, "numpy": np.__version__},
    }  # fmt: skip


def main(case: str, schedule: str, seed: str, limit_s: str, truth: str, out: str) -> None:
    held = dict(np.load(truth))
    found = run(case, schedules(case)[schedule], int(seed), float(limit_s), held)
    Path(out).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
