"""Perturbation curves where the answer is known: a network whose output is a weighted sum."""

import numpy as np
import pytest
import torch
from helpers.map_lesions import lesion_crop, small_unet
from torch import nn

from mrelevance.attribution.methods import MappedNetwork
from mrelevance.attribution.target import Target
from mrelevance.evaluation.maps import perturbation_areas
from mrelevance.evaluation.perturbation import (
    COLUMNS,
    Perturbation,
    block_labels,
    crop_margin,
    perturb_lesion,
    perturb_lesions,
    perturbation_table,
    perturbations,
    replacement_image,
    step_counts,
    unit_orders,
)
from mrelevance.runtime.errors import InputError

MARGIN = Target("margin")

SIZE = (2, 4, 4, 8)
BLOCK = 2


@pytest.fixture
def linear():
    """Weights (C, D, H, W), image and baseline; the map of a linear model is known exactly."""
    generator = torch.Generator().manual_seed(5)
    weights, image, baseline = torch.randn(3, *SIZE, generator=generator)
    return weights, image, baseline


def margin_of(weights):
    return lambda images: (weights * images).sum((1, 2, 3, 4)) + 3


def curve(table, order):
    return table[table["order"] == order].sort_values("step")


@pytest.mark.parametrize("units", ["all_sequences", "one_sequence"])
def test_the_curve_of_a_linear_model_is_the_sum_of_what_is_left(linear, units):
    weights, image, baseline = linear
    exact = weights * (image - baseline)
    way = Perturbation(units, "baseline", steps=8, block=BLOCK, seed=1)
    table = perturbation_table(margin_of(weights), image, baseline, {"exact": exact}, way)
    per_cube = exact.view(2, 2, 2, 2, 2, 4, 2).sum((2, 4, 6)).flatten(1)  # (C, cubes)
    sums = per_cube.flatten() if units == "one_sequence" else per_cube.sum(0)
    start = float(margin_of(weights)(image[None]))
    for order, ranked in {
        "most_relevant": sums.sort(descending=True).values,
        "least_relevant": sums.sort().values,
    }.items():
        rows = curve(table, order)
        expected = [start - float(ranked[:replaced].sum()) for replaced in rows["replaced"]]
        np.testing.assert_allclose(rows["margin"], expected, rtol=1e-4, atol=1e-4)
        assert rows["replaced"].iloc[0] == 0 and rows["replaced_share"].iloc[-1] == 1
    areas = perturbation_areas(table.assign(patient="P", lesion=1))
    rows = curve(table, "most_relevant")
    expected = 1 - rows["margin"].iloc[1:].mean() / start
    assert areas["most_relevant"].iloc[0] == pytest.approx(expected, rel=1e-4)


def test_no_order_falls_faster_than_that_of_the_exact_map(linear):
    weights, image, baseline = linear
    maps = {"exact": weights * (image - baseline)}
    maps |= {f"random {k}": torch.randn(SIZE, generator=torch.manual_seed(k)) for k in range(20)}
    way = Perturbation("all_sequences", "baseline", steps=6, block=BLOCK, seed=1)
    table = perturbation_table(margin_of(weights), image, baseline, maps, way)
    areas = perturbation_areas(table.assign(patient="P", lesion=1)).set_index("method")
    assert areas["difference"].idxmax() == "exact"
    chance = areas["difference"].drop("exact")
    assert abs(chance.mean()) < 3 * chance.std() / len(chance) ** 0.5
    assert areas.loc["exact", "difference"] > 2 * chance.std()


def test_equal_selections_are_measured_once(linear):
    weights, image, baseline = linear
    seen = []

    def margin(images):
        seen.extend(images)
        return margin_of(weights)(images)

    same = image.clone()
    same[:, :2, :2, :2] = baseline[:, :2, :2, :2]  # one cube alone changes
    maps = {name: torch.randn(SIZE) for name in "abc"}
    way = Perturbation("all_sequences", "baseline", steps=8, block=BLOCK, seed=1)
    perturbation_table(margin, image, same, maps, way)
    assert len(seen) == 2


