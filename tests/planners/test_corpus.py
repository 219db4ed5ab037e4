"""Every corpus of requests: routes, parameters, and the accuracy below which it must not fall."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from orchestrator.core.errors import BadInput
from orchestrator.core.request import Request, Route
from orchestrator.planners.accuracy import Sample, load, main, table
from orchestrator.planners.seam import choose

REQUESTS = Path(__file__).resolve().parents[1] / "requests"
FLOOR = 0.97


def samples(name: str) -> list[Sample]:
    return list(load((REQUESTS / name).read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize("half", ["dev", "held"])
def test_routes_of_both_halves_stay_above_the_floor(half: str) -> None:
    results = [(sample, sample.routed()) for sample in samples("requests.jsonl") if sample.half == half]
    right = sum(sample.route == found.route for sample, found in results)
    assert right / len(results) >= FLOOR, "\n" + table(results)


def test_the_corpus_is_large_and_knows_every_route() -> None:
    corpus = samples("requests.jsonl")
    assert len(corpus) >= 160
    assert {sample.route for sample in corpus} == set(Route)
    assert len({(sample.text, sample.data) for sample in corpus}) == len(corpus)


@pytest.mark.parametrize("name", ["requests.jsonl", "development.jsonl", "fresh.jsonl", "fresh2.jsonl"])
def test_parameters_files_and_languages_are_read_as_expected(name: str) -> None:
    wrong = {sample.text: sample.wrong(found) for sample in samples(name) if sample.wrong(found := sample.routed())}
    assert not wrong


def test_contradictions_are_bad_input_that_names_both_phrases() -> None:
    planner = choose("rules", {})
    clashes = [sample for sample in samples("requests.jsonl") if sample.contradiction]
    assert len(clashes) >= 3
    for sample in clashes:
        request = Request(text=sample.text)
        routing = asyncio.run(planner.route(request))
        with pytest.raises(BadInput, match=r"contradicts itself: '.+' and '.+'"):
            asyncio.run(planner.plan(request, routing, None, ()))


def test_the_command_prints_figures_for_both_halves(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(REQUESTS / "requests.jsonl")]) == 0
    printed = capsys.readouterr().out
    assert all(f"{route.value} " in printed for route in Route)
    assert "all routes" in printed and "ms a request" in printed


def test_the_command_without_a_corpus_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
