"""The pictures of a model on the sealed rows: what they show, in words too, and that damage costs no page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.evidence import Evidence
from orchestrator.journal.rundir import RunDirectory, write_json
from orchestrator.report.page import write_report
from orchestrator.report.performance import Performance, performance
from orchestrator.report.record import read_record

from . import runs

SLICES = {
    "columns": ["slice", "rows", "share of wrong classes", "low", "high"],
    "rows": [
        ["age > 60 and sex = <b>f</b>", 40, 0.4, 0.25, 0.55],
        ["age ≤ 30", 90, 0.2, 0.05, 0.35],
        ["all rows", 400, 0.1, None, None],
    ],
}
CLASSES: dict[str, Any] = {
    "confusion-delivered": {"columns": ["true", "no", "yes"], "rows": [["no", 280, 20], ["yes", 20, 80]]},
    "roc-delivered": {
        "columns": ["class", "false_positive_rate", "true_positive_rate", "low", "high", "threshold"],
        "rows": [["yes", 0, 0, 0, 0.1, None], ["yes", 0.1, 0.8, 0.7, 0.9, 0.5], ["yes", 1, 1, 1, 1, 0.1]],
    },
    "pr-delivered": {
        "columns": ["class", "recall", "precision", "low", "high", "threshold"],
        "rows": [["yes", 0.8, 0.8, 0.7, 0.9, 0.5], ["yes", 1, 0.25, 0.2, 0.3, 0.1]],
    },
    "areas-delivered": {
        "columns": ["class", "rows", "prevalence", "roc_auc", "low", "high", "pr_auc", "low", "high"],
        "rows": [["yes", 100, 0.25, 0.9, 0.85, 0.95, 0.8, 0.7, 0.9]],
    },
    "calibration-delivered": {
        "columns": ["promised", "seen", "low", "high", "rows"],
        "rows": [[0.1, 0.05, 0.02, 0.1, 200], [0.4, 0.45, 0.4, 0.5, 200]],
    },
    "probabilities-delivered": {"columns": ["from", "to", "rows"], "rows": [[0, 0.5, 300], [0.5, 1, 100]]},
    "calibration-other": {"columns": ["promised", "seen", "low", "high", "rows"], "rows": [[0.1, 0.05, 0.0, 0.1, 9]]},
    "slices-delivered": SLICES,
    "mcnemar-delivered": {
        "columns": [
            "other",
            "both right",
            "only delivered right",
            "only the other right",
            "both wrong",
            "p",
            "p, corrected",
        ],
        "rows": [["forest", 350, 10, 2, 38, 0.0386, 0.0386]],
    },
}
NUMBERS: dict[str, Any] = {
    "residuals-delivered": {"columns": ["predicted", "error", "rows"], "rows": [[1.0, -0.5, 2], [2.0, 0.5, 1]]},
    "errors-delivered": {"columns": ["from", "to", "rows"], "rows": [[-1, 0, 2], [0, 1, 1]]},
    "intervals-delivered": {
        "columns": ["predicted", "inside", "low", "high", "width", "rows", "promised"],
        "rows": [[1.0, 0.9, 0.8, 0.95, 2.0, 20, 0.9], [2.0, 0.7, 0.6, 0.8, 2.0, 20, 0.9]],
    },
}


def made(folder: Path, tables: dict[str, Any], *evidence: Evidence) -> RunDirectory:
    run = runs.table_run(folder)
    for old in run.measured.rglob("scores.json"):
        old.unlink()
    write_json(run.measured / "scores" / "scores.json", {"scores": [], "tables": tables})
    with run.evidence.open("a", encoding="utf-8") as stream:
        stream.writelines(f"{entry.model_dump_json()}\n" for entry in evidence)
    return run


def shown(run: RunDirectory) -> Performance:
    return performance(read_record(run))


def told(name: str, value: float, low: float | None = None, high: float | None = None, text: str = "") -> Evidence:
    interval = (low, high) if low is not None and high is not None else None
    return Evidence(id=f"e-{name}", name=name, value=value, interval=interval, subject="delivered", text=text)


def captions(found: Performance) -> str:
    return "\n".join(picture.caption for picture in found.pictures)


def label(svg: str) -> str:
    match = re.search(r'aria-label="([^"]*)"', svg)
    assert match is not None
    return match[1]


def test_each_picture_of_classes_has_axes_a_caption_and_words_for_those_who_cannot_see_it(tmp_path: Path) -> None:
    run = made(tmp_path, CLASSES, told("roc_auc", 0.9, 0.85, 0.95), told("pr_auc", 0.8, 0.7, 0.9))
    drawn = [picture for picture in shown(run).pictures if picture.svg]
    axes = (("true class", "predicted class"), ("true positive rate", "false positive rate"), ("recall", "precision"),
            ("share that came true", "promised"), ("share of wrong classes",))  # fmt: skip
    labels = ("360 of 400 rows on the diagonal", "yes: 0.900 (0.850 to 0.950)", "yes: 0.800 (0.700 to 0.900)",
              "bins miss their promise by up to 0.05", "0.4 against 0.1 over all rows")  # fmt: skip
    assert len(drawn) == len(axes)
    for picture, names, words in zip(drawn, axes, labels, strict=True):
        assert all(name in picture.svg for name in names)
        assert words in label(picture.svg)
        assert picture.caption.endswith(".")
    assert "The area below is 0.9 (95 % interval 0.85 to 0.95) for the class 'yes'; the band" in captions(shown(run))


def test_of_many_classes_it_is_said_which_are_drawn(tmp_path: Path) -> None:
    names = [f"k{place}" for place in range(9)]
    matrix = [[name, *(5 * (place == other) for other in range(9))] for place, name in enumerate(names)]
    tables = {"confusion-delivered": {"columns": ["true", *names], "rows": matrix}}
    tables["areas-delivered"] = CLASSES["areas-delivered"] | {
        "rows": [[name, 5, 1 / 9, 0.9, 0.8, 1.0, 0.9, None, None] for name in names[:6]]
    }
    for curve in ("roc", "pr"):
        rows = [[name, x, 0.9, None, None, 0.5] for name in names[:6] for x in (0.2, 1.0)]
        tables[f"{curve}-delivered"] = {"columns": CLASSES[f"{curve}-delivered"]["columns"], "rows": rows}
    found = shown(made(tmp_path, tables))
    assert captions(found).count("The 6 commonest of 9 classes are drawn, each against all others") == 2
    assert len({style for style in re.findall(r"stroke-dasharray: ([^;]*)", found.pictures[1].svg)}) >= 5


def test_the_pictures_of_numbers_tell_bias_and_coverage(tmp_path: Path) -> None:
    run = made(tmp_path, NUMBERS, told("mean_error", -0.2, -0.3, -0.1), told("coverage", 0.8, 0.7, 0.87))
    found = shown(run)
    assert len(found.pictures) == 2
    assert "The mean error is -0.2 (95 % interval -0.3 to -0.1)." in captions(found)
    assert "90 % was promised" in captions(found)
    assert "Over all rows it is 0.8 (95 % interval 0.7 to 0.87)." in captions(found)
    assert "prediction of species" in found.pictures[0].svg
    assert "0.9, 0.7" in label(found.pictures[1].svg)


def test_slices_say_how_many_were_looked_at_and_mark_those_that_are_surely_worse(tmp_path: Path) -> None:
    searched, worse = told("slices.searched", 120, text="120 slices; intervals hold for all"), told("slices.worse", 1)
    (picture,) = shown(made(tmp_path, {"slices-delivered": SLICES}, searched, worse)).pictures
    assert (
        "Looked at: 120 slices; intervals hold for all. One of them lies above it for sure (filled)." in picture.caption
    )
    assert picture.lines[0][0] == "age > 60 and sex = <b>f</b>"
    assert picture.svg.count("fill: #d9722e") == 1  # one mark is filled
    assert "<b>" not in picture.svg


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.02, 0.1, "it promises too much, by 0.05."), (-0.1, -0.02, "it promises too little, by 0.05."), (-0.1, 0.1, "")],
)
def test_a_model_that_is_surely_too_sure_is_called_so(low: float, high: float, words: str, tmp_path: Path) -> None:
    sure = told("overconfidence", 0.05 if low > 0 else -0.05, low, high)
    error = told("calibration_error", 0.05, 0.01, 0.09, "probability of 'yes'; 2 bins")
    tables = {name: CLASSES[name] for name in ("calibration-delivered", "probabilities-delivered")}
    (picture,) = shown(made(tmp_path, tables, error, sure)).pictures
    assert "The expected calibration error is 0.05 (95 % interval 0.01 to 0.09)." in picture.caption
    assert ("On average" in picture.caption) == bool(words)
    assert words in picture.caption
    assert "sorted by the model's probability of 'yes'" in picture.caption


def test_what_is_drawn_is_no_table_as_well(tmp_path: Path) -> None:
    page = write_report(made(tmp_path, CLASSES | NUMBERS)).read_text()
    assert 'id="performance"' in page
    assert 'id="tables"' not in page
    assert "age &gt; 60 and sex = &lt;b&gt;f&lt;/b&gt;" in page


@pytest.mark.parametrize("rows", [[["a", "b"]], [[]], [[None] * 9]])
def test_damaged_tables_cost_their_pictures_and_no_page(rows: list[Any], tmp_path: Path) -> None:
    tables = {name: {"columns": ["a"], "rows": rows} for name in CLASSES | NUMBERS}
    page = write_report(made(tmp_path, tables)).read_text()
    assert 'id="evidence"' in page
    assert page.count("could not be drawn") >= 5
