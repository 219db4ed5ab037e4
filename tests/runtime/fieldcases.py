"""Problems with solutions in closed form, and models of them at the judge's points: right ones and wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy import cos, exp, pi, sin, tanh

from skills.runtime.probes import draw, write
from skills.runtime.problem import Problem
from skills.runtime.scoring.registry import scorers
from skills.runtime.scoring.scored import Score, Scored

Told = dict[str, Any]
Solution = Callable[..., Any]


def box(**ranges: tuple[float, float]) -> list[Told]:
    return [{"name": name, "low": low, "high": high} for name, (low, high) in ranges.items()]


UNIT = box(x=(0.0, 1.0), t=(0.0, 1.0))
HELD = [{"at": {"x": 0.0}, "equations": ["u"]}, {"at": {"x": 1.0}, "equations": ["u"]}]
HEAT: Told = {
    "name": "heat", "coordinates": UNIT, "fields": ["u"], "equations": ["u_t - alpha*u_xx"],
    "parameters": {"alpha": 0.4}, "conditions": [{"at": {"t": 0.0}, "equations": ["u - sin(pi*x)"]}, *HELD],
    "units": {"u": "K"},
}  # fmt: skip
ROBIN: Told = {  # nonlinear, with a flux that the solution cos(x) exp(-t) gives
    "coordinates": UNIT, "fields": ["u"], "equations": ["u_t + u*u_x - 0.1*u_xx + 0.9*u + cos(x)*sin(x)*exp(-2*t)"],
    "conditions": [
        {"at": {"t": 0.0}, "equations": ["u - cos(x)"]}, {"at": {"x": 0.0}, "equations": ["u_x"]},
        {"at": {"x": 1.0}, "equations": ["u_x + 2*u - (2*cos(1) - sin(1))*exp(-t)"]},
    ],
}  # fmt: skip
FRONT: Told = {
    "coordinates": UNIT, "fields": ["u"], "equations": ["u_t + u_x + 0.001*u_xxx + 0.0001*u_xxxx"], "periodic": ["x"],
    "conditions": [{"at": {"t": 0.0}, "equations": ["u - sin(2*pi*x)"]}],
}  # fmt: skip
WAVE: Told = {
    "coordinates": UNIT, "fields": ["u"], "equations": ["u_tt - u_xx"], "exact": {"u": "sin(pi*x)*cos(pi*t)"},
    "conditions": [{"at": {"t": 0.0}, "equations": ["u - sin(pi*x)", "u_t"]}, *HELD],
}  # fmt: skip
SHARP: Told = {
    "coordinates": UNIT, "fields": ["u"], "conditions": [
        {"at": {"t": 0.0}, "equations": ["u - tanh((x - 0.5)/0.02)"]},
        {"at": {"x": 0.0}, "equations": ["u + tanh(25)"]}, {"at": {"x": 1.0}, "equations": ["u - tanh(25)"]},
    ],
    "equations": ["u_t - 0.01*u_xx - 0.02/0.02**2*u*(1 - u**2)"],
}  # fmt: skip
ODE: Told = {
    "coordinates": box(t=(0.0, 6.0)), "fields": ["u", "v"], "equations": ["u_t - v", "v_t + u"],
    "conditions": [{"at": {"t": 0.0}, "equations": ["u", "v - 1"]}],
}  # fmt: skip
INVERSE: Told = {**HEAT, "parameters": {}, "unknown": {"alpha": {"low": 0.1, "high": 1.0, "guess": 0.7}}}
CASES: dict[str, tuple[Told, Solution]] = {
    "heat": (HEAT, lambda x, t: exp(-0.4 * pi**2 * t) * sin(pi * x)),
    "robin": (ROBIN, lambda x, t: exp(-t) * cos(x)),
    "front": (
        FRONT, lambda x, t: exp(-1e-4 * (2 * pi) ** 4 * t) * sin(2 * pi * (x - t) + 1e-3 * (2 * pi) ** 3 * t)
    ),
    "wave": (WAVE, lambda x, t: sin(pi * x) * cos(pi * t)),
    "sharp": (SHARP, lambda x, t: tanh((x - 0.5) / 0.02)),
    "ode": (ODE, lambda t: (sin(t), cos(t))),
    "inverse": (INVERSE, lambda x, t: exp(-0.4 * pi**2 * t) * sin(pi * x)),
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A problem with its points drawn into a folder."""

    told: Told
    folder: Path

    @property
    def problem(self) -> Problem:
        return Problem.model_validate(self.told)

    def write(self, name: str, solution: Solution, **changes: Any) -> Path:
        """A predictions file of a model at the judge's points."""
        with np.load(self.folder / "points.npz") as held:
            points = held["inputs"]
        found = solution(*points.T)
        values = np.stack(found if isinstance(found, tuple) else (found,), axis=1)
        arrays = {"inputs": points, "input_names": self.problem.names, "outputs": values,
                  "output_names": self.problem.fields}  # fmt: skip
        path = self.folder / f"{name}.npz"
        np.savez(path, **{**arrays, **changes})
        return path

    def scored(self, name: str, files: dict[str, Path], **params: Any) -> Scored:
        probes = {"probes": self.folder / "probes.json"}
        told = {"problem": self.told, "subject": "delivered", "seed": 0, "tolerance": 1e-4, **params}
        return scorers()[name](probes | files, told)

    def scores(self, name: str, files: dict[str, Path], **params: Any) -> dict[str, Score]:
        return {one.name: one for one in self.scored(name, files, **params).scores}

    def model(self, name: str, solution: Solution, **params: Any) -> dict[str, Score]:
        """Scores of one model by one scorer."""
        return self.scores(name, {"predictions": self.write("predictions", solution)}, **params)


def asked(told: Told, folder: Path, held_out: np.ndarray | None = None) -> Asked:
    problem = Problem.model_validate(told)
    write(draw(problem, 7, held_out), problem, folder)
    return Asked(told, folder)


def value(found: dict[str, Score], name: str) -> float:
    measured = found[name].value
    assert measured is not None, found[name].text
    return measured
