"""Less memory, the same function: tiles, and the CPU where there are none."""

import logging
from math import prod

import numpy as np
import pytest
import torch
from helpers.deployed import ensemble_of
from helpers.explained import explained_patient
from torch import nn

import mrelevance.lrp.tracing
from mrelevance.attribution.patient import compute_relevance
from mrelevance.attribution.target import Target
from mrelevance.lrp import Windows
from mrelevance.lrp.engine.tiles import Tiles, within
from mrelevance.networks.building import build_network
from mrelevance.networks.inference import predict_logits
from mrelevance.networks.memory import WithinMemory, reach
from mrelevance.networks.predictor import Predictor

SIZE = (23, 64, 26)
# Another name of the CPU, which stands for a GPU of little memory.
SMALL_GPU = torch.device("cpu", 0)
CPU = torch.device("cpu")


def dynunet(norm="BATCH", **options) -> nn.Module:
    torch.manual_seed(1)
    arguments = {
        "kernel_size": [3, 3, 1], "strides": [1, 2, 2], "upsample_kernel_size": [2, 2],
        "filters": [4, 6, 8], "norm_name": [norm, {"affine": True}], **options,
    }  # fmt: skip
    network = build_network("DynUNet", arguments, in_channels=3)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            nn.init.normal_(module.running_mean, std=0.3)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return network.eval()


NETWORKS = {
    "leaky": dynunet,
    "residual": lambda: dynunet(res_block=True),
    "relu": lambda: dynunet(act_name=["relu", {}]),
    "unet": lambda: build_network(
        "UNet", {"channels": [4, 6, 8], "strides": [2, 2], "norm": "BATCH"}, in_channels=3
    ).eval(),
}


def image_of(size=SIZE) -> torch.Tensor:
    return torch.randn(3, *size, generator=torch.Generator().manual_seed(2))


def within_memory(network, window, device=SMALL_GPU) -> WithinMemory:
    return WithinMemory([network], window, 4, (3, *SIZE), "P07", device)


@pytest.fixture
def predicted():
    """Predict within memory for so many voxels at once; what was asked for, and the logits."""

    def predict(network, window, voxels, memory):
        asked = []

        def compute(device, tiles):
            asked.append((device, tiles))

            def limited(image):
                if device == SMALL_GPU and prod(image.shape[2:]) > voxels:
                    raise torch.OutOfMemoryError("CUDA out of memory.")
                return network(image)

            limited_network = nn.Module()
            limited_network.forward = limited
            with torch.no_grad():
                return predict_logits(
                    ensemble_of(limited_network, window, 0.5, 4, tiles), image_of()
                )

        return memory.run(compute), asked

    return predict


@pytest.mark.parametrize("window", [(28, 64, 24), (28, 48, 24)], ids=["one", "several"])
@pytest.mark.parametrize("name", NETWORKS)
def test_tiles_give_the_logits_of_the_window(name, window, predicted, caplog):
    network = NETWORKS[name]()
    memory = within_memory(network, window)
    whole = 26 * window[1] * 23
    logits, asked = predicted(network, window, 0.9 * whole, memory)
    with torch.no_grad():
        expected = predict_logits(ensemble_of(network, window, 0.5, 4), image_of())
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-5)
    assert asked[0] == (SMALL_GPU, None)
    assert asked[-1][0] == SMALL_GPU and asked[-1][1] is not None
    (record,) = [r for r in caplog.records if r.levelno == logging.WARNING][-1:]
    assert "patient P07: the GPU's memory does not suffice for windows of 26 x" in record.message
    assert "continuing in tiles of at most" in record.message


def test_what_was_enough_is_enough_for_the_next(predicted):
    network = dynunet()
    memory = within_memory(network, (28, 64, 24))
    first, asked = predicted(network, (28, 64, 24), 34_000, memory)
    assert len(asked) > 1
    second, again = predicted(network, (28, 64, 24), 34_000, memory)
    assert again == asked[-1:]
    assert torch.equal(first, second)


