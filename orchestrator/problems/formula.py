"""Equations as people write them, into the language of the normal form: checked by a whitelist, never executed."""

from __future__ import annotations

import ast
import re

from orchestrator.core.errors import IllPosed
from orchestrator.core.expression import FUNCTIONS, MAX_LENGTH, evaluate, parse
from orchestrator.problems.spelling import spelled
from orchestrator.problems.tokens import OPERATORS, OTHER_NAMES, joined, nearest, tokens
from orchestrator.problems.vocabulary import TIME, Vocabulary

_LAPLACE = ("laplace", "laplacian", "lap")


def equation(text: str, names: Vocabulary) -> str:
    """The residual (to be zero) of "left = right", or of a residual that is given as one.

    Raises IllPosed naming the symbol or the part that is not allowed.
    """
    sides = split_equals(spelled(text, names.fields, names.coordinates))
    if len(sides) > 2 or not all(side.strip() for side in sides):
        raise IllPosed(
            f"{text.strip()!r} is not one equation",
            remedy="Write `left = right` once, or an expression that is to be 0.",
        )
    trees = [tree(side, names) for side in sides]
    return printed(difference(trees[0], trees[1]) if len(trees) == 2 else trees[0])


def formula(text: str, names: Vocabulary) -> str:
    """An expression in the canonical spelling."""
    return printed(tree(spelled(text, names.fields, names.coordinates), names))


def number(value: float | str, known: dict[str, float], what: str) -> float:
    """A number, or a formula of numbers that are known already. Raises IllPosed naming `what` it was for."""
    if not isinstance(value, str):
        return float(value)
    names = Vocabulary((), (), tuple(known))
    text = ""
    try:
        text = formula(value, names)
        return evaluate(text, tuple(known), **known)
    except IllPosed as error:
        own = f"{text!r} " if text else ""
        told = error.message.removeprefix(own)
        raise IllPosed(
            f"{what} = {value!r}{' ' if told != error.message else ': '}{told}", remedy=error.remedy
        ) from error


