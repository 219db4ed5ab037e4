"""Measures attributions of single predictions: do they add up, and does the judge find the same at its own draws?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.core.plan import Step
from orchestrator.measure.bench import Bench
from orchestrator.measure.edge import DELIVERED, load_arrays, load_predictions, prediction_file
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.shapley import ROW_ID, estimates, questions
from orchestrator.measure.subjects import Subject

ADDITIVITY, DIFFERENCE, MEAN = "additivity", "attribution_difference", "mean_attribution"
SHAP = "shap"
ADDS_UP = 1e-6  # of the range of the outputs: what rounding may cost
ERRORS, SLACK = 6.0, 0.005  # standard errors of both draws, and a share of the range, by which estimates may differ
LARGEST_ERROR = 0.02  # of the range: the skill tells its own errors, and large ones must not excuse everything
ROWS, COLUMNS = 3, 24  # that the judge estimates itself, or all where there are fewer
ENDS = (".low", ".high")  # of prediction intervals, which are not explained
RESAMPLES = 1000
WANTED = ("values", "errors", "base", "outputs", "output_names", "features", "row_ids", "background_ids")
Floats = NDArray[np.float64]


async def measure_shares(bench: Bench, book: EvidenceBook, step: Step, subject: Subject, path: Path) -> None:
    """Evidence `additivity`, `attribution_difference` (both with their bounds) and `mean_attribution` by column."""
    found = load_arrays(path, WANTED)
    frame = pd.read_parquet(bench.run.data / "train.parquet").set_index(ROW_ID)
    why = found.why or _misshapen(found.held, frame, step)
    if why:
        _lost(book, path, step, why)
        return
    held, features = found.held, _features(step)
    shown, behind = (frame.loc[held[key]][list(features)] for key in ("row_ids", "background_ids"))
    told, why = await predicted(bench, subject, "rows", pd.concat([behind, shown], ignore_index=True))
    if told is None or told.shape[1] != held["values"].shape[2]:
        _lost(book, path, step, why or "the model has other outputs than were explained")
        return
    scale = _scale(told)
    _adds_up(book, path, step, held, told, scale)
    await _again(bench, book, step, subject, path, held, (shown, behind), scale)
    _means(book, path, step, held, features, bench.seed)


def _features(step: Step) -> tuple[str, ...]:
    told = step.spec.get("features")
    return tuple(map(str, told)) if isinstance(told, list) else ()


def _misshapen(held: Mapping[str, NDArray[Any]], frame: pd.DataFrame, step: Step) -> str:
    """Why these arrays are no attributions of rows of the training table; empty where they are."""
    values, features = held["values"], _features(step)
    if values.dtype.kind != "f" or values.ndim != 3 or not values.size or not np.isfinite(values).all():
        return "the attributions are no finite numbers (rows, columns, outputs)"
    rows, count, outputs = values.shape
    shapes = {"errors": values.shape, "base": (outputs,), "outputs": (rows, outputs), "row_ids": (rows,)}
    wrong = [key for key, shape in shapes.items() if held[key].shape != shape or held[key].dtype.kind not in "fiu"]
    if wrong or [str(name) for name in held["features"]] != list(features) or count != len(features):
        return f"the attributions' {wrong[0] if wrong else 'columns'} do not fit together"
    ids = np.concatenate([held["row_ids"], held["background_ids"]])
    if len(held["background_ids"]) < 2 or not np.isin(ids, frame.index.to_numpy()).all():
        return "the explained rows are no rows of the training table"
    return ""


async def predicted(
    bench: Bench, subject: Subject, label: str, rows: pd.DataFrame, variant: str = DELIVERED
) -> tuple[Floats | None, str]:
    """The model's outputs (n, k) for rows of features, in their order, from a fresh box without labels."""
    place = bench.run.measured / "interpret" / f"{label}.parquet"
    place.parent.mkdir(parents=True, exist_ok=True)
    rows.assign(**{ROW_ID: np.arange(len(rows))}).to_parquet(place, index=False)
    place.chmod(0o644)
    folder, why = await bench.predict(
        f"interpret/{label}", subject.model, {"rows": place}, (variant,), subject.step.resources
    )
    if folder is None:
        return None, f"predict failed: {why}"
    path = prediction_file(folder, variant, variant)
    found, ids = load_predictions(path, len(rows)), load_arrays(path, ("row_ids",))
    if found.why or ids.why:
        return None, found.why or ids.why
    if sorted(ids.held["row_ids"].ravel().tolist()) != list(range(len(rows))):
        return None, f"{path.name} does not hold every row once"
    kept = [at for at, name in enumerate(found.held["output_names"]) if not str(name).endswith(ENDS)]
    outputs = np.asarray(found.held["outputs"])[np.argsort(ids.held["row_ids"])][:, kept]
    return (outputs, "") if np.isfinite(outputs).all() else (None, f"{path.name} holds predictions that are no numbers")


