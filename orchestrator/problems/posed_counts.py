"""Whether each face has the conditions that its equation needs: as many, of lower order, and of the right fields."""

from __future__ import annotations

from orchestrator.problems.faults import Faults
from orchestrator.problems.forms import Normal
from orchestrator.problems.posed_faces import degenerates, do_not_fix, needed
from orchestrator.problems.posed_modes import linear
from orchestrator.problems.posed_states import given_at, state
from orchestrator.problems.posed_type import March
from orchestrator.problems.symbols import expression
from orchestrator.problems.vocabulary import TIME


def check_orders(form: Normal, faults: Faults) -> None:
    """A fault for a condition that holds no field, or differentiates across its face as often as the equations do."""
    highest = orders(form)
    for at, texts in form.conditions:
        for text in texts:
            partials = partials_of(form, text)
            place = _place(at)
            if not partials:
                faults.add(
                    ("conditions",),
                    f"the condition {text!r} = 0 at {place} holds no field",
                    "Name the field that it is for.",
                )
            for name, across in partials:
                for letter in at:
                    index = form.coordinates.index(letter)
                    most = highest[name][letter] or max(told[letter] for told in highest.values())
                    if across[index] and across[index] >= most:
                        written = form.vocabulary.spelled(name, across)
                        faults.add(
                            ("conditions",),
                            f"the condition {text!r} = 0 at {place} has the wrong order: {written} is as high as the "
                            f"equation's own order in {letter} ({most})",
                            f"Give {name}{' or lower derivatives' if most > 1 else ''} there.",
                        )


def check_start(form: Normal, along: March, faults: Faults) -> None:
    """Each field needs its value and its derivatives below the order of the march, no more."""
    letter = along.coordinate
    if letter is None:
        return
    start = form.ends[letter][1 if along.backward else 0]
    texts = given_at(form, {letter: start})
    place = form.coordinates.index(letter)
    highest = orders(form)
    slots = [(name, order) for name in form.fields for order in range(highest[name][letter])]
    holds = [{(name, across[place]) for name, across in partials_of(form, text)} for text in texts]
    marching = [index for index, held in enumerate(holds) if held & set(slots)]
    match = _matching([holds[index] & set(slots) for index in marching])
    word = "initial condition" if letter == TIME else "condition"
    for name, order in slots:
        if (name, order) not in match.values():
            written = name + (f"_{letter * order}" if order else "")
            total = highest[name][letter]
            faults.add(
                ("conditions",),
                f"the {word} for {written} at {letter} = {start:g} is missing: the equation is of order {total} in "
                f"{letter}",
                f"Add {_applied(form, written, letter, start)} = …",
            )
    for index in range(len(marching)):
        if index not in match:
            text = texts[marching[index]]
            others = [one for one in texts if one != text and partials_of(form, one) == partials_of(form, text)]
            told = f"contradicts {others[0]!r} = 0" if others else "is one too many"
            faults.add(
                ("conditions",), f"the {word} {text!r} = 0 at {letter} = {start:g} {told}", "Leave one of them out."
            )


def check_faces(form: Normal, along: March, faults: Faults) -> tuple[str, ...]:
    """The number of conditions on every face that is no start or end of the march; notes where it could not be told."""
    notes: list[str] = []
    for letter in form.coordinates:
        if letter == along.coordinate:
            continue
        if letter in form.periodic:
            _refuse_ends(form, letter, faults)
            continue
        for end in form.ends[letter]:
            notes += _check_face(form, along, letter, end, faults)
    return tuple(notes)


def check_one_axis(form: Normal, faults: Faults) -> tuple[March, tuple[str, ...]]:
    """Ordinary equations: all conditions at one end, or as many at both together as the orders add up to."""
    [letter] = form.coordinates
    low, high = form.ends[letter]
    first, last = given_at(form, {letter: low}), given_at(form, {letter: high})
    if letter in form.periodic:
        _refuse_ends(form, letter, faults)
        return March(None), ()
    if not last or not first:
        along = March(letter, backward=not first and bool(last))
        check_start(form, along, faults)
        return along, ()
    total = linear(form, form.equations, state(form, {})).degree(letter)
    _contradictions(form, {letter: low}, first, faults)
    _contradictions(form, {letter: high}, last, faults)
    if len(first) + len(last) != total and not faults.found:
        what = "missing" if len(first) + len(last) < total else "too many"
        faults.add(
            ("conditions",),
            f"{len(first) + len(last)} conditions at the ends of {letter}, {total} are needed: some are {what}",
            f"Give {total} conditions in all.",
        )
    note = f"Conditions stand at both ends of {letter}: whether there is one solution alone was not decided."
    return March(None), (note,)


