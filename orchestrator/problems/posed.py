"""All questions that a problem must pass, in the order in which their answers make sense."""

from __future__ import annotations

from orchestrator.problems.faults import Faults
from orchestrator.problems.forms import Normal
from orchestrator.problems.posed_counts import check_faces, check_one_axis, check_orders, check_start
from orchestrator.problems.posed_data import check_corners, check_finite, constants
from orchestrator.problems.posed_exact import exact_faults
from orchestrator.problems.posed_names import check_names
from orchestrator.problems.posed_shocks import check_shocks
from orchestrator.problems.posed_steady import check_steady
from orchestrator.problems.posed_type import March, check_growth, march, refuse_terminal
from orchestrator.problems.posed_units import check_units
from orchestrator.problems.statement import Problem


def judged(form: Normal, statement: Problem, faults: Faults) -> tuple[str, ...]:
    """Add what is wrong to the faults; returns notes on what could not be decided."""
    check_names(form, statement, faults)
    check_units(form, faults)
    check_finite(form, faults)
    if faults.found:
        return ()
    check_orders(form, faults)
    along, notes = _counted(form, faults)
    if not faults.found and along.coordinate is None:
        check_steady(form, faults)  # a field that does not exist is not to be pinned
    if not faults.found:
        constants(form, faults)
        notes += check_corners(form, along, faults)
    if not faults.found:
        faults.found += exact_faults(form)
    if not faults.found:
        notes += check_shocks(form, along, faults)
    if not faults.found and along.backward:
        refuse_terminal(form, along)
    return notes


def _counted(form: Normal, faults: Faults) -> tuple[March, tuple[str, ...]]:
    """How the problem develops, its conditions counted, its growth looked at."""
    if len(form.coordinates) == 1:
        return check_one_axis(form, faults)
    along = march(form, faults)
    notes = along.notes
    if along.decided:
        check_start(form, along, faults)
        notes += check_faces(form, along, faults)
        check_growth(form, along, faults)
    return along, notes
