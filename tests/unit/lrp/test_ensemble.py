"""Ensembles: the same as one network that flips, cuts, computes, blends and averages."""

from functools import cache

import pytest
import torch
from helpers.small_networks import SEQUENCES, image_of, step_network
from torch import nn

import mrelevance.lrp.graphs
from mrelevance.lrp import Ensemble, Explainer, Explanation, Member, Windows
from mrelevance.runtime.errors import InputError

GRID = (6, 8, 6)
WINDOWS = Windows((4, 6, 4), placement="even", weights="float16")
BASELINE = image_of(GRID, seed=5)
OPTIONS = {
    "zero": {"composite": "zero"},
    "deeplift": {"composite": "deeplift", "baseline": BASELINE},
    "frozen": {"composite": "deeplift", "baseline": BASELINE, "statistics": "frozen"},
    "deepshap": {"composite": "deepshap", "baseline": BASELINE},
    "halves": {"composite": "deeplift_halves", "baseline": BASELINE},
    "along the path": {
        "composite": "deeplift_along_path", "baseline": BASELINE, "segments": 2
    },
}  # fmt: skip
EVERY_OPTION = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)


class Averaged(nn.Module):
    """An ensemble in windows, written as one network."""

    def __init__(self, ensemble: Ensemble, image: torch.Tensor):
        super().__init__()
        grid = image.shape[2:]
        windows = ensemble.windows_of(image)
        self.networks = nn.ModuleList(member.network for member in ensemble.members)
        self.axes = [[2 + axis for axis in member.mirrored] for member in ensemble.members]
        self.boxes, self.blends = windows.boxes(grid), list(windows.blending(grid, image))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        total = None
        for network, axes in zip(self.networks, self.axes, strict=True):
            for (d, h, w), blend in zip(self.boxes, self.blends, strict=True):
                logits = network(image[:, :, d, h, w].flip(axes)).flip(axes) * blend
                margins = [
                    edge
                    for side, length in zip((w, h, d), image.shape[:1:-1], strict=True)
                    for edge in (side.start, length - side.stop)
                ]
                placed = nn.functional.pad(logits, margins)
                total = placed if total is None else total + placed
        return total / len(self.networks)


def members() -> tuple[Member, ...]:
    first, second = step_network("normalised"), step_network("residual")
    return (Member(first), Member(first, (0, 2)), Member(second, (1,)))


def region() -> torch.Tensor:
    chosen = torch.zeros(GRID, dtype=torch.bool)
    chosen[1:5, 3:7, 2:7] = True
    return chosen


def assert_all_same(found: Explanation, expected: Explanation) -> None:
    for name in ("logit", "change", "sequence_parts", "normalisers"):
        assert_same(getattr(found, name), getattr(expected, name))
    assert_same(found.region(region(), 0.1), expected.region(region(), 0.1))


def assert_same(found: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-12) -> None:
    scale = float(expected.abs().max())
    assert scale > 1e-6
    torch.testing.assert_close(found, expected, rtol=0, atol=tolerance * scale)


@cache
def both_explainers(windows: Windows | None) -> tuple[Explainer, Explainer]:
    """Of an ensemble, and of one network that does the same."""
    image, ensemble = image_of(GRID), Ensemble(members(), windows)
    whole = Averaged(ensemble, image).eval()
    return Explainer(ensemble, image), Explainer(whole, image)


@pytest.mark.parametrize("windows", [WINDOWS, None], ids=["windows", "whole"])
@EVERY_OPTION
def test_an_ensemble_is_explained_like_one_network_that_averages(options, windows):
    image = image_of(GRID)
    found, expected = (
        explainer.with_composite(**options).explain(image, 1)
        for explainer in both_explainers(windows)
    )
    assert_all_same(found, expected)
    weights = torch.rand(2, SEQUENCES, *GRID, dtype=torch.float64)
    assert_same(found.input_weighted(weights), expected.input_weighted(weights))
    assert torch.equal(found.included(region(), 0.1), expected.included(region(), 0.1))
    assert_same(found.voxel((2, 4, 3)), expected.voxel((2, 4, 3)))


def test_a_mirrored_network_is_explained_on_the_mirrored_image_and_mirrored_back():
    image, network = image_of(GRID), step_network("normalised")
    mirrored = Explainer(Ensemble((Member(network, (0, 1)),)), image, "alpha2_beta1")
    plain = Explainer(network, image, "alpha2_beta1")
    flipped = image.flip(2, 3)
    assert torch.equal(mirrored.shares(image, (1, 0)), plain.shares(flipped, (1, 0)).flip(1, 2))
    chosen = region()
    found = mirrored.region(image, chosen, (1, 0))
    expected = plain.region(flipped, chosen.flip(0, 1), (1, 0)).flip(1, 2)
    assert_same(found, expected)


def test_relevance_is_complete_for_the_change_of_the_averaged_logits():
    image, ensemble = image_of(GRID), Ensemble(members(), WINDOWS)
    network = Averaged(ensemble, image)
    with torch.no_grad():
        change = (network(image) - network(BASELINE))[0]
    for composite in ("deeplift", "deepshap"):
        explainer = Explainer(ensemble, image, composite, baseline=BASELINE)
        explanation = explainer.explain(image, (1, 0))
        assert_same(explanation.normalisers, change[1] - change[0], 1e-10)
        assert_same(explanation.change, change[1] - change[0])