def _scale(told: Floats) -> Floats:
    """(k,) the range of every output over the rows at hand; where one does not move, its size."""
    moved = np.ptp(told, axis=0)
    return np.asarray(np.where(moved > 0, moved, np.maximum(np.abs(told).max(axis=0), 1.0)))


def _adds_up(
    book: EvidenceBook, path: Path, step: Step, held: Mapping[str, NDArray[Any]], told: Floats, scale: Floats
) -> None:
    """The mean output of the background and a row's attributions make the row's output, as predicted afresh."""
    behind = len(held["background_ids"])
    base, outputs = told[:behind].mean(axis=0), told[behind:]
    miss = np.abs(held["base"] + held["values"].sum(axis=1) - outputs) / scale
    of_base = np.abs(held["base"] - base) / scale
    worst = float(max(miss.max(), of_base.max()))
    text = f"base value and attributions against {len(outputs)} predictions of a fresh box, over the outputs' range"
    book.add(ADDITIVITY, worst, path, step.id, n=len(outputs), subject=SHAP, bound=ADDS_UP, text=text)


async def _again(
    bench: Bench, book: EvidenceBook, step: Step, subject: Subject, path: Path, held: Mapping[str, NDArray[Any]],
    frames: tuple[pd.DataFrame, pd.DataFrame], scale: Floats,
) -> None:  # fmt: skip
    """How far the judge's own estimates are from the attributions, in units of what both draws may differ by."""
    shown, behind = frames
    generator = np.random.default_rng(bench.draw_seed("shapley"))
    rows = np.sort(generator.permutation(len(shown))[:ROWS])
    columns = np.sort(generator.permutation(shown.shape[1])[:COLUMNS])
    asked = questions(shown, behind, rows, columns, generator)
    outputs, why = await predicted(bench, subject, "shapley", asked.frame.drop(columns=ROW_ID))
    if outputs is None:
        book.add(DIFFERENCE, None, path, step.id, subject=SHAP, text=why)
        return
    own, errors = estimates(asked, outputs)
    place = np.ix_(rows, columns)
    gap = np.abs(held["values"][place] - own)
    allowed = _allowed(errors, held["errors"][place], scale)
    worst = float((gap / allowed).max())
    text = (
        f"largest difference {gap.max():.3g} of {gap.size} Shapley values that the judge estimated itself; in units of "
        f"{ERRORS:g} standard errors of both draws and {SLACK:g} of the outputs' range"
    )
    book.add(DIFFERENCE, worst, path, step.id, n=gap.size, subject=SHAP, bound=1.0, text=text)


def _allowed(own: Floats, claimed: Floats, scale: Floats) -> Floats:
    """By how much two estimates (rows, columns, k) may differ; claimed errors count up to a share of the range."""
    told = np.clip(claimed, 0.0, LARGEST_ERROR * scale)
    return np.asarray(ERRORS * np.hypot(own, told) + SLACK * scale)


def _means(
    book: EvidenceBook, path: Path, step: Step, held: Mapping[str, NDArray[Any]], features: tuple[str, ...], seed: int
) -> None:
    """The mean size of each column's attributions, with a bootstrap interval over the explained rows."""
    sizes = np.abs(held["values"]).mean(axis=2)  # (rows, columns)
    drawn = np.random.default_rng(seed).multinomial(len(sizes), np.full(len(sizes), 1 / len(sizes)), size=RESAMPLES)
    low, high = np.quantile(drawn @ sizes / len(sizes), (0.025, 0.975), axis=0)
    for at, name in enumerate(features):
        book.add(
            MEAN, float(sizes[:, at].mean()), path, step.id, interval=(float(low[at]), float(high[at])), n=len(sizes),
            subject=name, columns=(name,), text=f"mean |Shapley value| over {len(sizes)} training rows and all outputs",
        )  # fmt: skip


def _lost(book: EvidenceBook, path: Path, step: Step, why: str) -> None:
    for name in (ADDITIVITY, DIFFERENCE):
        book.add(name, None, path, step.id, subject=SHAP, text=why)