@pytest.mark.parametrize(("norm", "voxels"), [("INSTANCE", 34_000), ("BATCH", 10)])
def test_where_tiles_do_not_help_the_cpu_computes(norm, voxels, predicted, caplog):
    network = dynunet(norm)
    memory = within_memory(network, (28, 64, 24))
    logits, asked = predicted(network, (28, 64, 24), voxels, memory)
    assert asked[-1] == (CPU, None)
    assert len(asked) == 2 or norm == "BATCH"
    with torch.no_grad():
        expected = predict_logits(ensemble_of(network, (28, 64, 24), 0.5, 4), image_of())
    assert torch.equal(logits, expected)
    assert "continuing on the CPU, which gives the same result" in caplog.text


def test_memory_that_suffices_changes_nothing(predicted, caplog):
    network = dynunet()
    memory = within_memory(network, (28, 64, 24))
    _, asked = predicted(network, (28, 64, 24), 10**6, memory)
    assert asked == [(SMALL_GPU, None)]
    assert not caplog.records


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory."),
        torch.AcceleratorError("CUDA error: out of memory\nAnd how to find where."),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_it_does_not_matter_who_has_no_memory(error):
    memory = within_memory(dynunet("INSTANCE"), (28, 64, 24))
    assert memory.run(lambda device, tiles: fail(error) if device == SMALL_GPU else device) == CPU


def test_a_gpu_without_room_for_the_network_is_left_alone(predicted, caplog):
    class Large(nn.Sequential):
        def to(self, device):
            if device == SMALL_GPU:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return super().to(device)

    memory = within_memory(Large(dynunet()).eval(), (28, 64, 24))
    assert memory.run(lambda device, tiles: (device, tiles)) == (CPU, None)
    assert "continuing on the CPU" in caplog.text


def test_other_errors_are_no_reason_to_try_again():
    memory = within_memory(dynunet(), (28, 64, 24))
    with pytest.raises(RuntimeError, match="sizes do not match"):
        memory.run(lambda device, tiles: fail(RuntimeError("sizes do not match")))
    assert memory.device == SMALL_GPU


def fail(error):
    raise error


def test_the_cpu_is_the_last_to_run_out():
    memory = within_memory(dynunet(), (28, 64, 24))

    def compute(device, tiles):
        raise torch.OutOfMemoryError("out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        memory.run(compute)
    assert memory.device == CPU


@pytest.mark.parametrize(
    ("window", "composite"),
    [
        ((28, 64, 24), "alpha1_beta0"),
        ((28, 64, 24), "deeplift"),
        ((28, 48, 24), "epsilon"),
    ],
)
def test_relevance_is_the_same_in_tiles(window, composite, monkeypatch):
    network = dynunet()
    masks = {("TP", 1): np.zeros(SIZE, bool), ("FN", 2): np.zeros(SIZE, bool)}
    masks["TP", 1][8:13, 15:25, 10:16] = True
    masks["FN", 2][0:3, 30:40, 20:26] = True
    masks = {("tumour", 0): masks["TP", 1], **masks}
    patient = explained_patient(image_of().numpy(), masks)
    settings = {"composites": [composite], "target": "margin", "tau": 0.1, "statistics": "live"}

    def relevance_of(predictor):
        (result,) = compute_relevance(patient, predictor, Target("margin"), settings)
        return result

    expected = relevance_of(Predictor(network, Windows(window[::-1]), divisor=4, device=SMALL_GPU))
    predictor = Predictor(network, Windows(window[::-1]), divisor=4, device=SMALL_GPU)
    memory = predictor.memory(patient.image.shape, patient.name)
    trace, voxels = mrelevance.lrp.tracing.trace_image, []

    def limited(graph, pair, *others, **options):
        size = pair.image.shape[2:]
        if memory.device == SMALL_GPU and prod(size) > 0.9 * 26 * window[1] * 23:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        voxels.append(prod(size))
        return trace(graph, pair, *others, **options)

    monkeypatch.setattr(mrelevance.lrp.tracing, "trace_image", limited)
    found = relevance_of(predictor)
    assert memory.tiles is not None and memory.device == SMALL_GPU
    assert max(voxels) == prod(memory.tiles.largest(tuple(map(min, SIZE, window[::-1]))))

    def assert_near(one, other):
        scale = np.abs(other).max()
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-4 * scale)

    assert_near(found.normalisers, expected.normalisers)
    for key, of_region in expected.maps.items():
        assert_near(found.maps[key], of_region)
    columns = ["relevance_pooled", "conservation"]
    assert_near(found.table[columns].to_numpy(float), expected.table[columns].to_numpy(float))


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (nn.Conv3d(3, 2, 1), (0, 0, 0)),
        (nn.Conv3d(3, 2, (3, 5, 1), padding=(1, 2, 0)), (1, 2, 0)),
        (nn.Conv3d(3, 2, 3, dilation=2, padding=2), (2, 2, 2)),
        (nn.Sequential(nn.Conv3d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv3d(4, 2, 7, padding=3)),
         (4, 4, 4)),
        (nn.Sequential(nn.Conv3d(3, 2, 3, padding=1), nn.InstanceNorm3d(2)), None),
    ],
)  # fmt: skip
def test_reach_of_networks_known_by_hand(network, expected):
    assert reach(network.eval(), 3, 1) == expected


