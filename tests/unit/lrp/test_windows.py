"""Blended windows: the same as one network that cuts, computes and blends."""

import numpy as np
import pytest
import torch
from helpers.small_networks import SEQUENCES, SIZE, STEP_NETWORKS, image_of, step_network
from monai.inferers import sliding_window_inference
from scipy.ndimage import gaussian_filter
from torch import nn

from mrelevance.lrp import Explainer, Windows
from mrelevance.lrp.rules import alpha_beta, gamma, zero
from mrelevance.runtime.errors import InputError

GRID = (6, 10, 9)
WINDOWS = Windows((4, 6, 4), overlap=0.4)
TARGET = (1, 0)
BASELINE = image_of(GRID, seed=5)
EVERY_NETWORK = pytest.mark.parametrize("name", STEP_NETWORKS)


def for_convolutions(rule):
    return lambda operation: rule if operation.kind == "convolution" else zero


COMPOSITES = {
    "zero": {"composite": "zero"},
    "gamma": {"composite": for_convolutions(gamma(0.5))},
    "alpha2_beta1": {"composite": for_convolutions(alpha_beta(2, 1))},
    "deeplift": {"composite": "deeplift", "baseline": BASELINE},
    "deeplift_by_sequence": {"composite": "deeplift_by_sequence", "baseline": BASELINE},
    "deeplift_along_path": {
        "composite": "deeplift_along_path",
        "baseline": BASELINE,
        "segments": 2,
    },
}
EVERY_COMPOSITE = pytest.mark.parametrize("options", COMPOSITES.values(), ids=COMPOSITES)


class Blended(nn.Module):
    """The deployed predictor written as one network."""

    def __init__(self, network: nn.Module, like: torch.Tensor):
        super().__init__()
        self.network = network
        self.boxes = WINDOWS.boxes(GRID)
        self.blends = WINDOWS.blending(GRID, like)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        total = None
        for (d, h, w), blend in zip(self.boxes, self.blends, strict=True):
            logits = self.network(image[:, :, d, h, w]) * blend
            margins = [
                edge
                for side, length in zip((w, h, d), GRID[::-1], strict=True)
                for edge in (side.start, length - side.stop)
            ]
            placed = nn.functional.pad(logits, margins)
            total = placed if total is None else total + placed
        return total


def explanation_of(name: str, target=TARGET, **options):
    image = image_of(GRID)
    return Explainer(step_network(name), image, windows=WINDOWS, **options).explain(image, target)


def region() -> torch.Tensor:
    chosen = torch.zeros(GRID, dtype=torch.bool)
    chosen[1:5, 3:7, 2:7] = True
    return chosen


def assert_same(found: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-9) -> None:
    scale = float(expected.abs().max())
    assert scale > 1e-6
    torch.testing.assert_close(found, expected, rtol=0, atol=tolerance * scale)


@EVERY_NETWORK
@EVERY_COMPOSITE
def test_windows_are_explained_like_one_network_that_blends(name, options):
    image = image_of(GRID)
    whole = Explainer(Blended(step_network(name), image).eval(), image, **options)
    # A class, not a margin: of a margin each window makes one neuron, the whole network two.
    expected, found = whole.explain(image, 1), explanation_of(name, target=1, **options)
    assert_same(found.logit, expected.logit)
    assert_same(found.change, expected.change)
    assert_same(found.sequence_parts, expected.sequence_parts)
    assert_same(found.normalisers, expected.normalisers)
    weights = torch.rand(SEQUENCES, *GRID, dtype=torch.float64)
    assert_same(found.input_weighted(weights), expected.input_weighted(weights))
    torch.testing.assert_close(found.included(region(), 0.1), expected.included(region(), 0.1))
    assert_same(found.region(region(), 0.1), expected.region(region(), 0.1))


