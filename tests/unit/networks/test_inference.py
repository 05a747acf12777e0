import pytest
import torch
from helpers.blobs import CONFIGURATION
from helpers.deployed import ensemble_of

from mrelevance.networks.building import build_network
from mrelevance.networks.inference import crop_to, pad_to_divisor, predict_logits


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return build_network("DynUNet", CONFIGURATION["network"]["arguments"], in_channels=3).eval()


def image_of(*size):
    return torch.randn(3, *size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("size", [(8, 12, 16), (7, 13, 18)])
def test_covering_window_is_one_forward_pass_of_the_padded_image(network, size):
    image = image_of(*size)
    logits = predict_logits(ensemble_of(network, (20, 16, 8), divisor=4), image)
    with torch.no_grad():
        direct = network(pad_to_divisor(image, 4)[None])[0]
    assert torch.equal(logits, crop_to(direct, size))


@pytest.mark.parametrize("size", [(17, 23, 29), (5, 40, 9)])
def test_sliding_window_returns_the_size_of_the_image(network, size):
    logits = predict_logits(ensemble_of(network, (16, 16, 8), divisor=4), image_of(*size))
    assert logits.shape == (2, *size)
    assert logits.dtype == torch.float32
    assert logits.isfinite().all()


def test_sliding_window_equals_the_whole_for_a_pointwise_network():
    pointwise = torch.nn.Conv3d(3, 2, 1)
    image = image_of(17, 23, 29)
    windows = predict_logits(ensemble_of(pointwise, (16, 16, 8), divisor=4), image)
    whole = predict_logits(ensemble_of(pointwise, (32, 24, 20), divisor=4), image)
    torch.testing.assert_close(windows, whole)


def test_padding_repeats_the_last_voxel_and_is_undone():
    image = image_of(5, 8, 11)
    padded = pad_to_divisor(image, 4)
    assert padded.shape == (3, 8, 8, 12)
    assert torch.equal(padded[:, 7, :, :11], image[:, 4])
    assert torch.equal(padded[:, :5, :, 11], image[..., 10])
    assert torch.equal(crop_to(padded, (5, 8, 11)), image)
    assert torch.equal(pad_to_divisor(image[None], 4)[0], padded)
