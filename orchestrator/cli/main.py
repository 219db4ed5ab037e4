"""The entry point: parse, dispatch, and turn every end into one exit code and one readable line."""

from __future__ import annotations

import difflib
import os
import re
import shlex
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from orchestrator.cli.options import Format
from orchestrator.cli.verbs import app

if TYPE_CHECKING:
    from orchestrator.core.errors import MlexpertError

# typer ships its own copy of click's exceptions in some releases and click's in others; both derive
# BadParameter from UsageError, so that this name holds for either.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code and never raises for a mistake."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        command = typer.main.get_command(app)
        result = command.main(args=given or ["--help"], prog_name="mlexpert", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the last flush, at exit, must not complain
        return 0
    except (KeyboardInterrupt, typer.Abort):
        return _tell_stopped(given)
    except UsageError as error:
        return _tell_usage(error, given)
    except Exception as error:  # noqa: BLE001  the one place that turns what is left into a line and an exit code
        return _tell(error, given)


def _tell_stopped(given: Sequence[str]) -> int:
    from orchestrator.core.errors import Interrupted

    return _print_error(Interrupted("stopped", remedy="run it again"), given)


def _tell_usage(error: Exception, given: Sequence[str]) -> int:
    from orchestrator.core.errors import BadInput

    message = str(getattr(error, "format_message", error.__str__)()).splitlines()[0]
    return _print_error(BadInput(_first_sentence(message), remedy=_usage_remedy(error, message)), given)


def _tell(error: Exception, given: Sequence[str]) -> int:
    from orchestrator.cli.logs import debugging
    from orchestrator.core.errors import MlexpertError

    if isinstance(error, MlexpertError):
        return _print_error(error, given)
    if debugging():
        traceback.print_exception(error)
    with tempfile.NamedTemporaryFile("w", prefix="mlexpert-", suffix=".log", delete=False) as record:
        traceback.print_exception(error, file=record)
    bug = MlexpertError(
        f"a mistake of mlexpert's own, {type(error).__name__}: {error}",
        remedy=f"the traceback is in {record.name}; MLEXPERT_DEBUG=1 shows it here",
    )
    return _print_error(bug, given)


def _print_error(error: MlexpertError, given: Sequence[str]) -> int:
    """Errors end as results do: one object on stdout where JSON was asked for, else a line on stderr."""
    from orchestrator.cli.output import error_answer, only_results

    form = wanted_format(given)
    if form is Format.TEXT:
        sys.stderr.write(f"error: {error.message}\n" + (f"  remedy: {error.remedy}\n" if error.remedy else ""))
    else:
        with only_results(form) as output:
            output.answer(error_answer(error), "")
    return error.exit_code


def wanted_format(given: Sequence[str]) -> Format:
    """The output format that a command line asks for, even where the line cannot be parsed."""
    for index, word in enumerate(given):
        if word == "--":
            break
        name, _, value = word.partition("=")
        if name == "--output-format":
            value = value or (given[index + 1] if index + 1 < len(given) else "")
            return Format(value) if value in set(Format) else Format.TEXT
    return Format.TEXT


def _first_sentence(message: str) -> str:
    """The parser's message without its own suggestions; ours are in the remedy."""
    return re.split(r" Did you mean| \((?:Possible options|Did you mean)", message)[0].rstrip(".")


def _usage_remedy(error: Exception, message: str) -> str:
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "mlexpert")
    command = getattr(context, "command", None)
    word = str(getattr(error, "option_name", "")) or _quoted(message)
    if "No such option" in message:
        known = [name for parameter in getattr(command, "params", ()) for name in parameter.opts]
        return _nearest(word, known, path)
    if "No such command" in message:
        verbs = list(getattr(command, "commands", {}))
        if " " in word.strip():
            return f"to ask for something: mlexpert run {shlex.quote(word)}"
        return _nearest(word, verbs, path) if _close(word, verbs) else f"the commands are {', '.join(verbs)}"
    return f"see {path} --help"


def _quoted(message: str) -> str:
    found = re.search(r"'([^']*)'", message)
    return found.group(1) if found else ""


def _nearest(word: str, known: Sequence[str], path: str) -> str:
    close = _close(word, known)
    if close:
        return f"did you mean {close!r}? See {path} --help"
    if word in _everywhere():
        return f'{word!r} comes after the command, as in: mlexpert run "…" {word}'
    return f"see {path} --help"


def _close(word: str, known: Sequence[str]) -> str:
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.65)), "")


def _everywhere() -> set[str]:
    command = typer.main.get_command(app)
    verbs = getattr(command, "commands", {}).values()
    return {name for verb in verbs for parameter in verb.params for name in parameter.opts if name != "--help"}


if __name__ == "__main__":
    sys.exit(main())
