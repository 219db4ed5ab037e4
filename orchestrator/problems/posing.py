"""Whether a stated problem can be solved as it stands, before anything is spent."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.problems.faults import Faults
from orchestrator.problems.forms import Json, Normal, normal_form
from orchestrator.problems.statement import Data, Problem


@dataclass(frozen=True)
class Posed:
    """A problem that passed: its normal form, what could not be decided (`notes`), and where its data lie."""

    form: Normal
    notes: tuple[str, ...] = ()
    data: Data | None = None

    @property
    def problem(self) -> Json:
        """The JSON of the normal form."""
        return self.form.as_json()


def pose(statement: Problem) -> Posed:
    """The normal form of a statement that is well posed as far as can be told.

    Raises IllPosed with every reason why it is not, BadInput for a form that cannot be read, NotAvailable for what is
    beyond this version.
    """
    form = normal_form(statement)
    faults = Faults()
    from orchestrator.problems.posed import judged  # loads SymPy

    notes = judged(form, statement, faults)
    faults.tell()
    return Posed(form, notes, statement.data)
