"""A linear parabolic problem told in words: its coefficients and conditions, with defaults that are consistent."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import JsonValue

from orchestrator.core.errors import BadInput, IllPosed, NotAvailable
from orchestrator.core.expression import evaluate, names, parse
from orchestrator.core.sizes import REMEDY as SIZE_REMEDY
from orchestrator.core.sizes import size_fault
from orchestrator.planners.rules.algebra import derivative, negative, product, short, total
from orchestrator.planners.rules.fields import HERE
from orchestrator.problems import Problem
from orchestrator.problems.faults import Faults

Params = dict[str, JsonValue]
_DIFFUSION = {"fokker-planck": "0.5", "advection-diffusion": "0.05"}
_CORNER = 1e-4  # largest accepted jump at a corner, relative to the size of the data
_POINTS = 9


@dataclass(frozen=True)
class Parabolic:
    """u_t = diffusion u_xx + advection u_x + reaction u + source as told, and what was assumed because it was not."""

    problem: Params
    notes: tuple[str, ...] = field(default=())


def legacy_statement(params: Params) -> tuple[Problem, tuple[str, ...]]:
    """The statement of a problem told by coefficients, and notes. Raises as `parabolic` does."""
    made = parabolic(params)
    told = made.problem
    sides = {"left": "x_low", "right": "x_high"}
    terms = [f"({told['diffusion']})*u_xx"]
    for key, part in (("advection", "*u_x"), ("reaction", "*u"), ("source", "")):
        if told[key] != "0":
            terms.append(f"({told[key]}){part}")
    conditions = [f"u(x, t_low) = {told['initial']}"]
    periodic = _dict(told["left"])["kind"] == "periodic"
    for side, at in sides.items():
        if not periodic:
            conditions.append(_side_condition(_dict(told[side]), at))
    statement = Problem.model_validate(
        {
            "name": told["name"],
            "equations": [f"u_t = {' + '.join(terms)}"],
            "domain": {"x": told["x"], "t": told["t"]},
            "fields": ["u"],
            "conditions": conditions,
            "periodic": ["x"] if periodic else [],
        }
    )
    return statement, made.notes


def _side_condition(told: Params, at: str) -> str:
    left = {"dirichlet": f"u({at}, t)", "neumann": f"u_x({at}, t)"}.get(
        str(told["kind"]), f"u_x({at}, t) + ({told['coefficient']})*u({at}, t)"
    )
    return f"{left} = {told['value']}"


def parabolic(params: Params) -> Parabolic:
    """The checked problem of a request, in the words of this family.

    Raises NotAvailable for an equation of another kind, and IllPosed naming the part that makes the stated problem
    unsolvable.
    """
    name = str(params.get("equation", "heat"))
    if "obstacle" in params or (name not in HERE and "diffusion" not in params):
        reason = str(params.get("obstacle", "it is not known here"))
        raise NotAvailable(
            f"the {name} equation is not known by this name: {reason}",
            remedy="Write it out: equations (`u_t + u*u_x = 0.02*u_xx`), conditions (`u(x,0) = sin(pi*x)`, "
            "`u(0,t) = 0`) "
            "and ranges (`x in [0, 1]`, `t in [0, 1]`).",
        )
    if "unread" in params:
        raise IllPosed(
            f"unknown symbol {str(params['unread'])!r} in the equation",
            remedy="Give every coefficient as a formula in x and t.",
        )
    notes: list[str] = []
    problem: Params = {"name": name, **_coefficients(name, params, notes)}
    problem |= {axis: _interval(axis, params, name) for axis in ("x", "t")}
    left, right = _boundaries(params, notes)
    problem |= {"initial": _initial(params, problem, left, right, notes), "left": left, "right": right}
    problem["units"] = {"x": "", "t": "", "u": ""}
    if not any(side in params for side in ("left", "right")):
        _hold_ends(problem, params, notes)
    _check(problem)
    idle = params.get("unused")
    notes += [f"Something was read that nothing uses: {name!r}." for name in (idle if isinstance(idle, list) else [])]
    return Parabolic(problem=problem, notes=tuple(notes))


def _coefficients(name: str, params: Params, notes: list[str]) -> Params:
    diffusion = _text(params.get("diffusion", _DIFFUSION.get(name, "0.4")))
    if "diffusion" not in params:
        notes.append(f"The request gives no diffusion coefficient: {diffusion} was taken.")
    advection, reaction = _text(params.get("advection", "0")), _text(params.get("reaction", "0"))
    if "velocity" in params:
        advection = negative(_text(params["velocity"]))
        notes.append("A velocity v moves the profile to the right: u_t + v*u_x = ..., so advection is -v.")
    elif name == "advection-diffusion" and "advection" not in params:
        advection = "-0.5"
        notes.append("The request gives no velocity: 0.5 was taken.")
    if name == "reaction-diffusion" and "reaction" not in params:
        reaction = "-1"
        notes.append("The request gives no reaction rate: -1 (decay) was taken.")
    if name == "fokker-planck" and not {"advection", "reaction"} & set(params):
        drift = _text(params.get("drift", "-x"))
        if "drift" not in params:
            notes.append("The request gives no drift: -x was taken.")
        advection, reaction = _fokker_planck(drift, diffusion)
    source = _text(params.get("source", "0"))
    return {"diffusion": diffusion, "advection": advection, "reaction": reaction, "source": source}


def _fokker_planck(drift: str, diffusion: str) -> tuple[str, str]:
    """Advection and reaction of p_t = -(drift p)_x + (diffusion p)_xx."""
    slope = derivative(diffusion)
    advection = total(product("2", slope), drift, minus=True)
    return advection, total(derivative(slope), derivative(drift), minus=True)


def _interval(axis: str, params: Params, name: str) -> JsonValue:
    given = params.get(axis)
    if not isinstance(given, list):
        return [-3.0, 3.0] if axis == "x" and name == "fokker-planck" else [0.0, 1.0]
    low, high = given
    if not (isinstance(low, int | float) and isinstance(high, int | float) and low < high):
        remedy = f"Give {axis} from a smaller to a larger number."
        raise IllPosed(f"the domain {axis} in {given} is empty", remedy=remedy)
    for what, value in (("end", low), ("end", high), ("length", high - low)):
        if fault := size_fault(value, small=what == "length"):
            raise IllPosed(f"the {what} of the domain of {axis} is {value:g}, which {fault}", remedy=SIZE_REMEDY)
    return given


def _boundaries(params: Params, notes: list[str]) -> tuple[Params, Params]:
    sides = {side: params[side] for side in ("left", "right") if isinstance(params.get(side), dict)}
    if "unread_boundary" in params:
        raise BadInput(
            f"the boundary condition {str(params['unread_boundary'])!r} was read, but not what it says at both ends",
            remedy="Write it as formulas, one for each end: `u(0,t)=0` (Dirichlet), `u_x(1,t)=0` (Neumann), "
            "`u_x(1,t) + 2 u(1,t) = 0` (Robin), or say `periodic boundaries`.",
        )
    _refuse_counts(params, sides)
    if not sides:
        notes.append("The request gives no boundary conditions: the values at both ends are held (Dirichlet).")
    full = {
        side: {"kind": "dirichlet", "value": "0", "coefficient": "0", **_dict(sides.get(side))}
        for side in ("left", "right")
    }
    if (full["left"]["kind"] == "periodic") != (full["right"]["kind"] == "periodic"):
        raise IllPosed("a periodic boundary needs both ends", remedy="Say `periodic boundaries`.")
    return full["left"], full["right"]


def _refuse_counts(params: Params, sides: Params) -> None:
    """Refuse what is one too many and what is missing, both at once where both are so."""
    faults = Faults()
    if "surplus" in params:
        told = f"two different conditions are given at {params['surplus']}: one too many"
        faults.add(("conditions",), told, "Keep one condition at each end, and one initial profile.")
    if "elsewhere" in params:
        faults.add(
            ("conditions",),
            f"a boundary condition is given at {params['elsewhere']}, which is no end of the domain",
            "Give both conditions at the ends of the domain, or name the domain (`on [0, 2]`).",
        )
    if len(sides) == 1:
        missing = "left" if "right" in sides else "right"
        faults.add(
            ("conditions",),
            f"the {missing} boundary condition is missing: only one end has one",
            f"Add a condition at the {missing} end, e.g. `u(1,t)=0` or `insulated at the {missing} end`.",
        )
    faults.tell()


def _initial(params: Params, problem: Params, left: Params, right: Params, notes: list[str]) -> str:
    given = str(params.get("initial", ""))
    low, high = _ends(problem, "x")
    if given == "gaussian" or (not given and problem["name"] == "fokker-planck"):
        middle, width = (low + high) / 2, (high - low) / 12
        text = f"exp(-({_shifted(middle)})**2/(2*{short(width)}**2))"
        notes.append(f"The initial profile is a Gaussian: {text}.")
        return text
    if given:
        return given
    if problem["name"] == "custom" and {"left", "right"} & params.keys():
        raise IllPosed(
            "the initial condition is missing: conditions are given at the ends, and none at the start",
            remedy="Add one, e.g. `u(x,0) = sin(pi*x)`.",
        )
    text = _default_initial(low, high, left, right)
    notes.append(f"The request gives no initial condition: {text} was taken, which fits the boundary conditions.")
    return text


def _default_initial(low: float, high: float, left: Params, right: Params) -> str:
    """A profile that meets both conditions: a sine or cosine, a parabola where they are not homogeneous."""
    shifted = _shifted(low)
    part = shifted if high - low == 1.0 and low == 0.0 else f"({shifted})/{short(high - low)}"
    kinds = (str(left["kind"]), str(right["kind"]))
    start, end = (evaluate(str(side["value"]), ("t",), t=0.0) for side in (left, right))
    if "periodic" in kinds:
        return f"sin(2*pi*{part})"
    if "robin" in kinds or (kinds != ("dirichlet", "dirichlet") and (start, end) != (0.0, 0.0)):
        return _parabola(low, high, left, right)
    if kinds == ("neumann", "neumann"):
        return f"cos(pi*{part})"
    if kinds == ("dirichlet", "neumann"):
        return f"sin(pi*{part}/2)"
    if kinds == ("neumann", "dirichlet"):
        return f"cos(pi*{part}/2)"
    base = f"sin(pi*{part})"
    return base if (start, end) == (0.0, 0.0) else f"{short(start)} + ({short(end - start)})*{part} + {base}"


def _parabola(low: float, high: float, left: Params, right: Params) -> str:
    """a + b s + c s² with s = x - low, from a u + b u_x = value at both ends; s² has no say at the left one."""
    length = high - low
    (first, slope, value), (first_r, slope_r, value_r) = (_row(side) for side in (left, right))
    level, rise = (1.0, (value - first) / slope) if slope else (value / first, 1.0)
    factor = first_r * length**2 + 2 * slope_r * length
    if factor == 0.0:
        raise IllPosed("no simple initial profile fits these boundary conditions", remedy="Give the initial condition.")
    bend = (value_r - first_r * (level + rise * length) - slope_r * rise) / factor
    shifted = f"({_shifted(low)})"
    return f"{short(level)} + ({short(rise)})*{shifted} + ({short(bend)})*{shifted}**2"


def _row(side: Params) -> tuple[float, float, float]:
    """(a, b, value) of the condition a u + b u_x = value at the start."""
    value = evaluate(str(side["value"]), ("t",), t=0.0)
    if side["kind"] == "robin":
        return evaluate(str(side["coefficient"]), ("t",), t=0.0), 1.0, value
    return (1.0, 0.0, value) if side["kind"] == "dirichlet" else (0.0, 1.0, value)


def _hold_ends(problem: Params, params: Params, notes: list[str]) -> None:
    """Without conditions in the request, the ends keep their initial values."""
    parse(str(problem["initial"]), ("x",))
    for side, at in zip(("left", "right"), _ends(problem, "x"), strict=True):
        value = evaluate(str(problem["initial"]), ("x",), x=at)
        if abs(value) > 1e-6:
            problem[side] = {**_dict(problem[side]), "value": short(value)}
            notes.append(f"The {side} end is held at its initial value {value:.6g}.")


def _check(problem: Params) -> None:
    x_ends, t_ends = _ends(problem, "x"), _ends(problem, "t")
    grid = [(x, t) for x in _points(*x_ends) for t in _points(*t_ends)]
    for key in ("diffusion", "advection", "reaction", "source"):
        text = str(problem[key])
        values = [evaluate(text, x=x, t=t) for x, t in (grid if names(text) else grid[:1])]
        largest = max(values, key=abs)
        if fault := size_fault(largest):
            raise IllPosed(f"the {key} {text!r} is {largest:g}, which {fault}", remedy=SIZE_REMEDY)
        if key == "diffusion" and min(values) <= 0.0:
            raise IllPosed(
                f"the diffusion {text!r} is {min(values):g} somewhere; it must be positive, or small changes "
                f"of the data grow without bound",
                remedy="Give a positive diffusion coefficient.",
            )
    _check_conditions(problem, x_ends, t_ends[0])


def _check_conditions(problem: Params, x_ends: tuple[float, float], start: float) -> None:
    initial = str(problem["initial"])
    values = [evaluate(initial, ("x",), x=x) for x in _points(*x_ends)]
    scale = max(1e-12, *(abs(value) for value in values))
    ends = (evaluate(initial, ("x",), x=x_ends[0]), evaluate(initial, ("x",), x=x_ends[1]))
    for side, at, inside in zip(("left", "right"), x_ends, ends, strict=True):
        condition = _dict(problem[side])
        kind, text = condition["kind"], str(condition["value"])
        outside = evaluate(text, ("t",), t=start)
        evaluate(str(condition["coefficient"]), ("t",), t=start)
        if kind == "dirichlet" and abs(inside - outside) > _CORNER * max(scale, abs(outside)):
            raise IllPosed(
                f"initial and {side} boundary condition contradict each other at x = {at:g}: {initial!r} gives "
                f"{inside:g}, the boundary {outside:g}",
                remedy="Let the initial profile meet the boundary value at both ends.",
            )
    if _dict(problem["left"])["kind"] == "periodic" and abs(ends[0] - ends[1]) > _CORNER * scale:
        raise IllPosed(
            f"the initial profile {initial!r} is not periodic: {ends[0]:g} at the left end, {ends[1]:g} at the right",
            remedy="Give an initial profile with equal values at both ends.",
        )


def _points(low: float, high: float) -> list[float]:
    return [low + (high - low) * index / (_POINTS - 1) for index in range(_POINTS)]


def _ends(problem: Params, axis: str) -> tuple[float, float]:
    given = problem[axis]
    if not isinstance(given, list):
        raise IllPosed(f"the domain of {axis} is {given!r}", remedy="Give two numbers.")
    low, high = given
    return float(str(low)), float(str(high))


def _shifted(low: float) -> str:
    return "x" if low == 0.0 else f"x-{short(low)}" if low > 0 else f"x+{short(-low)}"


def _text(value: JsonValue) -> str:
    """A coefficient as an expression; numbers are strings too. Raises IllPosed where it is none."""
    text = short(value) if isinstance(value, float) else str(value)
    parse(text)
    return text


def _dict(value: JsonValue) -> Params:
    return dict(value) if isinstance(value, dict) else {}
