"""What an answer says of columns kept against a check of leakage, and what it asks."""

from __future__ import annotations

from orchestrator.core.evidence import Evidence
from orchestrator.nodes.leak_sentences import leak_sentence


def entry(name: str, *columns: str, text: str = "") -> Evidence:
    return Evidence(id=name, name=name, value=1.0, subject="split", columns=columns, text=text)


def test_an_override_is_told_by_the_names_of_the_columns_and_of_the_leak() -> None:
    told = leak_sentence((entry("leak.groups", "site"), entry("leak_overridden.proxy_together", "paid", "owed")))
    assert "overridden by the request, which keeps 'paid', 'owed' (proxy together)" in told and "site" not in told


def test_a_question_is_asked_in_the_answer() -> None:
    assert leak_sentence((entry("leak_question", text="is x known then?"),)) == "A question: is x known then?."


def test_nothing_is_said_where_nothing_is_overridden_or_asked() -> None:
    assert leak_sentence((entry("leak.proxy", "copy"), entry("leaks"))) == ""
