"""The library of named problems: sensible defaults, and changes to them that stay consistent."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from orchestrator.core.errors import BadInput
from orchestrator.problems.changes import changed
from orchestrator.problems.statement import Problem
from orchestrator.problems.tokens import nearest


@dataclass(frozen=True)
class Named:
    """An entry: its title, the statement with its defaults, and the words that mean it, by language."""

    title: str
    statement: Problem
    words: dict[str, tuple[str, ...]]

    @property
    def aliases(self) -> tuple[str, ...]:
        """The words of all languages, lower case, without accents, once each, the longest first."""
        plain = {_plain(word) for words in self.words.values() for word in words} | {_plain(self.title)}
        return tuple(sorted(plain, key=lambda word: (-len(word), word)))


@lru_cache(maxsize=1)
def library() -> Mapping[str, Named]:
    """All entries by name, in alphabetical order."""
    folder = resources.files("orchestrator.problems") / "entries"
    found = {}
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            told: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
            title = str(told.pop("title"))
            words = {language: tuple(spoken) for language, spoken in told.pop("words").items()}
            statement = Problem.model_validate(told)
            found[statement.name] = Named(title, statement, words)
    return found


def names() -> tuple[str, ...]:
    return tuple(library())


def aliases() -> dict[str, str]:
    """Words (lower case, no accents) -> name of the entry; longer ones first, so that the first match is the best."""
    pairs = [(word, name) for name, entry in library().items() for word in entry.aliases]
    return dict(sorted(pairs, key=lambda pair: (-len(pair[0]), pair)))


def called(words: str) -> str:
    """The entry that these words name ("Burgers' equation", "kdv", "heat_2d"). Raises BadInput where none does."""
    plain = _plain(words)
    told = {**aliases(), **{_plain(name): name for name in names()}}
    if plain in told:
        return told[plain]
    raise BadInput(
        f"no problem is named {words!r}{nearest(plain.replace(' ', '_'), names())}",
        remedy="Name one of the library, or write the equations out.",
    )


def named(name: str, changes: Mapping[str, Any] | None = None) -> Problem:
    """An entry of the library with changes (see `changed`). Raises BadInput for a name that is not there."""
    entry = library()[called(name)].statement
    return changed(entry, changes).statement if changes else entry


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[\s_-]+", " ", folded.lower().replace("'s", "s").replace("'", "")).strip()
