"""The page: whatever a run left behind, it renders, holds everything, and trusts no text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from orchestrator.core.evidence import Evidence
from orchestrator.core.outcome import Outcome
from orchestrator.core.request import Route, Routing
from orchestrator.journal.rundir import RunDirectory, write_json
from orchestrator.report.page import write_report
from orchestrator.report.record import read_record

from . import runs

Make = Callable[[Path], RunDirectory]
ALL = [runs.field_run, runs.table_run, runs.refused_run, runs.killed_run]
VOID = {"meta", "br", "link", "img", "hr", "input"}


class Checked(HTMLParser):
    """Holds the ids, the targets and the text of a page; raises where tags are not closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self._note(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)

    def _note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name == "id":
                self.ids.append(value or "")
            if name == "href" and tag == "a":
                self.targets.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def _page(run: RunDirectory) -> str:
    return write_report(run).read_text(encoding="utf-8")


@pytest.mark.parametrize("make", ALL)
def test_every_run_has_a_page_whose_links_lead_somewhere(make: Make, tmp_path: Path) -> None:
    checked = Checked(_page(make(tmp_path)))
    assert len(set(checked.ids)) == len(checked.ids)
    for target in checked.targets:
        assert target.startswith("#")
        assert target[1:] in checked.ids


@pytest.mark.parametrize("make", ALL)
def test_a_page_fetches_nothing_and_runs_nothing(make: Make, tmp_path: Path) -> None:
    page = _page(make(tmp_path))
    checked = Checked(page)
    fetching = {"src", "srcset", "data", "action", "poster", "background"}
    hrefs = [value for tag, name, value in checked.attributes if name in {"href", "xlink:href"} and tag != "a"]
    assert [entry for entry in checked.attributes if entry[1] in fetching] == []
    assert all(value.startswith(("#", "data:image/png;base64,")) for value in hrefs)
    assert all(inner.startswith("#") for inner in re.findall(r"url\(\s*[\"']?([^)]*)", page))
    assert "@import" not in page
    assert "<script" not in page
    assert not any(name.startswith("on") for _, name, _ in checked.attributes)


def test_a_script_in_the_request_is_text(tmp_path: Path) -> None:
    evil = 'Train <script>alert("x")</script> & </title><img src=x onerror=alert(1)>'
    checked = Checked(_page(runs.field_run(tmp_path, evil)))
    assert evil in checked.text
    assert "script" not in {tag for tag, _, _ in checked.attributes}
    assert not any(name == "onerror" for _, name, _ in checked.attributes)


def test_a_script_in_measured_names_is_text_in_figures_too(tmp_path: Path) -> None:
    run = runs.table_run(tmp_path)
    evil = "<script>alert(1)</script>$x^2$"
    lines = [Evidence.model_validate_json(line) for line in run.evidence.read_text().splitlines()]
    renamed = [item.model_copy(update={"subject": evil}) if item.subject == "forest" else item for item in lines]
    run.evidence.write_text("".join(item.model_dump_json() + "\n" for item in renamed))
    table = {"columns": ["true", evil], "rows": [[evil, 1]]}
    write_json(run.measured / "test" / "scores.json", {"scores": [], "tables": {evil: table}})
    page = _page(run)
    assert "<script" not in page
    assert Checked(page).text.count(evil) >= 4


def test_the_field_page_shows_all_its_parts(tmp_path: Path) -> None:
    text = Checked(_page(runs.field_run(tmp_path))).text
    for part in (
        "Every claim is measured and every required check passed.", "3.1e-05",
        "95 % interval 2.8e-05 to 3.4e-05", "Prediction", "Reference",
        "Absolute error", "t [s]", "u [K]", "data_only", "logarithmic scale", "stopped by tolerance",
        "not applicable", "1. Problem formulation", "a neural operator", "Fixed Epochs", "simulation-expert",
        "Up to 3 steps ran at once", "judge: score", "steps/train/out/model/weights.npz", "torch",
        "mlexpert run 'Train a PINN to solve the heat equation' --seed 0", "Is the trained model kept?",
    ):  # fmt: skip
        assert part in text, part


def _box(page: str) -> str:
    """The text of the box at the top, in one line."""
    start = page.index('<div class="card verdict')
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page[start : page.index("<dl", start)])).split())


def test_the_first_box_holds_the_verdict_its_sentence_and_the_main_number_beside_the_baseline(tmp_path: Path) -> None:
    assert _box(_page(runs.field_run(tmp_path))) == (
        "Validated Every claim is measured and every required check passed. "
        "Relative L2 error of the network for heat 3.1e-05 95 % interval 2.8e-05 to 3.4e-05 · at most 0.0001 is "
        "allowed · e1 Baseline: the same network without the equation 0.41 95 % interval 0.39 to 0.43 · e2"
    )


