"""Plans for unknown coefficients, data sets and JAX: what is asked of which peer, and what is refused before that."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.core.errors import BadInput, NotAvailable
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import Plan
from orchestrator.core.request import Request
from orchestrator.planners.seam import choose
from tests.planners.stated import planned

VALUES = "0.1,0.2,0.3"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(folder: Path, header: str, name: str = "data.csv") -> None:
    rows = [",".join(f"{0.03 * index:g}" for _ in header.split(",")) for index in range(30)]
    (folder / name).write_text("\n".join([header, *rows]) + "\n")


def plan(text: str, *files: str) -> Plan:
    return planned(text, *files)[1]


def test_an_inverse_plan_fits_the_reference_to_the_same_observations(folder: Path) -> None:
    table(folder, "x,t,u")
    made = plan("infer nu in Burgers' equation from data.csv with noise 0.01, hold out 30%")
    steps = {step.id: step for step in made.steps}
    assert steps["reference"].spec["mode"] == "fit"
    assert made.observations is not None
    assert (made.observations.noise, made.observations.test_fraction) == (0.01, 0.3)
    assert made.problem is not None and made.problem["parameters"] == {}
    assert any("no range of nu" in note for note in made.notes)


def test_a_told_range_is_the_one_that_is_searched(folder: Path) -> None:
    table(folder, "x,t,u")
    made = plan("find nu of the Burgers equation from data.csv, nu between 0.001 and 0.05")
    assert made.problem is not None
    assert made.problem["unknown"] == {"nu": {"low": 0.001, "high": 0.05, "guess": pytest.approx(0.0255)}}


@pytest.mark.parametrize(
    ("header", "words", "columns"),
    [
        ("x,t,u", "", {"x": "x", "t": "t", "u": "u"}),
        ("Position [m],Time (s),Temperature", "", {"x": "Position [m]", "t": "Time (s)", "u": "Temperature"}),
        ("x [m],t [s],T [K]", "", {"x": "x [m]", "t": "t [s]", "u": "T [K]"}),
        ("x,t,probe", ", u is column probe", {"x": "x", "t": "t", "u": "probe"}),
        ("ort,zeit,temperatur", "", {"x": "ort", "t": "zeit", "u": "temperatur"}),
    ],
)
def test_columns_are_found_by_name(folder: Path, header: str, words: str, columns: dict[str, str]) -> None:
    table(folder, header)
    made = plan(f"find the diffusivity of the heat equation from data.csv{words}")
    assert made.observations is not None and made.observations.columns == columns


@pytest.mark.parametrize(("header", "missing"), [("x,u", "'t'"), ("x,t,probe", "'u'"), ("a,b,c", "'x', 't'")])
def test_a_missing_column_is_named_with_what_there_is(folder: Path, header: str, missing: str) -> None:
    table(folder, header)
    with pytest.raises(BadInput, match=missing) as refused:
        plan("find the diffusivity of the heat equation from data.csv")
    assert header.split(",")[0] in refused.value.message and "is column" in refused.value.remedy


@pytest.mark.parametrize(
    ("row", "refused"),
    [
        ("0.5,0.5,inf", r"row 4 \(line 5\) of column 'u' in 'data.csv': 'inf' is not finite"),
        ("-inf,0.5,1", r"row 4 \(line 5\) of column 'x' in 'data.csv': '-inf' is not finite"),
        ("0.5,0.5,1e300", r"row 4 \(line 5\) of column 'u'.*: 1e\+300 is larger than 1e\+50"),
        ("0.5,0.5,warm", r"row 4 \(line 5\) of column 'u'.*: 'warm' is no number"),
        ("0.5,0.5,", r"row 4 \(line 5\) of 'data.csv' holds no observed value"),
        ("0.5,,1", r"row 4 \(line 5\) of column 't'.*: the cell is empty"),
        ("1.5,0.5,1", r"row 4 \(line 5\) of 'data.csv' has x = 1.5, outside of 0 to 1"),
    ],
)
def test_a_file_that_the_run_would_refuse_is_refused_by_the_plan(folder: Path, row: str, refused: str) -> None:
    table(folder, "x,t,u")
    lines = (folder / "data.csv").read_text().splitlines()
    (folder / "data.csv").write_text("\n".join([*lines[:4], row, *lines[5:]]) + "\n")
    with pytest.raises(BadInput, match=refused) as caught:
        plan("find the diffusivity of the heat equation from data.csv")
    assert caught.value.exit_code == 42 and caught.value.remedy


def test_too_few_observations_for_the_unknowns_are_refused_by_the_plan(folder: Path) -> None:
    (folder / "data.csv").write_text("x,t,u\n" + "".join(f"0.{index},0.{index},1\n" for index in range(1, 9)))
    with pytest.raises(BadInput, match="8 distinct places, 10 are needed"):
        plan("find the diffusivity of the heat equation from data.csv")
    (folder / "data.csv").write_text("x,t,u\n" + "".join(f"0.{index:02},0.5,1\n" for index in range(1, 12)))
    with pytest.raises(BadInput, match="2 of them are left to find 2 unknown coefficients"):
        plan("find a and b of u_t = a*u_xx + b*u from data.csv, hold out 90 %, u(x,0) = sin(pi*x), u(0,t) = 0, "
             "u(1,t) = 0")  # fmt: skip


def test_conditions_are_not_guessed_for_a_written_equation_beside_data(folder: Path) -> None:
    table(folder, "x,t,u")
    with pytest.raises(BadInput, match="D is to be found from data, and no conditions are given") as refused:
        plan("find D in u_t = D*u_xx from data.csv")
    assert "u(x,0)" in refused.value.remedy
    assert plan("find D in u_t = D*u_xx from data.csv, u(x,0) = sin(pi*x), u(0,t) = 0, u(1,t) = 0").observations


def test_data_that_grossly_miss_a_condition_at_its_place_are_refused_before_anything_is_spent(folder: Path) -> None:
    def plan_with(start: Callable[[float], float]) -> Plan:
        grid = [(x / 10, t / 10) for x in range(11) for t in range(11)]
        rows = [f"{x},{t},{start(x) * (1 - 0.5 * t)}" for x, t in grid]
        (folder / "data.csv").write_text("\n".join(["x,t,u", *rows]) + "\n")
        return plan("find the diffusivity of the heat equation from data.csv")

    assert plan_with(lambda x: 1.1 * math.sin(math.pi * x)).observations
    with pytest.raises(BadInput, match=r"the 11 observations at t = 0 miss .*sin\(pi\*x\)") as refused:
        plan_with(lambda x: 4 * x * (1 - x) + 2)
    assert "u(x,0)" in refused.value.remedy


def test_a_search_in_data_for_what_is_no_coefficient_is_not_dropped() -> None:
    with pytest.raises(BadInput, match="find k in the pendulum from data") as refused:
        plan("Find k in the pendulum from data")
    assert "Name a coefficient" in refused.value.remedy
    assert plan("Find the solution of the pendulum from data of the library").steps


@pytest.mark.parametrize("noise", ["1e300", "1e400"])
def test_noise_that_would_overflow_is_refused(folder: Path, noise: str) -> None:
    table(folder, "x,t,u")
    with pytest.raises(BadInput, match=r"the noise (1e\+300|inf) is"):
        plan(f"find the diffusivity of the heat equation from data.csv with noise {noise}")


def test_a_table_without_an_unknown_is_not_dropped_in_silence(folder: Path) -> None:
    table(folder, "x,t,u")
    with pytest.raises(BadInput, match=r"what is to be found"):
        plan("Train a PINN for the Burgers equation with data.csv")


def test_a_simulation_does_not_guess_an_unknown(folder: Path) -> None:
    with pytest.raises(BadInput, match="no file with data"):
        plan("find the viscosity of Burgers' equation with a PINN")


def test_a_data_set_is_shared_out_among_boxes_and_collected() -> None:
    made = plan("generate 64 solutions of Burgers for nu between 0.01 and 0.1")
    assert [step.id for step in made.steps] == ["data.0", "data.1", "data.2", "data.3", "collect"]
    assert [step.spec.get("part") for step in made.steps] == [[0, 4], [1, 4], [2, 4], [3, 4], None]
    assert made.steps[-1].needs == ("data.0", "data.1", "data.2", "data.3")
    assert plan("generate 9 solutions of Burgers for nu from 0.01 to 0.1").steps[0].id == "data.0"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("generate 64 solutions of Burgers for nu between 0.1 and 0.01", "0.1 to 0.01"),
        ("generate 64 synthetic solutions of the Burgers equation", "no parameter varies"),
        ("Simulate Burgers for nu between 0.01 and 0.1", "nothing says what for"),
    ],
)
def test_a_data_set_without_sense_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        plan(text)


def test_jax_pro_trains_where_jax_is_asked_for() -> None:
    made = plan("train the PINN for Burgers in JAX, 300 iterations")
    train = made.steps[0]
    assert (train.worker, train.skill, train.spec["mode"], train.spec["iterations"]) == ("jax-pro", "jax", "pinn", 300)
    assert "jax-pro" in made.delegates


def test_inference_is_made_quick_behind_the_training() -> None:
    made = plan("optimise inference of a PINN for the heat equation (jit, vmap), batch size 256")
    last = made.steps[-1]
    assert (last.id, last.worker, last.needs, last.spec["batches"]) == ("inference", "jax-pro", ("train",), [1, 256])
    assert made.steps[0].worker == "pinn"
    assert not any("batch_size" in note for note in made.notes)


def test_a_flax_network_stands_beside_the_usual_candidates(folder: Path) -> None:
    table(folder, "a,b,y")
    rows = "\n".join(f"{index},{index % 7},{index * 0.5}" for index in range(60))
    (folder / "data.csv").write_text(f"a,b,y\n{rows}\n")
    made = plan("train a small Flax MLP on data.csv to predict y with hidden layers 16x16 and batch size 32")
    network = {step.id: step for step in made.steps}["network"]
    assert (network.worker, network.skill) == ("jax-pro", "jax")
    assert (network.spec["target"], network.spec["hidden"], network.spec["batch"]) == ("y", [16, 16], 32)


def test_other_work_in_jax_is_not_there_and_says_what_is() -> None:
    with pytest.raises(NotAvailable) as refused:
        plan("Port my PyTorch training loop to JAX")
    assert "Flax" in refused.value.remedy


def test_an_unknown_coefficient_is_never_sought_on_one_wide_layer(folder: Path) -> None:
    table(folder, "x,t,u")
    text = "find the diffusivity of the heat equation from data.csv"
    missed = Verdict(id="evaluation.metric", verdict="failed", reason="too large")
    planner = choose("rules", {})
    request = Request(text=text)
    routing = asyncio.run(planner.route(request))
    made = asyncio.run(planner.plan(request, routing, None, (missed,)))
    assert made.steps[0].spec["hidden"] == [40, 40, 40]


def test_a_plan_says_where_the_noise_comes_from(folder: Path) -> None:
    table(folder, "x,t,u")
    notes = " ".join(plan("infer nu in Burgers' equation from data.csv").notes)
    assert "residuals" not in notes and "a polynomial through the training rows" in notes


@pytest.mark.parametrize(
    "text",
    [
        "estimer la diffusivité à partir de mesures dans fichier.csv",
        "Estimer le coefficient de diffusion à partir des données de fichier.csv",
        "Problème inverse : retrouver la diffusivité à partir de fichier.csv",
        "Déterminer la conductivité thermique à partir de fichier.csv",
        "Estimar la difusividad a partir de medidas en fichier.csv",
        "Bestimme die Wärmeleitfähigkeit aus fichier.csv",
        "Ermittle den Diffusionskoeffizienten aus den Messdaten fichier.csv",
        "Stimare la diffusività dalle misure in fichier.csv",
    ],
)
def test_a_coefficient_is_sought_in_other_languages_too(text: str, folder: Path) -> None:
    table(folder, "x,t,u", "fichier.csv")
    routing, made = planned(text)
    assert routing.route == "train/pinn" and made.problem is not None
    assert set(made.problem["unknown"]) == {"alpha"}