@pytest.mark.parametrize(
    ("composite", "input_rule"),
    [("epsilon", None), ("alpha1_beta0", None), ("alpha2_beta1", None), ("gamma", "z_box")],
)
def test_region_of_the_blended_logits_is_the_sum_of_one_voxel_maps(composite, input_rule):
    explanation = explanation_of("normalised", composite=composite, input_rule=input_rule)
    chosen = torch.zeros(GRID, dtype=torch.bool)
    chosen[2:4, 4:6, 3:5] = True
    included = explanation.included(chosen, 0.1)
    assert included.any()
    expected = torch.zeros(SEQUENCES, *GRID, dtype=torch.float64)
    for voxel in included.nonzero().tolist():
        voxel_map = explanation.voxel(tuple(voxel))
        expected += voxel_map / voxel_map.sum()
        parts = explanation.sequence_parts[:, *voxel]
        assert_same(parts, voxel_map.sum((1, 2, 3)), 1e-8)
    assert_same(explanation.region(chosen, 0.1), expected, 1e-8)


@pytest.mark.parametrize("composite", ["alpha1_beta0", "alpha2_beta1"])
def test_blending_conserves(composite):
    explanation = explanation_of("residual", composite=composite)
    ratio = explanation.normalisers / explanation.logit
    torch.testing.assert_close(ratio, torch.ones_like(ratio), rtol=0, atol=1e-8)


def test_a_window_that_covers_all_changes_nothing():
    image, network = image_of(SIZE), step_network("normalised")
    plain = Explainer(network, image, "alpha2_beta1")
    windowed = Explainer(network, image, "alpha2_beta1", windows=Windows((12, 12, 12)))
    assert torch.equal(plain.shares(image, TARGET), windowed.shares(image, TARGET))
    chosen = torch.ones(SIZE, dtype=torch.bool)
    expected = plain.region(image, chosen, TARGET)
    assert torch.equal(windowed.region(image, chosen, TARGET), expected)


@pytest.mark.parametrize("overlap", [0, 0.25, 0.5, 0.8])
@pytest.mark.parametrize("size", [(4, 4, 4), (3, 12, 5), (6, 10, 9)])
def test_windows_and_weights_are_those_of_sliding_window_inference(size, overlap):
    image, network = image_of(GRID), nn.Conv3d(SEQUENCES, 2, 3, padding=1).double().eval()
    windows = Windows(size, overlap)
    explanation = Explainer(network, image, "zero", windows=windows).explain(image, TARGET)
    inside = [min(extent, length) for extent, length in zip(size, GRID, strict=True)]
    with torch.no_grad():
        logits = sliding_window_inference(image, inside, 1, network, overlap, mode="gaussian")[0]
    # MONAI keeps its weights in single precision.
    assert_same(explanation.logit, logits[1] - logits[0], 1e-5)
    total = torch.zeros(GRID, dtype=torch.float64)
    blending = windows.blending(GRID, image)
    for box, blend in zip(windows.boxes(GRID), blending, strict=True):
        total[box] += blend
    torch.testing.assert_close(total, torch.ones_like(total))


def test_relevance_of_a_region_computes_only_the_windows_it_touches():
    image, network = image_of(GRID), step_network("plain")
    seen = []
    explainer = Explainer(
        network, image, "zero", windows=WINDOWS, progress=lambda parts: seen.append(parts) or parts
    )
    explanation = explainer.explain(image, TARGET)
    explanation.voxel((0, 0, 0))
    assert len(seen[0]) == len(WINDOWS.boxes(GRID)) and len(seen[1]) == 1


def test_windows_need_a_size_and_an_overlap_that_make_sense():
    with pytest.raises(InputError, match=r"windows of \[0, 4, 4\] voxels"):
        Windows((0, 4, 4))
    with pytest.raises(InputError, match="overlap 1"):
        Windows((4, 4, 4), overlap=1)


def test_relevance_by_layer_needs_activations_and_is_summed_over_windows():
    with pytest.raises(InputError, match="keep_values=True"):
        explanation_of("plain", composite="zero").conservation_by_layer(region())
    image = image_of(GRID)
    explainer = Explainer(step_network("plain"), image, "alpha1_beta0", windows=WINDOWS)
    explanation = explainer.explain(image, TARGET, keep_values=True)
    rows = explanation.conservation_by_layer(region())
    assert rows[0]["received"] == pytest.approx(float(explanation.logit[region()].sum()))
    assert rows[-1]["remaining"] == pytest.approx(float(explanation.normalisers[region()].sum()))