class WithPlace(nn.Module):
    """A network that knows where in the image it is."""

    def forward(self, image):
        return image[:, :2] + torch.arange(image.shape[2]).view(-1, 1, 1)


class Pooled(nn.Module):
    """A network whose logits depend on the whole image."""

    def forward(self, image):
        return image[:, :2] + image.mean((2, 3, 4), keepdim=True)[:, :2]


@pytest.mark.parametrize("network", [WithPlace(), Pooled()])
def test_networks_that_cannot_be_tiled_are_found_out(network):
    assert reach(network, 3, 4) is None


def test_reach_of_a_network_is_rounded_up_to_its_divisor():
    halving = nn.Sequential(
        nn.Conv3d(3, 4, 3, stride=2, padding=1), nn.ConvTranspose3d(4, 2, 2, stride=2)
    ).eval()
    assert reach(halving, 3, 2) == (2, 2, 2)


@pytest.mark.parametrize("size", [(4, 8, 12), (8, 8, 40)])
def test_tiles_cover_every_voxel_once_with_its_halo(size):
    window = (slice(3, 20), slice(0, 40), slice(5, 31))
    tiles = Tiles(size, (4, 8, 4))
    covered = np.zeros((50, 50, 50), int)
    for box, piece in tiles.of(window):
        covered[piece] += 1
        for around, side, whole, halo in zip(box, piece, window, tiles.halo, strict=True):
            assert around.start == max(side.start - halo, whole.start)
            assert around.stop == min(side.stop + halo, whole.stop)
            assert (around.start - whole.start) % 4 == 0
        numbers = np.arange(50**3).reshape(50, 50, 50)
        assert np.array_equal(numbers[box][within(piece, box)], numbers[piece])
        lengths = [side.stop - side.start for side in box]
        largest = tiles.largest(tuple(side.stop - side.start for side in window))
        assert all(length <= most for length, most in zip(lengths, largest, strict=True))
    assert (covered[window] == 1).all() and covered.sum() == (covered == 1).sum() == 17 * 40 * 26


def test_blends_of_tiles_add_up_to_one():
    windows = Windows((12, 16, 12), 0.5, Tiles((4, 8, 8), (4, 4, 4)))
    total = torch.zeros(SIZE)
    blends = windows.blending(SIZE, total)
    for box, blend in zip(windows.boxes(SIZE), blends, strict=True):
        total[box] += blend
    torch.testing.assert_close(total, torch.ones(SIZE))
