"""Front matter as it is found in the wild."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config.frontmatter import FrontMatter, parse_front_matter, read_front_matter

KNOWN = ("name", "description", "tools", "model", "color", "skills", "version", "background")


def parse(text: str) -> FrontMatter:
    return parse_front_matter(text, KNOWN)


def levels(matter: FrontMatter) -> set[str]:
    return {finding.level for finding in matter.findings}


def test_a_clean_file_has_no_findings() -> None:
    matter = parse("---\nname: a\ndescription: Does b.\ntools: [Read, Write]\n---\n\n# Body\n")
    assert matter.fields == {"name": "a", "description": "Does b.", "tools": ["Read", "Write"]}
    assert matter.lines == {"name": 2, "description": 3, "tools": 4}
    assert matter.body == "# Body"
    assert matter.findings == ()
    assert not matter.recovered


@pytest.mark.parametrize("mark", ["\ufeff", "\ufeff\n"])
def test_a_byte_order_mark_does_not_lose_the_file(mark: str) -> None:
    matter = parse(f"{mark}---\nname: a\ndescription: b\n---\nBody")
    assert matter.text("name") == "a"
    assert "byte-order mark" in matter.findings[0].message


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_foreign_line_ends_are_read(end: str) -> None:
    matter = parse(end.join(["---", "name: a", "description: b", "---", "Body", "more"]))
    assert (matter.text("description"), matter.body) == ("b", "Body\nmore")
    assert levels(matter) == {"note"}


def test_blanks_behind_a_fence_do_not_hide_it() -> None:
    assert parse("---  \nname: a\n---\t\nBody").body == "Body"


def test_blank_lines_before_the_fence_are_reported() -> None:
    matter = parse("\n\n---\nname: a\n---\n")
    assert matter.text("name") == "a"
    assert matter.lines["name"] == 4
    assert levels(matter) == {"warning"}


def test_yes_and_numbers_stay_text_where_text_is_meant() -> None:
    matter = parse("---\nname: yes\nversion: 1.10\ndescription: 2024-01-01\nbackground: yes\n---\n")
    assert matter.fields == {"name": "yes", "version": "1.10", "description": "2024-01-01", "background": True}


def test_a_date_elsewhere_becomes_text() -> None:
    assert parse("---\nmetadata: {made: 2024-01-31}\n---\n").fields["metadata"] == {"made": "2024-01-31"}


def test_a_key_that_stands_twice_is_reported_and_the_last_counts() -> None:
    matter = parse("---\nname: first\ndescription: d\nname: second\n---\n")
    assert matter.text("name") == "second"
    (finding,) = matter.findings
    assert (finding.line, finding.level) == (4, "warning")
    assert "line 2" in finding.message


def test_an_unquoted_colon_is_recovered() -> None:
    matter = parse("---\nname: a\ndescription: Use when: you are lost\ntools: Read, Write\nmodel: opus\n---\nBody")
    assert matter.recovered
    assert matter.fields == {
        "name": "a", "description": "Use when: you are lost", "tools": "Read, Write", "model": "opus",
    }  # fmt: skip
    assert matter.lines["model"] == 5
    assert matter.body == "Body"
    (finding,) = matter.findings
    assert (finding.line, finding.level) == (3, "error")


def test_a_description_with_a_dialogue_is_recovered_whole() -> None:
    text = (
        '---\nname: a\ndescription: Use this. <example>\n\nContext: x\nuser: "do: it"\n</example>\nmodel: opus\n---\nB'
    )
    matter = parse(text)
    assert matter.text("model") == "opus"
    assert matter.text("description").endswith("</example>")
    assert "Context: x" in matter.text("description")


def test_a_fence_that_never_closes_ends_at_the_first_blank_line() -> None:
    matter = parse("---\nname: a\ndescription: b\n\n# Title\nText: more\n")
    assert matter.fields == {"name": "a", "description": "b"}
    assert matter.body.startswith("# Title")
    assert "never closed" in matter.findings[0].message


def test_a_rule_of_the_body_is_not_taken_for_the_fence_that_is_missing() -> None:
    matter = parse("---\nname: a\ndescription: b\ntriggers:\n- x\n\n# Title\n\n| a | b |\n\n---\n\nRest")
    assert matter.fields == {"name": "a", "description": "b", "triggers": ["x"]}
    assert matter.body.startswith("# Title")
    assert matter.body.endswith("Rest")
    assert "never closed" in matter.findings[0].message


def test_rules_and_code_in_the_body_are_body() -> None:
    body = "Text\n\n---\n\n```yaml\n---\nname: other\n---\n```"
    matter = parse(f"---\nname: a\ndescription: b\n---\n{body}\n")
    assert matter.body == body
    assert matter.text("name") == "a"


def test_a_comment_in_yaml_is_no_heading() -> None:
    matter = parse("---\nname: a\n# a comment\ndescription: b\n---\nBody")
    assert matter.fields == {"name": "a", "description": "b"}
    assert matter.findings == ()


def test_a_file_without_front_matter_says_so() -> None:
    matter = parse("# Only a title\n\n---\n\nname: no\n")
    assert not matter.found
    assert matter.fields == {}
    assert levels(matter) == {"error"}


@pytest.mark.parametrize("block", ["- just\n- a list", "just text", "name: [unclosed", "name: a\n\tdescription: tab"])
def test_what_is_no_mapping_is_reported_and_does_not_raise(block: str) -> None:
    matter = parse(f"---\n{block}\n---\nBody")
    assert matter.found
    assert levels(matter) == {"error"}


def test_an_empty_front_matter_has_no_fields() -> None:
    assert parse("---\n---\nBody").fields == {}


def test_a_block_scalar_is_read_also_where_yaml_fails() -> None:
    matter = parse("---\nname: a: b\ndescription: |\n  one\n  two\nskills: [x, y]\n---\n")
    assert matter.fields == {"name": "a: b", "description": "one\ntwo", "skills": ["x", "y"]}


def test_quotes_around_a_recovered_value_go() -> None:
    assert parse("---\nname: 'a'\ndescription: x: y\n---\n").text("name") == "a"


def test_aliases_that_would_unfold_without_end_are_not_read() -> None:
    steps = [f"{new}: &{new} [*{old}, *{old}]" for old, new in itertools.pairwise("abcdefgh")]
    bomb = "\n".join(["a: &a [x, x]", *steps])
    matter = parse(f"---\n{bomb}\nname: a\ndescription: b\n---\n")
    assert matter.fields == {"name": "a", "description": "b"}
    assert "aliases" in matter.findings[0].message


def test_an_impossible_date_and_a_deep_nest_are_survived() -> None:
    assert parse("---\nname: a\nmade: 2024-13-45\n---\n").text("name") == "a"
    assert parse(f"---\nname: a\nx: {'[' * 3000}\n---\n").text("name") == "a"


def test_front_matter_without_end_is_read_in_time() -> None:
    lines = "".join(f"key{number}: value\n" for number in range(50_000))
    started = time.monotonic()
    matter = parse(f"---\nname: a\ndescription: b\n{lines}---\nBody")
    assert (matter.text("name"), matter.text("description")) == ("a", f"b\n{lines}".strip())
    assert "longer than" in matter.findings[0].message
    assert time.monotonic() - started < 2.0


def test_bytes_that_are_no_utf8_are_replaced_and_reported(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_bytes(b"---\nname: a\ndescription: caf\xe9\n---\nBody")
    matter = read_front_matter(file, KNOWN)
    assert matter.text("description") == "caf\ufffd"
    assert (matter.findings[0].line, matter.findings[0].level) == (3, "error")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_no_text_makes_the_parser_raise(text: str) -> None:
    parse(text)
    parse(f"---\n{text}\n---\nbody")


@given(st.text(alphabet="abc: -#'\"[]{}&*!|>%@`\t\n", max_size=80))
def test_a_name_on_the_first_line_is_found_whatever_follows(noise: str) -> None:
    matter = parse_front_matter(f"---\nname: x\n{noise.replace('---', '')}\nmodel: y\n---\n", ("name", "model"))
    assert matter.text("name").startswith("x")