def test_logits_on_another_grid_cannot_be_blended():
    image = image_of(GRID)
    halving = nn.Conv3d(SEQUENCES, 2, 2, stride=2).double().eval()
    explainer = Explainer(halving, image, "zero", windows=WINDOWS)
    with pytest.raises(InputError, match=r"\(4, 6, 4\) voxels gives logits of \(2, 3, 2\)"):
        explainer.explain(image, TARGET)


def slow_starts(length: int, patch: int, step: float) -> list[int]:
    """nnU-Net's placement: the fewest windows whose distance is at most `step` patches, spread."""
    count = 1
    while (count - 1) * patch * step < length - patch:
        count += 1
    if count == 1:
        return [0]
    distance = (length - patch) / (count - 1)
    return [int(np.round(distance * number)) for number in range(count)]


@pytest.mark.parametrize("overlap", [0.5, 0.25, 0.7])
@pytest.mark.parametrize("length", [5, 6, 7, 11, 12, 13, 17, 29, 64])
def test_even_placement_is_that_of_nnunet(length, overlap):
    windows = Windows((6, 4), overlap, placement="even")
    starts = sorted({box[0].start for box in windows.boxes((length, 4))})
    assert starts == sorted(set(slow_starts(length, min(6, length), 1 - overlap)))
    assert all(box[0].stop <= length for box in windows.boxes((length, 4)))


@pytest.mark.parametrize("size", [(32, 40, 40), (5, 12, 9), (1, 8, 8)])
def test_float16_weights_are_those_of_nnunet(size):
    """A point smoothed by a Gaussian of an eighth of the window, as scipy does it."""
    point = np.zeros(size)
    point[tuple(length // 2 for length in size)] = 1
    smooth = gaussian_filter(point, [length / 8 for length in size], mode="constant")
    expected = (10 * smooth / smooth.max()).astype(np.float16)
    expected[expected == 0] = expected[expected > 0].min()
    windows = Windows(size, placement="even", weights="float16")
    found = windows.window_weights(size, torch.zeros((), dtype=torch.float64))
    assert float(found.max()) == 10 and float(found.min()) > 0
    # The last bit of float16 may round the other way.
    np.testing.assert_allclose(found.numpy(), expected.astype(float), rtol=1e-3, atol=6e-8)
    assert np.mean(found.numpy() == expected) > 0.999


def test_weights_of_a_padded_image_are_those_of_its_place_in_the_window():
    windows = Windows((8, 8, 8), placement="even", weights="float16", smallest=(8, 8, 8))
    like = torch.zeros((), dtype=torch.float64)
    whole = windows.window_weights((20, 20, 20), like)
    assert torch.equal(windows.window_weights((5, 20, 8), like), whole[1:6])
    assert windows.boxes((5, 8, 8)) == [(slice(0, 5), slice(0, 8), slice(0, 8))]


def test_windows_of_one_voxel_lie_at_every_voxel_once():
    windows = Windows((1, 4, 4), placement="even", weights="float16")
    assert [box[0].start for box in windows.boxes((5, 4, 4))] == [0, 1, 2, 3, 4]


def test_constant_weights_average_windows():
    windows = Windows((4, 4), 0.5, weights="constant")
    blends = windows.blending((6, 4), torch.zeros(()))
    assert blends[0][:, 0].tolist() == [1, 1, 0.5, 0.5]


def test_unknown_placements_and_weights_are_refused():
    with pytest.raises(InputError, match="placement='odd' is unknown; give regular or even"):
        Windows((4, 4, 4), placement="odd")
    with pytest.raises(InputError, match="weights='flat' is unknown"):
        Windows((4, 4, 4), weights="flat")
    with pytest.raises(InputError, match="one size per axis"):
        Windows((4, 4, 4), smallest=(4, 4))