def test_units_number_every_cube_once():
    together = block_labels(SIZE, 2, "all_sequences")
    apart = block_labels(SIZE, 2, "one_sequence")
    assert together.max() + 1 == 16 and apart.max() + 1 == 32
    assert (np.bincount(apart.ravel()) == 8).all() and (together[0] == together[1]).all()
    assert len(np.unique(together[0, :2, :2, :2])) == 1
    with pytest.raises(InputError, match="does not consist of cubes of 3 voxels"):
        block_labels(SIZE, 3, "all_sequences")


def test_steps_go_from_one_unit_to_all_in_equal_ratios():
    assert list(step_counts(64, 7)) == [0, 1, 2, 4, 8, 16, 32, 64]
    assert list(step_counts(2, 9)) == [0, 1, 2]


def test_equal_units_are_ordered_by_chance_and_by_the_seed():
    labels = block_labels(SIZE, 2, "all_sequences")
    flat = np.zeros(SIZE)
    first, again, other = (unit_orders(flat, labels, seed)["most_relevant"] for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any() and (first != np.arange(16)).any()


def test_replacements_keep_what_they_promise(linear):
    _, image, baseline = linear
    assert replacement_image("baseline", image, baseline, 2, 1) is baseline
    shuffled = replacement_image("shuffled", image, baseline, 2, 1)
    assert sorted(shuffled.flatten().tolist()) == sorted(image.flatten().tolist())
    cube = shuffled[:, :2, :2, :2]
    origins = [
        (d, h, w)
        for d in range(0, 4, 2) for h in range(0, 4, 2) for w in range(0, 8, 2)
        if torch.equal(image[:, d : d + 2, h : h + 2, w : w + 2], cube)
    ]  # fmt: skip
    assert len(origins) == 1, "a whole cube, the same for all sequences"
    far = image * torch.tensor([1.0, 50.0]).view(2, 1, 1, 1)
    noise = replacement_image("noise", far, baseline, 2, 1)
    assert float(noise[1].std() / noise[0].std()) > 20
    torch.testing.assert_close(noise, replacement_image("noise", far, baseline, 2, 1))
    with pytest.raises(InputError, match="'grey' is unknown; choose from baseline"):
        replacement_image("grey", image, baseline, 2, 1)


SETTINGS = {
    "units": ["all_sequences", "one_sequence"],
    "replacements": ["baseline", "noise", "shuffled"],
    "steps": 3,
    "block": 4,
}


class Shifted(nn.Module):
    """A network with another margin."""

    def __init__(self, margin: float):
        super().__init__()
        self.network, self.margin = small_unet(), margin

    def forward(self, image):
        return self.network(image) + torch.tensor([0, self.margin]).view(1, 2, 1, 1, 1)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_lesion_is_perturbed_in_every_way(precision):
    crop = lesion_crop()
    margin = crop_margin(MappedNetwork(Shifted(20.0), MARGIN, "live"), crop, precision)
    maps = {"random": torch.randn(crop.image.shape)}
    table = perturb_lesion(margin, crop, maps, perturbations(SETTINGS, seed=1))
    assert list(table.columns) == COLUMNS and set(table["patient"]) == {"P1"}
    ways = table.groupby(["units", "replacement", "order"]).size()
    assert len(ways) == 12 and (ways == 4).all()
    starts = table.loc[table["step"] == 0, "margin"]
    assert starts.nunique() == 1 and table["margin"].notna().all()


def test_a_lesion_that_its_crop_loses_is_an_error():
    crop = lesion_crop()
    maps = {"random": torch.randn(crop.image.shape)}
    margin = crop_margin(MappedNetwork(Shifted(-20.0), MARGIN, "live"), crop, "float32")
    with pytest.raises(InputError, match=r"P1: lesion 2 .* enlarge evaluation.maps.crop"):
        perturb_lesion(margin, crop, maps, perturbations(SETTINGS, seed=1))


def test_lesions_are_perturbed_under_the_configured_methods():
    settings = SETTINGS | {"methods": ["gradient", {"name": "gamma", "gamma": 1}]}
    network = small_unet()
    network.last.bias += torch.tensor([0, 20])
    mapped = MappedNetwork(network, MARGIN, "live")
    table = perturb_lesions(mapped, [lesion_crop(1)], settings, "float32", seed=1)
    assert list(table["method"].unique()) == ["gradient", "gamma-1"]
    empty = perturb_lesions(mapped, [], settings, "float32", seed=1)
    assert empty.empty and list(empty.columns) == COLUMNS