def orders(form: Normal) -> dict[str, dict[str, int]]:
    """The highest derivative of each field by each coordinate in the equations."""
    found = {name: dict.fromkeys(form.coordinates, 0) for name in form.fields}
    for text in form.equations:
        for name, across in partials_of(form, text):
            for letter, order in zip(form.coordinates, across, strict=True):
                found[name][letter] = max(found[name][letter], order)
    return found


def partials_of(form: Normal, text: str) -> list[tuple[str, tuple[int, ...]]]:
    """The fields and derivatives that a text depends on, with the parameters' values put in."""
    numbers = {
        used: form.parameters[used.name] for used in expression(text).free_symbols if used.name in form.parameters
    }
    used = expression(text).subs(numbers).free_symbols if numbers else expression(text).free_symbols
    told = [form.vocabulary.partial(one.name) for one in used]
    return sorted(one for one in told if one is not None)


def _check_face(form: Normal, along: March, letter: str, end: float, faults: Faults) -> list[str]:
    at = {letter: end}
    texts = given_at(form, at)
    _contradictions(form, at, texts, faults)
    count = needed(form, along, letter, end)
    if count is None:
        return [f"How many conditions {_place(at)} needs could not be decided."]
    low, high = count
    if degenerates(form, letter, end) and (beside := needed(form, along, letter, end, inset=1e-3)) is not None:
        low, high = min(low, beside[0]), max(high, beside[1])
    if len(texts) < low:
        faults.add(
            ("conditions",),
            f"a boundary condition at {_place(at)} is missing: {_count(low, 'is', 'are')} needed there, {len(texts)} "
            "given",
            f"Add one there, e.g. {_applied(form, form.fields[0], letter, end)} = 0, or say `periodic in {letter}`.",
        )
    elif len(texts) > high:
        leaves = (
            f"{' and '.join(form.fields)} leaves the domain there"
            if high == 0
            else f"{_count(high, 'is', 'are')} needed"
        )
        faults.add(
            ("conditions",),
            f"a boundary condition at {_place(at)} is one too many: {len(texts)} given, {leaves}",
            "Leave one out." if high else "Give it at the end where the solution enters.",
        )
    elif low == high and low > 1 and do_not_fix(form, along, letter, end, texts):
        faults.add(
            ("conditions",),
            f"the conditions at {_place(at)} do not fix all fields: {_shares(form, texts)}, so one has too many "
            "and another too few",
            "Give each field its own conditions there.",
        )
    if low != high:
        return [f"How many conditions {_place(at)} needs depends on the place ({low} to {high})."]
    return []


def _shares(form: Normal, texts: list[str]) -> str:
    """How many of the conditions each field has: "u stands in 2 of them, v in none"."""
    held = [{name for name, _ in partials_of(form, text)} for text in texts]
    counts = {name: sum(name in names for names in held) for name in form.fields}
    return ", ".join(f"{name} stands in {count or 'none'} of them" for name, count in counts.items())


def _contradictions(form: Normal, at: dict[str, float], texts: list[str], faults: Faults) -> None:
    """Two conditions at a place that differ in their data alone."""
    for index, text in enumerate(texts):
        for other in texts[:index]:
            gap = expression(text) - expression(other)
            held = {used.name for used in gap.free_symbols if form.vocabulary.partial(used.name)}
            if gap != 0 and not held:
                faults.add(
                    ("conditions",),
                    f"two conditions at {_place(at)} contradict each other: {other!r} = 0 and {text!r} = 0",
                    "Keep one of them.",
                )


def _refuse_ends(form: Normal, letter: str, faults: Faults) -> None:
    for end in form.ends[letter]:
        for text in given_at(form, {letter: end}):
            faults.add(
                ("conditions",),
                f"{letter} is periodic, and yet {text!r} = 0 is asked at {letter} = {end:g}: one too many",
                "Keep the condition, or the period.",
            )


def _matching(choices: list[set[tuple[str, int]]]) -> dict[int, tuple[str, int]]:
    """As many of the choices as possible, each with a slot of its own (augmenting paths)."""
    owner: dict[tuple[str, int], int] = {}

    def place(index: int, seen: set[tuple[str, int]]) -> bool:
        for slot in sorted(choices[index] - seen):
            seen.add(slot)
            if slot not in owner or place(owner[slot], seen):
                owner[slot] = index
                return True
        return False

    for index in range(len(choices)):
        place(index, set())
    return {index: slot for slot, index in owner.items()}


def _applied(form: Normal, name: str, letter: str, end: float) -> str:
    arguments = ", ".join(f"{end:g}" if one == letter else one for one in form.coordinates)
    return f"{name}({arguments})"


def _place(at: dict[str, float]) -> str:
    return ", ".join(f"{letter} = {value:g}" for letter, value in at.items())


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
