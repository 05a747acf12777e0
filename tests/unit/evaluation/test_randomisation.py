"""Randomised weights: which maps notice, which do not, and that the stages are those of the net."""

import numpy as np
import pytest
import torch
from helpers.map_lesions import SEQUENCES, SIZE, lesion_crop, small_unet
from torch import nn
from torch.nn import functional

from mrelevance.attribution.layers import stages_from_output
from mrelevance.attribution.methods import MappedNetwork
from mrelevance.attribution.target import Target
from mrelevance.evaluation.maps import summarise_randomisation
from mrelevance.evaluation.randomisation import (
    COLUMNS,
    map_similarity,
    randomisation_table,
    randomise_lesions,
    randomised_networks,
)
from mrelevance.lrp import Windows
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.errors import InputError

MARGIN = Target("margin")

BOOTSTRAP = {"resamples": 50, "confidence": 0.95, "seed": 1}


def edges(image: torch.Tensor) -> torch.Tensor:
    """An edge detector: sharp, plausible, and blind to any network."""
    smooth = functional.avg_pool3d(image, 3, 1, 1)
    return image - smooth


SPACING = (1.0, 1.0, 1.0)


def test_stages_follow_the_computation_from_the_output():
    network = small_unet()
    stages = stages_from_output(network, lesion_crop().image)
    assert [stage.name for stage in stages] == ["output", "decoder 1", "coarsest 1/2", "encoder 1"]
    assert [stage.modules for stage in stages] == [
        [network.last], [network.up], [network.down], [network.first, network.norm]
    ]  # fmt: skip


