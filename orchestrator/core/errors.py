"""Every error that mlexpert raises on purpose, in one tree.

MlexpertError                 exit code
├── UserError                 42   the request, the data or the configuration must change
│   ├── BadInput                   a file, a column or a value that cannot be used
│   ├── BadConfig                  agents.toml, an agent file or a skill is malformed
│   ├── IllPosed                   the problem has no (unique, stable) answer as stated
│   ├── Refused                    outside machine learning, or harmful
│   ├── NotAvailable               a route whose skill is not installed
│   └── Untrusted                  code that no box here may run
├── RunError                   1   the run could not go on
│   ├── BoxFailed                  the sandbox broke (not the command in it): try again
│   │   └── FileMissing            a box holds no such file: wait for it, or go on without
│   ├── RunLocked                  another process drives this run: wait for it
│   └── RunBroken                  a file of the run is missing or altered
├── LimitReached              53   a budget or a deadline was hit; what is done is kept
└── Interrupted              130   the user stopped the run; what is done is kept

A message names the thing with !r, the value and the limit; `remedy` says what to do next.
"""

from __future__ import annotations

from typing import ClassVar


class MlexpertError(Exception):
    """Root of the tree. `str(error)` is the message; `error.remedy` the next thing to do."""

    exit_code: ClassVar[int] = 1
    status: ClassVar[str] = "failed"

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def as_json(self) -> dict[str, str]:
        """The `error` object of the JSON contract."""
        return {"type": type(self).__name__, "message": self.message, "remedy": self.remedy}


class UserError(MlexpertError):
    exit_code = 42
    status = "bad_input"


class BadInput(UserError):
    """Raised when a file, column or value of the user's cannot be used as it is."""


class BadConfig(UserError):
    """Raised when agents.toml, an agent file or a skill folder is malformed."""


class IllPosed(UserError):
    """Raised when the stated problem has no unique, stable answer."""


class Refused(UserError):
    """Raised when the request lies outside machine learning or would do harm."""

    status = "refused"


class NotAvailable(UserError):
    """Raised when a route or option is understood but its skill is not there yet."""

    status = "refused"


class Untrusted(UserError):
    """Raised when the trust table lets no box of this machine run the code."""


class RunError(MlexpertError):
    """The run could not go on."""


class BoxFailed(RunError):
    """Raised when the sandbox itself broke; a command that failed is a value, not this."""


class FileMissing(BoxFailed):
    """Raised when a file that is asked of a box is not there; one that is there and may not come out is BoxFailed."""


class RunLocked(RunError):
    """Raised when another live process already drives the run."""


class RunBroken(RunError):
    """Raised when a file of a run is missing or does not match its recorded hash."""


class LimitReached(MlexpertError):
    """Raised when a budget, a deadline or a bound was hit. What is done is kept."""

    exit_code = 53
    status = "limit"


class Interrupted(MlexpertError):
    """Raised when the user stopped the run. What is done is kept; resume goes on from there."""

    exit_code = 130
    status = "interrupted"