def test_a_run_that_is_not_validated_shows_why_before_its_number_and_the_other_reasons_after(tmp_path: Path) -> None:
    box = _box(_page(runs.table_run(tmp_path)))
    parts = ("Not validated", "reproducibility.seeds failed", "accuracy for 'species' on 69 sealed rows 0.971",
             "evaluation.uncertainty is unknown")  # fmt: skip
    places = [box.index(part) for part in parts]
    assert places == sorted(places)


def test_what_happened_on_the_way_is_told_below_and_what_bears_on_the_verdict_in_the_box(tmp_path: Path) -> None:
    run = runs.field_run(tmp_path)
    page = _page(run)
    assert "sealing is by convention" in page and "sealing is by convention" not in _box(page)
    assert "Nothing was isolated" not in page
    outcome = Outcome.model_validate_json((run.step("train") / "result.json").read_text())
    write_json(run.step("train") / "result.json", outcome.model_copy(update={"isolated": False, "sandbox": "process"}))
    assert "Nothing was isolated" in _box(_page(run))


@pytest.mark.parametrize(("language", "then"), [("de", ()), ("en", (Route.DEPLOY,))])
def test_a_message_that_says_more_than_the_page_is_kept(language: str, then: tuple[Route, ...], tmp_path: Path) -> None:
    run = runs.field_run(tmp_path)
    write_json(run.routing, Routing(route=Route.PINN, language=language, then=then))
    answer = json.loads(run.answer.read_text())
    write_json(run.answer, {**answer, "message": "was hier gesagt ist"})
    assert "was hier gesagt ist" in _box(_page(run))


def test_the_table_page_shows_why_it_is_not_validated(tmp_path: Path) -> None:
    text = Checked(_page(runs.table_run(tmp_path))).text
    for part in (
        "Not validated", "reproducibility.seeds failed: two fresh boxes differ",
        "What helps: seed every generator", "boosting", "log_loss",
        "0.09 nat", "Confusion matrix of 69 sealed rows", "dropped duplicate rows", "island (you asked for it)",
        "344 rows", "--data penguins.csv --seed 7",
    ):  # fmt: skip
        assert part in text, part


def test_a_killed_run_says_so_and_how_to_go_on(tmp_path: Path) -> None:
    text = Checked(_page(runs.killed_run(tmp_path))).text
    assert "Interrupted" in text
    assert "mlexpert run --resume 20261122-232100-000002" in text


FILES = ("request", "routing", "plan", "profile", "split", "journal", "evidence", "verdicts", "environment", "answer")


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"half": ', b"\xff\xfe\x00", b"42", b'{"v": 1}\n'])
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named_and_the_others_are_read(name: str, damage: bytes, tmp_path: Path) -> None:
    run = runs.table_run(tmp_path)
    path: Path = getattr(run, name)
    path.write_bytes(damage)
    record = read_record(run)
    torn = (
        name == "journal" and not damage.endswith(b"\n") and b"\xff" not in damage
    )  # a line without its end is no event
    empty = (name, damage) in {("evidence", b""), ("verdicts", b"[]")}
    loose = name in {"environment", "split"} and damage == b'{"v": 1}\n'  # any object will do
    assert [entry.split(":")[0] for entry in record.broken] == ([] if torn or empty or loose else [path.name])
    assert (record.request is None) == (name == "request")


def test_a_run_of_damaged_files_still_has_a_page_that_names_them(tmp_path: Path) -> None:
    run = runs.table_run(tmp_path)
    for name in FILES:
        getattr(run, name).write_bytes(b"\xff\xfe not JSON")
    text = Checked(_page(run)).text
    for name in FILES:
        assert f"Could not be read: {getattr(run, name).name}" in text


@pytest.mark.parametrize(
    "path",
    [
        "steps/train/out/history.json",
        "steps/train/result.json",
        "measured/grid/train/predictions.npz",
        "measured/test/scores.json",
    ],
)
def test_a_damaged_file_of_a_step_leaves_the_page_whole(path: str, tmp_path: Path) -> None:
    run = runs.field_run(tmp_path)
    target = run.path / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"\x00 not what it was")
    assert "3.1e-05" in Checked(_page(run)).text


def test_numbers_that_are_no_numbers_do_not_break_the_drawings(tmp_path: Path) -> None:
    run = runs.field_run(tmp_path)
    x, t = np.meshgrid(np.linspace(0, 1, 5), np.linspace(0, 1, 4))
    runs.grid(run, "train", x, t, np.full_like(x, np.nan))
    series = {"loss": [[0, None], [1, float("inf")], [2, -1.0], [3, 0.0]], "empty": []}
    (run.out("train") / "history.json").write_text(json.dumps({"series": series}))
    page = Checked(_page(run))
    assert "linear scale" in page.text
    assert "could not be drawn" not in page.text


def test_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    run = runs.field_run(tmp_path)
    assert _page(run) == _page(run)
