"""Pictures of explanations: maps of the network that they are of, which is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from orchestrator.core.evidence import Evidence
from orchestrator.journal.rundir import RunDirectory
from orchestrator.nodes.sentences_interpret import explained_claims
from orchestrator.report.explained import FOLDER, read_maps
from orchestrator.report.map_figures import draw_maps

IMAGES = np.arange(2 * 9, dtype=np.float64).reshape(2, 1, 3, 3)


def kept(tmp_path: Path, **changed: np.ndarray) -> RunDirectory:
    run = RunDirectory.create(tmp_path)
    told = {
        "values": IMAGES - 9, "samples": IMAGES, "classes": np.array([1, 0]), "outputs": np.array([0.75, 0.5]),
        "output_names": np.array(["row", "column"]), "variant": np.array(["mlp"]), **changed,
    }  # fmt: skip
    path = run.measured / FOLDER / "gradients.npz"
    path.parent.mkdir(parents=True)
    np.savez(path, **told)
    return run


def test_maps_tell_what_the_network_says_and_which_it_is(tmp_path: Path) -> None:
    maps = read_maps(kept(tmp_path))
    assert maps is not None
    assert (maps.network, maps.said) == ("mlp", ("column (75%)", "row (50%)"))
    drawn = str(draw_maps(maps, "attributions", "attribution"))
    assert drawn.startswith("<svg") and "column (75%)" in drawn


def test_maps_of_other_cells_than_the_samples_are_not_drawn(tmp_path: Path) -> None:
    assert read_maps(kept(tmp_path, values=IMAGES[:, :, :2])) is None
    assert read_maps(RunDirectory.create(tmp_path)) is None


def test_the_answer_names_the_network_that_attributions_are_of() -> None:
    told = "network 'mlp': the attributions against 12 predictions of a fresh box"
    entry = Evidence(id="e1", name="additivity", value=0.001, subject="integrated_gradients", text=told)
    ((words, found),) = explained_claims((entry,))
    assert words.endswith("(network 'mlp')") and found is entry
