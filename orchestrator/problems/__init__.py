"""Problems in symbols: what a user states, brought into the normal form of the boxes and checked before spending.

    statement = Problem(equations=["u_t = nu*u_xx"], domain={"x": (0, 1), "t": (0, 1)}, conditions=[...], ...)
    statement = named("burgers", {"parameters": {"nu": 0.02}, "domain": {"t": [0, 2]}, "conditions": ["u(x, 0) = ..."]})
    statement = read_problem_file(Path("problem.toml"))        # is_problem_file(path) says whether a file holds one

    posed = pose(statement)      # IllPosed (42) with every reason, or: posed.problem (JSON of the normal form),
                                 # posed.notes (what was assumed or could not be decided), posed.data
    normal(statement)            # the JSON alone, without the question whether it is well posed
    statement.as_json()          # and Problem.model_validate(json): the way through request.json

    names()                      # of the library;   library()[name].title, .statement, .words["en"]
    aliases()                    # {"burgers equation": "burgers", ...} lower case, no accents, longest first
    called("Burgers' equation")  # "burgers", or BadInput with the nearest
    changed(statement, changes)  # Changed(statement, notes): parameters, domain, units merged by name; conditions
                                 # replaced place by place; "unknown": {name: {low, high, guess}} makes one sought

Formulas may say x_low, x_high, x_mid, x_half, x_length (of any coordinate). Importing this loads no SymPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.problems.changes import Changed, changed
    from orchestrator.problems.files import is_problem_file, read_problem_file
    from orchestrator.problems.forms import Normal, normal, normal_form
    from orchestrator.problems.named_problems import Named, aliases, called, library, named, names
    from orchestrator.problems.posing import Posed, pose
    from orchestrator.problems.statement import Data, Place, Problem, Unknown

_HOMES = {
    "orchestrator.problems.files": ("is_problem_file", "read_problem_file"),
    "orchestrator.problems.changes": ("Changed", "changed"),
    "orchestrator.problems.named_problems": ("Named", "aliases", "called", "library", "named", "names"),
    "orchestrator.problems.forms": ("Normal", "normal", "normal_form"),
    "orchestrator.problems.posing": ("Posed", "pose"),
    "orchestrator.problems.statement": ("Data", "Place", "Problem", "Unknown"),
}
__all__ = [
    "Changed", "Data", "Named", "Normal", "Place", "Posed", "Problem", "Unknown", "aliases", "called", "changed",
    "is_problem_file", "library", "named", "names", "normal", "normal_form", "pose", "read_problem_file",
]  # fmt: skip


def __getattr__(name: str) -> object:
    for home, held in _HOMES.items():
        if name in held:
            return getattr(importlib.import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
