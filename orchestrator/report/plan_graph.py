"""Where the boxes and arrows of the plan's graph go: steps in columns by what they wait for."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.core.plan import Plan, Step

WIDE, HIGH, GAP_X, GAP_Y, MARGIN = 232, 58, 56, 16, 6


@dataclass(frozen=True)
class Node:
    """One step as a box; `x`, `y` its upper left corner in pixels."""

    id: str
    worker: str
    detail: str
    kind: str
    x: int
    y: int


@dataclass(frozen=True)
class Graph:
    nodes: tuple[Node, ...]
    arrows: tuple[str, ...]  # path data
    width: int
    height: int


def plan_graph(plan: Plan) -> Graph:
    """A layered drawing: a step stands one column right of the last step it needs."""
    column = _columns(plan.steps)
    taken: dict[int, int] = {}
    nodes = []
    for step in plan.steps:
        row = taken.get(column[step.id], 0)
        taken[column[step.id]] = row + 1
        x = MARGIN + column[step.id] * (WIDE + GAP_X)
        nodes.append(Node(step.id, step.worker, _detail(step), step.kind, x, MARGIN + row * (HIGH + GAP_Y)))
    place = {node.id: node for node in nodes}
    arrows = tuple(_arrow(place[need], place[step.id]) for step in plan.steps for need in step.needs if need in place)
    width = max((node.x + WIDE for node in nodes), default=0) + MARGIN
    height = max((node.y + HIGH for node in nodes), default=0) + MARGIN
    return Graph(tuple(nodes), arrows, width, height)


def _columns(steps: tuple[Step, ...]) -> dict[str, int]:
    """The wave of each step; a need that is unknown or circular (a damaged plan) counts as none."""
    by_id = {step.id: step for step in steps}
    column: dict[str, int] = {}

    def depth(step: Step, above: frozenset[str]) -> int:
        if step.id not in column:
            known = [by_id[need] for need in step.needs if need in by_id and need not in above]
            column[step.id] = max((depth(need, above | {step.id}) + 1 for need in known), default=0)
        return column[step.id]

    for step in steps:
        depth(step, frozenset({step.id}))
    return column


def _detail(step: Step) -> str:
    if step.kind == "loop":
        inner = ", ".join(body.id for body in step.body)
        return f"{inner}, {step.bound}"
    return step.skill_name if step.kind == "agent" else "skill"


def _arrow(start: Node, end: Node) -> str:
    x1, y1 = start.x + WIDE, start.y + HIGH // 2
    x2, y2 = end.x - 7, end.y + HIGH // 2
    bend = (x2 - x1) // 2
    return f"M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