class WithTokens(nn.Module):
    """Convolutions around tokens of two kinds: channels last on a grid, and a list of windows."""

    def __init__(self):
        super().__init__()
        self.first, self.down = nn.Conv3d(2, 4, 3, padding=1), nn.Conv3d(4, 4, 2, 2)
        self.norm, self.merge = nn.LayerNorm(4), nn.Linear(32, 4)
        self.mixed, self.skip = nn.MultiheadAttention(4, 1, batch_first=True), nn.Conv3d(4, 4, 1)
        self.last = nn.Conv3d(8, 2, 1)

    def forward(self, image):
        fine = self.down(self.first(image))
        tokens = self.norm(fine.movedim(1, -1))
        b, d, h, w, c = tokens.shape
        eighths = tokens.view(b, d // 2, 2, h // 2, 2, w // 2, 2, c)
        eighths = eighths.permute(0, 1, 3, 5, 2, 4, 6, 7).flatten(4)
        merged = self.merge(eighths)
        windows = merged.view(-1, 2, 4)
        coarse = self.mixed(windows, windows, windows)[0].view(merged.shape).movedim(-1, 1)
        joined = torch.cat([self.skip(fine), functional.interpolate(coarse, scale_factor=2.0)], 1)
        return self.last(functional.interpolate(joined, scale_factor=2.0))


def test_stages_of_a_transformer_follow_its_tokens():
    network = WithTokens().eval()
    stages = stages_from_output(network, torch.randn(2, 8, 8, 8))
    assert [(stage.name, stage.modules[0]) for stage in stages] == [
        ("output", network.last),
        ("decoder 1/2", network.skip),
        ("coarsest 1/4", network.merge),
        ("encoder 1/2", network.down),
        ("encoder 1", network.first),
    ]
    assert network.mixed in stages[2].modules
    assert stages[3].modules == [network.down, network.norm]


def test_a_resolution_that_returns_has_a_number():
    layers = [nn.Conv3d(1, 1, 2, 2), nn.Upsample(scale_factor=2), nn.Conv3d(1, 1, 1)]
    network = nn.Sequential(*layers, nn.Conv3d(1, 1, 2, 2), nn.Upsample(scale_factor=2))
    network.append(nn.Conv3d(1, 2, 1))
    names = [stage.name for stage in stages_from_output(network, torch.randn(1, 4, 4, 4))]
    assert names == ["output", "coarsest 1/2", "encoder 1", "coarsest 1/2 (2)"]


def test_stages_are_redrawn_one_after_the_other_and_keep_their_values():
    network = small_unet()
    trained = {name: values.clone() for name, values in network.state_dict().items()}
    changed_at = {}
    for name, changed in randomised_networks(network, lesion_crop().image, seed=4):
        for key, values in changed.state_dict().items():
            if not torch.equal(values, trained[key]):
                changed_at.setdefault(key, name)
            assert torch.equal(values.flatten().sort().values, trained[key].flatten().sort().values)
    first_changed = {
        "last.weight": "output", "up.weight": "decoder 1", "down.weight": "coarsest 1/2",
        "first.weight": "encoder 1",
    }  # fmt: skip
    assert first_changed.items() <= changed_at.items()
    assert all(torch.equal(v, trained[k]) for k, v in network.state_dict().items())


def test_equal_maps_are_alike_and_unrelated_ones_are_not():
    crop = lesion_crop()
    first, second = torch.randn(2, *crop.image.shape, generator=torch.manual_seed(0))
    assert map_similarity(first, first, crop.region, SPACING) == pytest.approx((1, 1))
    assert map_similarity(first, 7 * first, crop.region, SPACING) == pytest.approx((1, 1))
    magnitude, signed = map_similarity(first, -first, crop.region, SPACING)
    assert magnitude == pytest.approx(1) and signed < 0
    assert max(map_similarity(first, second, crop.region, SPACING)) < 0.2
    assert map_similarity(first, torch.zeros_like(first), crop.region, SPACING)[0] < 0.2


def test_what_lies_far_from_the_lesion_does_not_count():
    crop = lesion_crop()
    first = torch.randn(crop.image.shape, generator=torch.manual_seed(0))
    other = first.clone()
    other[:, :, :, 15] = 100
    assert map_similarity(first, other, crop.region, SPACING) == pytest.approx((1, 1), abs=0.02)


def test_maps_that_do_not_fit_are_refused():
    crop = lesion_crop()
    with pytest.raises(InputError, match="do not fit together; compare maps of one crop"):
        map_similarity(crop.image, crop.image[:, :4], crop.region, SPACING)
    with pytest.raises(InputError, match="the region is empty"):
        map_similarity(crop.image, crop.image, torch.zeros_like(crop.region), SPACING)


def test_a_rule_that_ignores_the_weights_is_caught():
    """As is one that ignores those of the upper stages, while an honest one passes."""
    network = small_unet()
    crops = [lesion_crop(seed) for seed in (1, 2, 3)]

    def maps_of(changed, number, stage):
        image = crops[number].image
        first = changed.first.weight.abs().sum((0, 2, 3, 4)).view(-1, 1, 1, 1)
        chance = torch.randn(image.shape, generator=torch.Generator().manual_seed(stage))
        return {
            "edges": edges(image),
            "first layer alone": edges(image) if stage < 4 else first * chance,
            "honest": chance,
        }

    table = randomisation_table(network, crops, maps_of, seed=1)
    of_edges = table[table["method"] == "edges"]
    np.testing.assert_allclose(of_edges["similarity"], 1)
    assert list(of_edges["stage"].unique()) == [0, 1, 2, 3, 4]
    verdicts = summarise_randomisation(table, **BOOTSTRAP).groupby("method")["verdict"].first()
    assert verdicts["edges"] == "blind to the weights: similarity 1.00 at the end"
    assert verdicts["first layer alone"] == "blind to the upper stages: 1.00 after 2 of 4"
    assert verdicts["honest"] == "changes with the weights"


def test_methods_are_compared_with_themselves_on_the_trained_network():
    crops = [lesion_crop(1), lesion_crop(2), lesion_crop(3)]
    settings = {
        "randomised_lesions": 2,
        "randomised_methods": ["alpha1_beta0", "gradient", "random"],
    }
    mapped = MappedNetwork(small_unet(), MARGIN, "live")
    table = randomise_lesions(mapped, crops, settings, seed=1)
    assert list(table.columns) == COLUMNS
    assert set(table["method"]) == {"alpha1_beta0", "gradient", "random", "network_output"}
    assert len(table) == 2 * 4 * 5 and set(table["lesion"]) == {2}
    trained = table[table["stage"] == 0]
    np.testing.assert_allclose(trained[["similarity", "similarity_signed"]], 1)
    later = table[(table["stage"] == 4) & (table["method"] != "alpha1_beta0")]
    assert (later["similarity"] < 0.9).all()


def test_without_lesions_the_table_is_empty():
    settings = {"randomised_lesions": 1, "randomised_methods": ["gradient"]}
    table = randomise_lesions(MappedNetwork(small_unet(), MARGIN, "live"), [], settings, seed=1)
    assert table.empty and list(table.columns) == COLUMNS


def test_the_same_stage_of_every_fold_is_redrawn_at_once():
    folds = [small_unet(), small_unet()]
    mean = Predictor(folds, Windows(SIZE), mirrorings=((), (1,))).of_crops
    image = torch.zeros(SEQUENCES, *SIZE)
    names_of_one = [name for name, _ in randomised_networks(folds[0], image, seed=1)]
    before = [parameter.clone() for parameter in mean.parameters()]
    names, redrawn = [], []
    for name, changed in randomised_networks(mean, image, seed=1):
        names.append(name)
        same = [
            torch.equal(now, old) for now, old in zip(changed.parameters(), before, strict=True)
        ]
        half = len(same) // 2
        redrawn.append([same[:half].count(False), same[half:].count(False)])
    assert names == names_of_one
    assert redrawn[0] == [0, 0] and all(min(counts) > 0 for counts in redrawn[1:])
    assert all(torch.equal(now, old) for now, old in zip(mean.parameters(), before, strict=True))
