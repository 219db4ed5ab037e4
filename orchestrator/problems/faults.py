"""What is wrong with a stated problem: collected part by part, told all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from orchestrator.core.errors import BadInput, IllPosed, NotAvailable, UserError

_MOST = 12  # are told at once


@dataclass(frozen=True)
class Fault:
    """One mistake: `where` it stands in the statement ("conditions", "2"), and the error that it would be alone."""

    where: tuple[str, ...]
    error: UserError


class StatedWrongly(IllPosed):
    """Raised when a problem cannot be solved as stated; `faults` lists the reasons one by one."""

    faults: tuple[Fault, ...] = ()

    def as_json(self) -> dict[str, str]:
        """The JSON contract knows the kind, not this refinement of it."""
        return {**super().as_json(), "type": "IllPosed"}


class FormWrong(BadInput):
    """Raised when parts of a statement have a form that cannot be read; `faults` lists them."""

    faults: tuple[Fault, ...] = ()

    def as_json(self) -> dict[str, str]:
        return {**super().as_json(), "type": "BadInput"}


@dataclass
class Faults:
    """Gathers mistakes, so that a reader of the message can mend all of them in one go."""

    found: list[Fault] = field(default_factory=list)

    @contextmanager
    def at(self, *where: str) -> Iterator[None]:
        """Keep an error of the user's that is raised inside, with its place, and go on behind the block."""
        try:
            yield
        except (StatedWrongly, FormWrong) as error:
            self.found += error.faults
        except UserError as error:
            self.found.append(Fault(where, error))

    def add(self, where: Sequence[str], message: str, remedy: str) -> None:
        self.found.append(Fault(tuple(where), IllPosed(message, remedy=remedy)))

    def tell(self) -> None:
        """Raise what was found: IllPosed for mathematics, BadInput where all of it is form; nothing if none was."""
        if self.found:
            raise combined(self.found)


def combined(faults: Sequence[Fault]) -> UserError:
    """One error that tells every fault, a line each, and the first one's remedy."""
    errors = [fault.error for fault in faults]
    if all(isinstance(error, NotAvailable) for error in errors):
        return errors[0]
    messages = list(dict.fromkeys(error.message for error in errors))
    remedies = list(dict.fromkeys(error.remedy for error in errors if error.remedy))
    text = messages[0]
    if len(messages) > 1:
        shown = messages[:_MOST]
        more = f"\n  and {len(messages) - _MOST} more" if len(messages) > _MOST else ""
        text = f"{len(messages)} mistakes in the problem:\n" + "\n".join(f"  {one}" for one in shown) + more
    kind = FormWrong if all(isinstance(error, BadInput) for error in errors) else StatedWrongly
    made = kind(text, remedy=" ".join(remedies[:3]))
    made.faults = tuple(faults)
    return made