class ThreeClasses(nn.Module):
    """A network of two outputs, and one more that often wins."""

    def __init__(self, name: str):
        super().__init__()
        self.network = step_network(name)
        self.head = nn.Conv3d(2, 3, 1).double()
        torch.manual_seed(len(name))
        nn.init.normal_(self.head.weight)
        nn.init.normal_(self.head.bias)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.head(self.network(image))


@cache
def deciding_explainers() -> tuple[Explainer, Explainer, torch.Tensor]:
    """Of an ensemble whose members disagree on winners, of one network, and its logits."""
    networks = [ThreeClasses(name).eval() for name in ("normalised", "residual")]
    image = image_of(GRID)
    ensemble = Ensemble((Member(networks[0]), Member(networks[1], (2,))), WINDOWS)
    whole = Averaged(ensemble, image).eval()
    with torch.no_grad():
        own = [network(image)[0].argmax(0) for network in networks]
        logits = whole(image)[0]
    assert bool((own[0] != own[1]).any())
    return Explainer(ensemble, image), Explainer(whole, image), logits


@pytest.mark.parametrize("target", [((2,), (0, 1)), ((1, 2), (0,))])
@EVERY_OPTION
def test_winners_are_those_of_the_averaged_logits(options, target):
    image = image_of(GRID)
    *explainers, logits = deciding_explainers()
    found, expected = (
        explainer.with_composite(**options).explain(image, target) for explainer in explainers
    )
    inside, outside = map(list, target)
    assert_same(found.logit, logits[inside].amax(0) - logits[outside].amax(0))
    assert_all_same(found, expected)


def test_parts_are_traced_one_at_a_time_and_shown_in_the_progress():
    seen = []
    ensemble, image = Ensemble(members(), WINDOWS), image_of(GRID)
    explainer = Explainer(
        ensemble, image, "zero", progress=lambda parts: seen.append(len(parts)) or parts
    )
    explanation = explainer.explain(image, (1, 0))
    explanation.voxel((0, 0, 0))
    assert seen == [3 * len(WINDOWS.boxes(GRID)), 3]


def test_each_network_is_exported_once_for_all_its_mirrored_copies(monkeypatch):
    exported = []
    export = mrelevance.lrp.graphs.export_graph
    monkeypatch.setattr(
        mrelevance.lrp.graphs, "export_graph",
        lambda network, *rest: exported.append(network) or export(network, *rest),
    )  # fmt: skip
    ensemble, image = Ensemble(members(), WINDOWS), image_of(GRID)
    Explainer(ensemble, image, "zero").explain(image)
    assert len(exported) == 2


def test_relevance_by_layer_is_summed_over_members():
    image, network = image_of(GRID), step_network("normalised")
    ensemble = Ensemble((Member(network), Member(network, (0,))))
    explainer = Explainer(ensemble, image, "deeplift", baseline=BASELINE)
    explanation = explainer.explain(image, (1, 0), keep_values=True)
    rows = explanation.conservation_by_layer(region())
    change = float(explanation.change[region()].sum())
    assert rows[0]["received"] == pytest.approx(change)
    assert rows[-1]["remaining"] == pytest.approx(change)
    both = Ensemble((Member(network), Member(step_network("residual"))))
    explanation = Explainer(both, image, "zero").explain(image, (1, 0), keep_values=True)
    with pytest.raises(InputError, match="different layers"):
        explanation.conservation_by_layer(region())


def test_an_ensemble_in_single_precision_tells_its_rounding_error():
    image = image_of(GRID).float()
    networks = [step_network(name).float() for name in ("normalised", "residual")]
    ensemble = Ensemble((Member(networks[0], (1,)), Member(networks[1])), WINDOWS)
    explainer = Explainer(ensemble, image, "deeplift", baseline=BASELINE.float())
    relevance = explainer.region(image, region(), (1, 0))
    assert 0 < explainer.rounding_error(image, relevance, region(), (1, 0)) < 1e-2


def test_a_predictor_is_explained_by_its_ensemble():
    class Predicting:
        ensemble = Ensemble(members(), WINDOWS)

    image = image_of(GRID)
    found = Explainer(Predicting(), image, "zero").shares(image, (1, 0))
    expected = Explainer(Predicting.ensemble, image, "zero").shares(image, (1, 0))
    assert torch.equal(found, expected)


def test_wrong_ensembles_are_refused():
    network, image = step_network("plain"), image_of(GRID)
    with pytest.raises(InputError, match="no members"):
        Ensemble(())
    with pytest.raises(InputError, match=r"mirrored axes \[0, 3\]"):
        Member(network, (0, 3))
    with pytest.raises(InputError, match=r"mirrored axes \[1, 1\]"):
        Member(network, (1, 1))
    with pytest.raises(InputError, match="windows of its own"):
        Explainer(Ensemble((Member(network),)), image, "zero", windows=WINDOWS)
    with pytest.raises(InputError, match="the network is a dict"):
        Explainer({}, image, "zero")
