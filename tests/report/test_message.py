"""The first sentences of an answer: the main number beside its baselines, in the request's language, from evidence."""

from __future__ import annotations

import re

import pytest

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.plan import Plan, Step
from orchestrator.core.request import Route
from orchestrator.nodes.phrases import PHRASES
from orchestrator.nodes.sentences import headline
from orchestrator.planners.rules.language import LANGUAGES
from orchestrator.report.numbers import spell
from orchestrator.report.result import main_results

from .common import evidence, passed
from .field_parts import field_checks, field_evidence, field_plan
from .table_parts import table_evidence, table_plan

METRIC = (passed("evaluation.metric", 2.2e-6, 1e-4, "", "e1"),)
INVERSE = field_plan().model_copy(update={"problem": {"name": "heat", "unknown": {"alpha": None, "k": None}}})
SOLVE = field_plan().model_copy(update={"route": Route.SIMULATE})
COLLECT = SOLVE.model_copy(
    update={"steps": (Step(id="collect", worker="simulate", kind="skill", spec={"mode": "collect"}),)}
)
FOUND = (
    evidence(1, "posterior.alpha", 0.2998, interval=(0.2949, 0.3048), unit="m^2/s"),
    evidence(2, "posterior.alpha", 0.2999, "reference", interval=(0.2951, 0.3046), unit="m^2/s"),
    evidence(3, "posterior.k", 4.5, interval=(4.0, 5.0)),
    evidence(4, "relative_l2", 1.5e-4, interval=(1e-4, 2e-4)),
)
CHANGE = evidence(1, "dataset_error", 2.2e-6, "dataset", n=16)
AGAIN = evidence(2, "dataset_difference", 3.3e-7, "dataset", interval=(3e-7, 3.6e-7), n=3)
CLASSICAL = evidence(9, "relative_l2", 6.5e-6, "classical", n=4096)
QUICK = evidence(10, "speedup", 3.7, "delivered vs torch", n=5, interval=(3.2, 4.3))
HOST = evidence(20, "accuracy", 0.44, "constant", interval=(0.3, 0.5), n=69)
END = "every claim is measured and every required check passed."
TOLD: dict[str, tuple[Plan, tuple[Evidence, ...], tuple[Verdict, ...], str]] = {
    "a field": (
        field_plan(), (*field_evidence(), CLASSICAL), field_checks(),
        "Validated: the network's relative L2 error for heat is 3.1e-05 (95 % interval 2.8e-05 to 3.4e-05), against "
        "0.41 without the equation and 6.5e-06 of a classical solver at equal cost; " + END,
    ),
    "a quick field": (
        field_plan(), (field_evidence()[0], QUICK), (),
        "Validated: the network's relative L2 error for heat is 3.1e-05 (95 % interval 2.8e-05 to 3.4e-05); its "
        "throughput is 3.7 times that of torch (95 % interval 3.2 to 4.3); " + END,
    ),
    "a table": (
        table_plan(), (*table_evidence(), HOST), (),
        "Validated: accuracy for 'species' on 69 sealed rows is 0.971 (95 % interval 0.93 to 1), against 0.44 of a "
        "constant guess; " + END,
    ),
    "coefficients": (
        INVERSE, FOUND, METRIC,
        "Validated: alpha is 0.2998 m^2/s (95 % interval 0.2949 to 0.3048), against 0.2999 m^2/s of a classical fit; k "
        "is 4.5 (95 % interval 4 to 5); " + END,
    ),
    "a solution": (
        SOLVE, (evidence(1, "reference_error", 8.84e-8, "reference"), CLASSICAL), METRIC,
        "Validated: the solution's relative L2 error for heat is 8.84e-08 (at most 0.0001 is allowed); " + END,
    ),
    "a data set": (
        COLLECT, (CHANGE,), METRIC,
        "Validated: the worst of 16 samples of heat changes by 2.2e-06 in relative L2 from half its grid (at most "
        "0.0001 is allowed); " + END,
    ),
    "a data set solved again": (
        COLLECT, (CHANGE, AGAIN), METRIC,
        "Validated: samples of heat that were solved again differ by 3.3e-07 in relative L2 (at most 0.0001 is "
        "allowed); " + END,
    ),
    "nothing measured": (field_plan(), (), (), "Validated: " + END),
}  # fmt: skip


def _message(plan: Plan, found: tuple[Evidence, ...], checks: tuple[Verdict, ...], language: str = "en") -> str:
    return headline("validated", main_results(plan, found, checks), checks, (), False, language)


@pytest.mark.parametrize("case", TOLD)
def test_a_validated_run_leads_with_its_main_number_beside_the_baselines(case: str) -> None:
    *known, said = TOLD[case]
    assert _message(*known) == said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", TOLD)
def test_every_number_of_the_message_is_evidence_or_a_threshold_in_every_language(case: str, language: str) -> None:
    plan, found, checks, said = TOLD[case]
    message = _message(plan, found, checks, language)
    values = [
        end for entry in found for end in (entry.value, float(entry.n), *(entry.interval or ())) if end is not None
    ]
    known = {spell(value) for value in values} | {spell(check.threshold) for check in checks} | {"95"}
    numbers = re.findall(r"(?<![\w^L])\d[\d.]*(?:e-\d+)?(?!\w)", re.sub(r"L2|m\^2/s", "", message))
    assert set(numbers) <= known
    assert sorted(numbers) == sorted(re.findall(r"(?<![\w^L])\d[\d.]*(?:e-\d+)?(?!\w)", re.sub(r"L2|m\^2/s", "", said)))
    assert "{" not in message and (language == "en" or message != said)


def test_the_newest_measurement_counts_and_one_without_a_value_does_not() -> None:
    old, new, empty = (evidence(n, "relative_l2", value) for n, value in ((1, 0.5), (2, 0.25), (3, None)))
    (result,) = main_results(field_plan(), (old, new, empty), ())
    assert result.measured is new


def test_a_problem_without_a_name_is_not_given_one() -> None:
    plan = field_plan().model_copy(update={"problem": {"name": "custom"}})
    assert "for this problem is" in _message(plan, field_evidence(), ())


def test_a_run_that_is_not_validated_leads_with_why_and_both_say_what_was_left_undone() -> None:
    failed = (Verdict(id="model.baseline", verdict="failed", reason="no better than a guess"),)
    results = main_results(field_plan(), field_evidence(), failed)
    said = headline("not_validated", results, failed, ("deploy",), True, "en")
    assert said.startswith("Not validated, because model.baseline: no better than a guess. The boxes were plain")
    assert said.endswith("no skill for it is there yet: deploy.")
    assert headline("validated", results, (), ("deploy",), True, "en").endswith("is there yet: deploy.")


def test_every_language_that_is_read_is_written_and_names_every_result() -> None:
    assert set(PHRASES) == set(LANGUAGES)
    for words in PHRASES.values():
        assert set(words.results) == set(PHRASES["en"].results) and set(words.rivals) == set(PHRASES["en"].rivals)
