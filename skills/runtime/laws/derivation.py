"""All laws of a problem, from its statement alone."""

from __future__ import annotations

from functools import lru_cache

from skills.runtime.laws import balanced, dimensioned, mirrors, ranges, trapping
from skills.runtime.laws.balances import balances
from skills.runtime.laws.integrals import phase_space
from skills.runtime.laws.law import Law
from skills.runtime.problem import TIME, Problem


def derive(problem: Problem) -> tuple[Law, ...]:
    """The laws, each under its own name; the problem's unknown coefficients are at their guesses."""
    return _derived(problem.model_dump_json())


@lru_cache(maxsize=64)
def _derived(problem_text: str) -> tuple[Law, ...]:
    problem = Problem.model_validate_json(problem_text)
    return (
        *(balanced.statement(problem, one) for one in balances(problem)),
        ranges.statement(problem, ranges.allowed(problem)),
        *(mirrors.statement(problem, one) for one in mirrors.mirrors(problem)),
        *_volume(problem),
        *(trapping.statement(problem, one) for one in (trapping.ellipsoid(problem),) if one is not None),
        dimensioned.statement(problem),
    )


def _volume(problem: Problem) -> tuple[Law, ...]:
    """Liouville: volumes of phase space change at the rate of the divergence. Says nothing on a single trajectory."""
    if not problem.timed or problem.space or problem.order(TIME) != 1:
        return ()
    words, value = phase_space(problem)
    if not words:
        return ()
    text = "volumes of phase space are kept" if value == 0 else "volumes of phase space change at the rate div f"
    numbers = {} if value is None else {"rate": value}
    return (Law(name="phase_volume", statement=text, formula=f"div f = {words}", numbers=numbers, tested=False),)