def split_equals(text: str) -> list[str]:
    """The parts between the signs of equality that stand outside brackets."""
    parts, depth = [""], 0
    for sign in text.replace("==", "="):
        depth += (sign in "([") - (sign in ")]")
        if sign == "=" and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def tree(text: str, names: Vocabulary) -> ast.expr:
    """The checked syntax tree of one side, operators such as laplace(u) written out."""
    bare = _unapplied(text, names)
    pieces = [names.canonical(piece) for piece in tokens(bare, names.knows, names.names)]
    written = joined(pieces, _is_function)
    try:
        found = ast.parse(written, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise IllPosed(
            f"{text.strip()!r} is not a mathematical expression", remedy="Check brackets and signs."
        ) from error
    made = _expanded(found, names, 0)
    _whitelisted(made, names)
    return made


def difference(left: ast.expr, right: ast.expr) -> ast.expr:
    """left - right without brackets that need not be: a - (b - c) is a - b + c."""
    match right:
        case ast.Constant(value=0):
            return left
        case ast.BinOp(left=first, op=ast.Add(), right=second):
            return difference(difference(left, first), second)
        case ast.BinOp(left=first, op=ast.Sub(), right=second):
            return total(difference(left, first), second)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return total(left, inner)
    if (turned := _turned(right)) is not None:
        return total(left, turned)
    if isinstance(left, ast.Constant) and left.value == 0:
        return ast.UnaryOp(ast.USub(), right)
    return ast.BinOp(left, ast.Sub(), right)


def total(left: ast.expr, right: ast.expr) -> ast.expr:
    """left + right, flat."""
    match right:
        case ast.Constant(value=0):
            return left
        case ast.BinOp(left=first, op=ast.Add(), right=second):
            return total(total(left, first), second)
        case ast.BinOp(left=first, op=ast.Sub(), right=second):
            return difference(total(left, first), second)
    return right if isinstance(left, ast.Constant) and left.value == 0 else ast.BinOp(left, ast.Add(), right)


def _turned(node: ast.expr) -> ast.expr | None:
    """-node, where a minus stands in front of its first factor."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return inner
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
            turned = _turned(left)
            return None if turned is None else ast.BinOp(turned, op, right)
    return None


def printed(found: ast.expr) -> str:
    """A tree as text: blanks around sums only. Raises IllPosed where it is longer than can be read."""
    text = re.sub(r"\s*(\*\*|\*|/)\s*", r"\1", ast.unparse(found))
    if len(text) > MAX_LENGTH:
        raise IllPosed(
            f"the expression {text[:40]!r}… has {len(text)} characters, at most {MAX_LENGTH} are read",
            remedy="Shorten it, or name a part as a field of its own.",
        )
    return text


def _is_function(piece: str) -> bool:
    return piece in FUNCTIONS or piece in OPERATORS or piece in OTHER_NAMES or piece.startswith("diff_")


def _unapplied(text: str, names: Vocabulary) -> str:
    """`u(x, t)` and `u_x(x, t)` without their arguments, where these are the coordinates."""
    arguments = r"\s*,\s*".join(re.escape(letter) for letter in names.coordinates)
    if not arguments:
        return text
    known = "|".join(sorted(map(re.escape, names.fields), key=len, reverse=True))
    return re.sub(rf"(?<![A-Za-z_])(?<![A-Za-z_][0-9])((?:{known})(?:_[a-z]+)?)\s*\(\s*{arguments}\s*\)", r"\1", text)


def _expanded(node: ast.expr, names: Vocabulary, depth: int) -> ast.expr:
    """The tree with its operators carried out; what is no arithmetic is left for the whitelist to refuse."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in OTHER_NAMES:
            inner = ast.unparse(_expanded(argument, names, depth + 1))
            return ast.parse(f"({OTHER_NAMES[name].format(inner)})", mode="eval").body
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if (
            _is_function(name) and name not in FUNCTIONS
        ):
            if depth > 6 or not arguments:
                raise IllPosed(
                    f"{ast.unparse(node)!r} is not allowed", remedy="Write the derivatives out: u_xx + u_yy."
                )
            return _operated(name, arguments, names, depth)
        case ast.Call(func=func, args=arguments, keywords=[]):
            return ast.Call(func, [_expanded(one, names, depth + 1) for one in arguments], [])
        case ast.BinOp(left=left, op=op, right=right):
            return ast.BinOp(_expanded(left, names, depth), op, _expanded(right, names, depth))
        case ast.UnaryOp(op=op, operand=operand):
            return ast.UnaryOp(op, _expanded(operand, names, depth))
    return node


def _operated(name: str, arguments: list[ast.expr], names: Vocabulary, depth: int) -> ast.expr:
    space = [letter for letter in names.coordinates if letter != TIME]
    if name == "diff":
        return _expanded(arguments[0], names, depth + 1) if len(arguments) == 1 else _diff(arguments, names, depth)
    inner = [_expanded(one, names, depth + 1) for one in arguments]
    if name == "div":
        if len(inner) != len(space):
            raise IllPosed(
                f"div(…) has {len(inner)} parts in {len(space)} space coordinates", remedy=f"Give {len(space)} of them."
            )
        pairs = list(zip(inner, space, strict=True))
    elif len(inner) != 1:
        raise IllPosed(
            f"{name}(…) takes one expression, not {len(inner)}", remedy="Write one laplace(…) for each field."
        )
    elif name in _LAPLACE:
        pairs = [(inner[0], letter * 2) for letter in space]
    else:
        pairs = [(inner[0], name.removeprefix("diff_"))]
    if not pairs:
        raise IllPosed(f"{name}(…) needs a space coordinate", remedy="Give the domain a coordinate such as x.")
    parts = [_derivative(one, letters, names) for one, letters in pairs]
    found = parts[0]
    for part in parts[1:]:
        found = total(found, part)
    return found


def _diff(arguments: list[ast.expr], names: Vocabulary, depth: int) -> ast.expr:
    """diff(f, x, 2, y): a letter, or a letter and how often."""
    letters = ""
    for one in arguments[1:]:
        match one:
            case ast.Name(id=letter) if letter in names.coordinates:
                letters += letter
            case ast.Constant(value=int() as count) if letters and 1 <= count <= 4:
                letters += letters[-1] * (count - 1)
            case _:
                raise IllPosed(
                    f"diff(…, {ast.unparse(one)}) differentiates by no coordinate", remedy="Write diff(u, x, 2)."
                )
    return _derivative(_expanded(arguments[0], names, depth + 1), letters, names)


def _derivative(node: ast.expr, letters: str, names: Vocabulary) -> ast.expr:
    if set(letters) - set(names.coordinates):
        raise IllPosed(
            f"a derivative by {letters!r} is asked for{nearest(letters, names.coordinates)}", remedy="Name coordinates."
        )
    if isinstance(node, ast.Name) and (name := names.derivative(node.id, letters)):
        names.partial(name)
        return ast.Name(name)
    _whitelisted(node, names)
    from orchestrator.problems.derivation import total_derivative  # loads SymPy, which few formulas need

    made = total_derivative(node, letters, names)
    return parse(made, _names_in(made, names))


def _whitelisted(node: ast.expr, names: Vocabulary) -> None:
    text = ast.unparse(node)
    parse(text, _names_in(text, names))


def _names_in(text: str, names: Vocabulary) -> tuple[str, ...]:
    used = {part.id for part in ast.walk(ast.parse(text, mode="eval")) if isinstance(part, ast.Name)}
    return tuple(sorted(name for name in used if names.knows(name)))
