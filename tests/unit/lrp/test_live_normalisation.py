"""Normalisation with the statistics of image and baseline: complete, transposed, bounded."""

import pytest
import torch
from torch import nn

from mrelevance.lrp import Explainer
from mrelevance.lrp.engine.export import export_graph
from mrelevance.lrp.engine.live_normalisation import build_live_normalisation
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.rules import zero

SHAPE = (1, 4, 3, 4, 2)
LAYERS = {
    "instance": nn.InstanceNorm3d(4, affine=True),
    "group": nn.GroupNorm(2, 4),
    "layer": nn.LayerNorm([4, 2]),
    "batch without running statistics": nn.BatchNorm3d(4, track_running_stats=False),
}
EVERY_LAYER = pytest.mark.parametrize("name", LAYERS)


def drawn(seed: int, shape=SHAPE) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def layer_and_map(name: str, image: torch.Tensor, baseline: torch.Tensor):
    layer = LAYERS[name].to(image.dtype).eval()
    with torch.no_grad():
        layer.weight.copy_(drawn(8, layer.weight.shape))
        layer.bias.copy_(drawn(9, layer.bias.shape))
    (operation,) = export_graph(layer, image).operations
    with torch.no_grad():
        output, built = build_live_normalisation(operation, [Pair(image, baseline)], zero)
        torch.testing.assert_close(output.image, layer(image))
        torch.testing.assert_close(output.baseline, layer(baseline))
    return output, built


@EVERY_LAYER
def test_the_change_of_the_input_becomes_that_of_the_output(name):
    image, baseline = drawn(1), 3 * drawn(2) + 1
    output, built = layer_and_map(name, image, baseline)
    change = built.forward(image - baseline)
    torch.testing.assert_close(change, output.change, rtol=0, atol=1e-12)


@EVERY_LAYER
def test_reverse_is_the_transpose_of_forward(name):
    image, baseline = drawn(1), 3 * drawn(2) + 1
    _, built = layer_and_map(name, image, baseline)
    q, m = drawn(3), drawn(4)
    (reversed_,) = built.reverse(m)
    torch.testing.assert_close((built.forward(q) * m).sum(), (q * reversed_).sum())


@EVERY_LAYER
def test_next_to_the_image_the_map_is_the_derivative(name):
    image = drawn(1)
    _, built = layer_and_map(name, image, image.clone())
    layer, direction = LAYERS[name], drawn(3)
    _, derivative = torch.autograd.functional.jvp(layer, image, direction)
    torch.testing.assert_close(built.forward(direction), derivative, rtol=0, atol=1e-12)


@EVERY_LAYER
def test_coefficients_are_bounded_where_the_baseline_has_no_contrast(name):
    """No coefficient exceeds `(2 + sqrt(n)) / max(a, a0)` or so, whatever a0 is."""
    image, flat = drawn(1), torch.full(SHAPE, 0.7, dtype=torch.float64)
    flat += 1e-9 * drawn(2)
    output, built = layer_and_map(name, image, flat)
    torch.testing.assert_close(built.forward(image - flat), output.change, rtol=0, atol=1e-9)
    columns = [built.forward(column.view(SHAPE)) for column in torch.eye(image.numel()).double()]
    assert float(torch.stack(columns).abs().max()) < 20


@EVERY_LAYER
def test_contrast_of_the_baseline_is_the_ratio_of_standard_deviations(name):
    image = drawn(1)
    _, built = layer_and_map(name, image, 0.25 * image + 2)
    assert abs(float(built.contrast) - 0.25) < 1e-4


def normalising_network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv3d(2, 4, 3, padding=1), nn.InstanceNorm3d(4, affine=True), nn.LeakyReLU(0.1),
        nn.Conv3d(4, 4, 3, padding=1), nn.GroupNorm(2, 4), nn.ReLU(), nn.Conv3d(4, 2, 1),
    ).double().eval()  # fmt: skip


@pytest.mark.parametrize("composite", ["deeplift", "deepshap"])
def test_a_baseline_without_contrast_is_warned_of_with_its_number(composite):
    image = drawn(1, (1, 2, 6, 6, 6))
    explainer = Explainer(normalising_network(), image, composite, baseline=torch.zeros_like)
    with pytest.warns(UserWarning, match=r"contrast of the baseline .* times that of the image"):
        explanation = explainer.explain(image, (1, 0))
    assert explanation.baseline_contrast < 0.05
    torch.testing.assert_close(explanation.normalisers, explanation.change, rtol=0, atol=1e-9)


def test_a_baseline_with_contrast_and_networks_without_live_norm_are_not_warned_of(recwarn):
    image = drawn(1, (1, 2, 6, 6, 6))
    near = image.clone()
    near[..., 2:4, 2:4, 2:4] = 0
    explainer = Explainer(normalising_network(), image, "deeplift", baseline=near)
    assert explainer.explain(image).baseline_contrast > 0.5
    batch = nn.Sequential(nn.Conv3d(2, 4, 3), nn.BatchNorm3d(4), nn.ReLU(), nn.Conv3d(4, 2, 1))
    explainer = Explainer(batch.double().eval(), image, "deeplift", baseline=torch.zeros_like)
    assert explainer.explain(image).baseline_contrast is None
    assert not [warning for warning in recwarn if "contrast" in str(warning.message)]


def test_the_path_is_complete_on_a_normalising_network():
    network, image = normalising_network(), drawn(1, (1, 2, 6, 6, 6))
    baseline = drawn(2, (1, 2, 6, 6, 6))
    explainer = Explainer(network, image, "deeplift_along_path", baseline=baseline, segments=3)
    with torch.no_grad():
        logits = network(torch.cat([image, baseline]))
    expected = (logits[0, 1] - logits[0, 0]) - (logits[1, 1] - logits[1, 0])
    found = explainer.normalisers(image, (1, 0))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)


def test_single_precision_is_close_to_double():
    network, image = normalising_network(), drawn(1, (1, 2, 8, 8, 8))
    baseline = drawn(2, (1, 2, 8, 8, 8))
    double = Explainer(network, image, "deeplift", baseline=baseline).explain(image, (1, 0))
    single = Explainer(network, image, "deeplift", baseline=baseline, dtype=torch.float32).explain(
        image, (1, 0)
    )
    scale = float(double.change.abs().max())
    error = (single.normalisers.double() - double.change).abs().max() / scale
    assert float(error) < 1e-5


def test_unknown_statistics_are_an_error():
    from mrelevance.runtime.errors import InputError

    image = drawn(1, (1, 2, 6, 6, 6))
    with pytest.raises(InputError, match="statistics='alive' is neither 'live' nor 'frozen'"):
        Explainer(normalising_network(), image, "deeplift", baseline=image, statistics="alive")
