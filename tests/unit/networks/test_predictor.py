"""The deployed network: what segments and what is explained."""

import copy
import itertools
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from helpers.deployed import ensemble_of
from torch import nn

import mrelevance.lrp.graphs
from mrelevance.lrp import Explainer, Windows
from mrelevance.networks.deployment import Case, Deployment, Outputs
from mrelevance.networks.inference import predict_logits
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import image_like, to_array


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv3d(3, 6, 3, stride=2, padding=1),
        nn.LeakyReLU(0.1),
        nn.ConvTranspose3d(6, 2, 2, stride=2),
    ).eval()


@pytest.fixture
def image() -> torch.Tensor:
    return torch.randn(3, 7, 6, 5, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("window", [(6, 6, 8), (4, 6, 4)])
def test_logits_are_those_of_the_windows_and_of_the_explained_network(network, image, window):
    predictor = Predictor(network, Windows(window[::-1]), divisor=2)
    logits = predictor.logits(image, "P1")
    with torch.no_grad():
        expected = predict_logits(ensemble_of(network, window, divisor=2), image)
    torch.testing.assert_close(logits, expected, rtol=0, atol=0)
    assert not logits.requires_grad
    explainer = Explainer(predictor, image)
    margin = explainer.explain(image, (1, 0)).logit
    torch.testing.assert_close(margin, logits[1] - logits[0])


def test_gradients_pass_through_the_windows(network, image):
    predictor = Predictor(network, Windows((4, 6, 4)), divisor=2)
    given = image.clone().requires_grad_()
    predictor.apply(given).sum().backward()
    assert bool(given.grad.any())


def test_precision_is_that_of_the_forward_pass(network, image):
    exact, coarse = (
        Predictor(network, Windows((8, 6, 6)), divisor=2, precision=precision).logits(image, "P1")
        for precision in ("float32", "bfloat16")
    )
    assert coarse.dtype == torch.float32
    assert not torch.equal(coarse, exact)
    torch.testing.assert_close(coarse, exact, rtol=0.05, atol=0.05)


def test_memory_is_found_once_for_images_of_one_shape(network, image):
    predictor = Predictor(network, Windows((8, 6, 6)), divisor=2)
    memory = predictor.memory(tuple(image.shape), "P1")
    assert predictor.memory(image.shape, "P1") is memory
    assert predictor.memory(tuple(image.shape), "P2") is not memory


def test_a_window_that_does_not_fit_the_network_is_refused(network):
    with pytest.raises(InputError, match=r"not multiples of network\.divisor = 2"):
        Predictor(network, Windows((7, 6, 6)), divisor=2)


def another(network: nn.Module) -> nn.Module:
    other = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(0.7).add_(0.01)
    return other


def seen_flipped(network: nn.Module, window: torch.Tensor, axes: tuple[int, ...]) -> torch.Tensor:
    dims = [2 + axis for axis in axes]
    return network(window[None].flip(dims)).flip(dims)[0]


ALL_MIRRORINGS = tuple(
    axes for count in range(4) for axes in itertools.combinations(range(3), count)
)


@pytest.mark.parametrize("weights", ["gaussian", "float16", "constant"])
@pytest.mark.parametrize("mirrorings", [((),), ALL_MIRRORINGS], ids=["plain", "mirrored"])
def test_logits_are_the_mean_over_folds_mirrors_and_windows(network, image, weights, mirrorings):
    folds = [network, another(network)]
    placement = "even" if weights == "float16" else "regular"
    windows = Windows((4, 6, 4), 0.5, placement=placement, weights=weights)
    predictor = Predictor(folds, windows, mirrorings=mirrorings)
    image = image[:, :6, :, :4].repeat(1, 1, 1, 2)  # (3, 6, 6, 8)
    grid = tuple(image.shape[1:])
    expected = torch.zeros(2, *grid)
    blends = windows.blending(grid, image)
    with torch.no_grad():
        for box, blend in zip(windows.boxes(grid), blends, strict=True):
            for fold, axes in itertools.product(folds, mirrorings):
                expected[:, *box] += blend * seen_flipped(fold, image[:, *box], axes)
    expected /= len(folds) * len(mirrorings)
    torch.testing.assert_close(predictor.logits(image), expected, rtol=1e-5, atol=1e-6)
    assert predictor.passes(grid) == len(blends) * len(folds) * len(mirrorings)
    explanation = Explainer(predictor, image, "zero").explain(image, (1, 0))
    torch.testing.assert_close(explanation.logit, expected[1] - expected[0], rtol=1e-4, atol=1e-5)


def test_gradients_of_an_ensemble_are_those_of_the_mean(network, image):
    folds, windows = [network, another(network)], Windows((8, 6, 6))
    given = image.clone().requires_grad_()
    predictor = Predictor(folds, windows, divisor=2, mirrorings=((), (1,)))
    predictor.apply(given).square().sum().backward()
    alone = image.clone().requires_grad_()
    single = [
        Predictor(fold, windows, divisor=2, mirrorings=(axes,)).apply(alone)
        for fold in folds
        for axes in ((), (1,))
    ]
    (sum(single) / 4).square().sum().backward()
    torch.testing.assert_close(given.grad, alone.grad)


class OfOneSize(nn.Module):
    """Refuses any size but its own, and sees where in it the image is."""

    def __init__(self, network: nn.Module, size: tuple[int, ...]):
        super().__init__()
        self.network = network
        self.size = size

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        assert tuple(image.shape[2:]) == self.size
        return self.network(image)


def test_smaller_images_are_padded_with_zeros_on_both_sides_and_cut_again(network, image):
    size = (8, 10, 6)
    windows = Windows(size, placement="even", weights="float16")
    predictor = Predictor(OfOneSize(network, size), windows, smallest=size, divisor=2)
    padded = torch.zeros(1, 3, *size)
    padded[:, :, :7, 2:8, :5] = image  # (7, 6, 5)
    with torch.no_grad():
        expected = network(padded)[0, :, :7, 2:8, :5]
    torch.testing.assert_close(predictor.logits(image), expected)
    baseline = torch.zeros_like(image)
    explanation = Explainer(predictor, image, "deeplift", baseline=baseline).explain(image, (1, 0))
    change = predictor.logits(image) - predictor.logits(baseline)
    torch.testing.assert_close(explanation.normalisers, change[1] - change[0], rtol=1e-4, atol=1e-5)
    assert explanation.sequence_parts.shape == image.shape


def test_padding_and_windows_meet_along_different_axes(network):
    """Short along one axis, long along another: as if the whole image were padded first."""
    size = (8, 6, 4)
    windows = Windows(size, placement="even", weights="float16")
    image = torch.randn(3, 3, 6, 11, generator=torch.Generator().manual_seed(4))
    predictor = Predictor(OfOneSize(network, size), windows, smallest=size, divisor=2)
    padded = torch.zeros(3, 8, 6, 11)
    padded[:, 2:5] = image
    expected = Predictor(network, windows, divisor=2).logits(padded)[:, 2:5]
    torch.testing.assert_close(predictor.logits(image), expected, rtol=1e-5, atol=1e-6)


def test_all_networks_move_together_and_mirrored_windows_have_no_tiles(network, image):
    moved = []
    folds = [network, another(network)]
    for fold in folds:
        fold.to = lambda device, fold=fold: moved.append(fold) or fold
    predictor = Predictor(folds, Windows((8, 6, 6)), divisor=2, mirrorings=((), (0,)))
    asked = []

    def compute(device, windows):
        asked.append((device, windows.tiles))
        if len(asked) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return 1

    assert predictor.within_memory(tuple(image.shape), "P1", compute) == 1
    assert moved[:2] == folds and asked[1] == (torch.device("cpu"), None)


def deployment_of(channels=("a", "b", "c")) -> Deployment:
    def prepare(images):
        arrays = np.stack([to_array(images[name]) for name in channels]).astype(np.float32)
        grid = next(iter(images.values()))
        covered = np.ones(arrays.shape, bool)
        return Case(torch.from_numpy(arrays), grid, grid, covered)

    def restore(case, logits):
        return image_like(logits.argmax(0).to(torch.uint8).numpy(), case.original)

    outputs = Outputs(("background", "tumour"), "softmax", (0, 1), {})
    return Deployment(
        "factory", Path("here.py"), {}, channels, outputs, None, {}, prepare, restore,
        lambda label, case: label,
    )  # fmt: skip


def test_a_case_is_preprocessed_and_segmented_by_channel_names(network, image, tmp_path):
    predictor = Predictor(network, Windows((8, 6, 6)), divisor=2, deployment=deployment_of())
    images = {name: sitk.GetImageFromArray(image[k].numpy()) for k, name in enumerate("abc")}
    sitk.WriteImage(images["b"], str(tmp_path / "b.nii.gz"))
    # In any order, as images or as files.
    case = predictor.preprocess({"c": images["c"], "b": tmp_path / "b.nii.gz", "a": images["a"]})
    assert torch.equal(case.image, image)
    expected = predictor.logits(image).argmax(0).numpy()
    found = predictor.segment(case)
    assert found.GetPixelID() == sitk.sitkUInt8
    np.testing.assert_array_equal(to_array(found), expected)


def test_wrong_channels_are_named(network, image):
    predictor = Predictor(network, Windows((8, 6, 6)), divisor=2, deployment=deployment_of())
    images = {name: sitk.GetImageFromArray(image[k].numpy()) for k, name in enumerate("abc")}
    with pytest.raises(InputError, match=r"lacks b, c; the network's channels are a, b, c"):
        predictor.preprocess({"a": images["a"]})
    with pytest.raises(InputError, match="has T2"):
        predictor.preprocess(images | {"T2": images["a"]})
    images["b"].SetSpacing((2, 1, 1))
    with pytest.raises(InputError, match="channel b"):
        predictor.preprocess(images)
    with pytest.raises(InputError, match="knows no preprocessing"):
        Predictor(network, Windows((8, 6, 6)), divisor=2).preprocess(images)
    nameless = Predictor(
        network, Windows((8, 6, 6)), divisor=2, deployment=deployment_of(channels=())
    )
    with pytest.raises(InputError, match="does not say what its channels are"):
        nameless.preprocess(images)


@pytest.mark.parametrize(("length", "graphs"), [(8, 1), (6, 1), (5, 2)])
def test_mirrored_copies_share_a_graph_unless_padding_differs(network, length, graphs, monkeypatch):
    """With one zero more on one side, a mirrored copy is another function."""
    exported = []
    export = mrelevance.lrp.graphs.export_graph
    monkeypatch.setattr(
        mrelevance.lrp.graphs, "export_graph",
        lambda network, *rest: exported.append(network) or export(network, *rest),
    )  # fmt: skip
    size = (8, 6, 4)
    windows = Windows(size, placement="even", weights="float16")
    predictor = Predictor(network, windows, smallest=size, mirrorings=((), (0,), (1,)), divisor=2)
    image = torch.randn(3, length, 6, 4, generator=torch.Generator().manual_seed(5))
    explanation = Explainer(predictor, image, "zero").explain(image, (1, 0))
    assert len(exported) == graphs
    # As nnU-Net does it: pad, mirror, apply, mirror back, cut.
    before = (8 - length) // 2
    padded = torch.zeros(1, 3, *size)
    padded[0, :, before : before + length] = image
    with torch.no_grad():
        seen = [seen_flipped(network, padded[0], axes) for axes in ((), (0,), (1,))]
    expected = torch.stack(seen).mean(0)[:, before : before + length]
    torch.testing.assert_close(predictor.logits(image), expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(explanation.logit, expected[1] - expected[0], rtol=1e-4, atol=1e-5)
