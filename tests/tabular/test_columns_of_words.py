"""Free text, categories of many values, and weights of classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skills.tabular.spec import Spec
from skills.tabular.weights import row_weights, settled

from .conftest import Inside

pytestmark = pytest.mark.box


@pytest.mark.parametrize("name", ["linear", "lightgbm"])
def test_what_a_text_says_is_learned(inside: Inside, name: str) -> None:
    told = inside(f"""
        filler = np.array("the a of this that house garden with and on".split())
        good = draw.random(240) < 0.5
        said = [" ".join([*draw.choice(filler, 6), "lovely bright" if yes else "dark damp"]) for yes in good]
        frame = pd.DataFrame({{"notes": pd.Series(said, dtype=object)}})
        spec, given = rows(frame, 10.0 * good, text=["notes"])
        pipeline = fit({name!r}, spec, given, 0).pipeline
        words = ["a lovely bright garden", "this damp dark house", "", "xyzzy"]
        new = pd.DataFrame({{"notes": pd.Series(words, dtype=object)}})
        told = pipeline.predict(new).tolist()
    """)
    assert told[0] > 8 and told[1] < 2
    assert np.isfinite(told).all()


def test_texts_without_a_common_word_are_a_column_of_zeros(inside: Inside) -> None:
    told = inside("""
        frame = pd.DataFrame({"notes": pd.Series([f"w{place}" for place in range(40)], dtype=object)})
        spec, given = rows(frame, np.arange(40.0), text=["notes"])
        told = fit("linear", spec, given, 0).pipeline["prepare"].transform(frame).tolist()
    """)
    assert told == [[0.0]] * 40


def test_a_category_of_many_values_is_never_encoded_by_a_rows_own_target(inside: Inside) -> None:
    """Four rows a name and a target of pure noise: means that hold the own row follow it, cross-fitted ones do not."""
    told = inside("""
        from skills.tabular.features import preprocessing
        names = pd.Series([f"n{place % 200}" for place in range(800)], dtype=object)
        frame = pd.DataFrame({"who": names})
        noise = draw.normal(size=800)
        spec, given = rows(frame, noise, categorical=["who"])
        made = preprocessing(spec, "native", 0)
        trained = made.fit_transform(frame, noise)[:, 0]
        told = [np.corrcoef(trained, noise)[0, 1], np.corrcoef(made.transform(frame)[:, 0], noise)[0, 1]]
    """)
    trained, naive = told
    assert naive > 0.3, "the encoding of all rows, which nothing is trained with, does follow the noise"
    assert abs(trained) < 0.15


def test_what_many_values_mean_reaches_every_family(inside: Inside) -> None:
    told = inside("""
        effects = draw.normal(size=80)
        codes = draw.integers(0, 80, 1200)
        frame = pd.DataFrame({"town": pd.Series([f"t{code}" for code in codes], dtype=object)})
        spec, given = rows(frame, effects[codes] + 0.1 * draw.normal(size=1200), categorical=["town"], trees=30)
        told = {name: float(np.corrcoef(fit(name, spec, given, 0).pipeline.predict(frame), effects[codes])[0, 1])
                for name in ("linear", "forest", "xgboost")}
    """)
    assert min(told.values()) > 0.97, told


@pytest.mark.parametrize(
    ("metric", "counts", "used"),
    [
        ("balanced_accuracy", (90, 10), True),
        ("f1", (90, 10), True),
        ("recall", (90, 10), True),
        ("log_loss", (90, 10), False),
        ("roc_auc", (90, 10), False),
        ("f1", (55, 45), False),
    ],
)
def test_classes_are_weighted_where_the_metric_counts_rare_ones_in_full(
    metric: str, counts: tuple[int, int], used: bool
) -> None:
    spec = Spec.model_validate({"target": "y", "task": "binary", "metric": metric, "numeric": ["a"]})
    target = np.repeat(["no", "yes"], counts)
    told, weighing = settled(spec, target)
    weights = row_weights(told, target)
    assert weighing.used is used and weighing.why and weighing.ratio == counts[0] / counts[1]
    if not used:
        assert weights is None
        return
    assert weights is not None
    assert weights[target == "no"].sum() == pytest.approx(weights[target == "yes"].sum())
    assert weights.mean() == pytest.approx(1.0)


@pytest.mark.parametrize(("named", "used"), [("balanced", True), ("none", False)])
def test_weights_that_the_request_names_count_whatever_the_metric(named: str, used: bool) -> None:
    told = {"target": "y", "task": "binary", "metric": "roc_auc", "numeric": ["a"], "class_weights": named}
    target = np.repeat(["no", "yes"], [90, 10])
    spec, weighing = settled(Spec.model_validate(told), target)
    assert weighing.used is used and weighing.why.startswith("named in the request; the commonest class has 9 times")
    assert (row_weights(spec, target) is not None) is used


@pytest.mark.parametrize("name", ["linear", "forest", "boosting", "lightgbm", "xgboost"])
def test_weights_find_more_of_a_rare_class(inside: Inside, name: str) -> None:
    told: Any = inside(f"""
        a = draw.normal(size=(600, 2))
        rare = a[:, 0] + draw.normal(size=600) > 2.2
        frame = pd.DataFrame(a, columns=["a", "b"])
        told = []
        for weights in ("none", "balanced"):
            spec, given = rows(frame[:400], np.where(rare, "yes", "no")[:400], numeric=["a", "b"], task="binary",
                               metric="recall", class_weights=weights, trees=50)
            given = Rows(frame[:400], given.target, None)
            found = fit({name!r}, spec, given, 0).pipeline.predict(frame[400:])
            told.append(float((found[rare[400:]] == "yes").mean()))
    """)
    plain, weighted = told
    assert weighted >= plain + 0.2, told
