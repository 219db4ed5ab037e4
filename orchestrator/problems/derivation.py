"""Total derivatives of expressions that hold fields: d/dx of k(x)*u_x is k'(x)*u_x + k(x)*u_xx."""

from __future__ import annotations

import ast

import sympy

from orchestrator.problems.symbols import bounded, built, symbol, text_of
from orchestrator.problems.vocabulary import Vocabulary


def total_derivative(node: ast.expr, letters: str, names: Vocabulary) -> str:
    """The derivative by each of the letters in turn, as text. The tree must have been checked.

    Raises IllPosed for what has no derivative in the language, NotAvailable above order 4.
    """
    found = bounded(built(node))
    for letter in letters:
        found = differentiated(found, letter, names)
    return text_of(found)


def differentiated(expr: sympy.Expr, letter: str, names: Vocabulary) -> sympy.Expr:
    """d(expr)/d(letter), the fields depending on it."""
    found = sympy.diff(expr, symbol(letter))
    for used in sorted(expr.free_symbols, key=lambda one: one.name):
        further = names.derivative(used.name, letter)
        if further is not None:
            names.partial(further)
            found += sympy.diff(expr, used) * symbol(further)
    return found
