import numpy as np
import pytest
import torch
from torch import nn

from mrelevance.attribution.patient import relate_patient
from mrelevance.attribution.target import target_logit
from mrelevance.lrp import Explainer, Windows
from mrelevance.networks.inference import PaddedNetwork, predict_logits
from mrelevance.networks.memory import WithinMemory

SEQUENCES = ["T1", "T2", "FLAIR"]
ONE_WINDOW = Windows((8, 6, 6))


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv3d(3, 6, 3, stride=2, padding=1),
        nn.InstanceNorm3d(6, affine=True),
        nn.LeakyReLU(0.1),
        nn.ConvTranspose3d(6, 4, 2, stride=2),
        nn.LeakyReLU(0.1),
        nn.Conv3d(4, 2, 1),
    ).eval()


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(2).normal(size=(3, 7, 6, 5)).astype(np.float32)


@pytest.fixture
def masks() -> dict:
    regions = {("TP", 1): (1, slice(1, 3)), ("FP", 2): (5, slice(0, 2)), ("FN", 4): (3, 3)}
    masks = {key: np.zeros((7, 6, 5), bool) for key in regions}
    for key, where in regions.items():
        masks[key][where] = True
    return {("tumour", 0): masks["TP", 1] | masks["FP", 2], **masks}


def relate(network, image, masks, composites, windows=ONE_WINDOW):
    baseline = np.zeros_like(image)
    padded = PaddedNetwork(network, 2).eval()
    memory = WithinMemory(padded, windows.size[::-1], 2, image.shape, "P01")
    return {
        result.composite: result
        for result in relate_patient(
            padded, windows, memory, image, baseline, masks, composites,
            "margin", 0.1, SEQUENCES, "P01",
        )
    }  # fmt: skip


@pytest.mark.parametrize("window", [(6, 6, 8), (4, 6, 4)])
def test_explained_network_is_the_one_that_predicts(network, image, window):
    tensor = torch.from_numpy(image)
    predicted = predict_logits(network, tensor, window, 0.5, 2)
    windows = Windows(window[::-1], 0.5)
    explainer = Explainer(PaddedNetwork(network, 2).eval(), tensor, windows=windows)
    explained = explainer.explain(tensor, (1, 0)).logit
    torch.testing.assert_close(explained, predicted[1] - predicted[0])


def test_blended_windows_are_explained_as_such(network, image, masks):
    composites = ["alpha1_beta0", "deeplift", "deeplift_by_sequence"]
    for result in relate(network, image, masks, composites, Windows((4, 4, 4))).values():
        assert result.table["conservation"].to_numpy() == pytest.approx(1, abs=1e-4)
        tumour = result.table[result.table["region"] == "tumour"]
        included = int((tumour["voxels"] - tumour["excluded_voxels"]).iloc[0])
        sums = result.maps["tumour", 0].sum(axis=(1, 2, 3)) / included
        assert tumour["relevance"].to_numpy() == pytest.approx(sums, abs=1e-4)


def test_mean_share_equals_the_region_maps_sum_per_sequence(network, image, masks):
    result = relate(network, image, masks, ["alpha2_beta1"])["alpha2_beta1"]
    for (region, lesion), relevance_map in result.maps.items():
        rows = result.table[(result.table["region"] == region) & (result.table["lesion"] == lesion)]
        included = int((rows["voxels"] - rows["excluded_voxels"]).iloc[0])
        assert rows["relevance"].to_numpy() == pytest.approx(
            relevance_map.sum(axis=(1, 2, 3)) / included, abs=1e-5
        )


def test_map_of_the_tumour_is_that_of_all_its_voxels(network, image, masks):
    tensor = torch.from_numpy(image)
    result = relate(network, image, masks, ["alpha1_beta0"])["alpha1_beta0"]
    explainer = Explainer(PaddedNetwork(network, 2).eval(), tensor, "alpha1_beta0")
    at_once = explainer.region(tensor, torch.from_numpy(masks["tumour", 0]), (1, 0))
    torch.testing.assert_close(
        torch.from_numpy(result.maps["tumour", 0]), at_once, rtol=1e-4, atol=1e-5
    )


def test_rules_that_promise_it_conserve_and_deeplift_explains_the_change(network, image, masks):
    for result in relate(network, image, masks, ["alpha1_beta0", "deeplift"]).values():
        assert result.table["conservation"].to_numpy() == pytest.approx(1, abs=1e-4)


def test_shares_sum_to_one_or_are_left_out(network, image, masks):
    result = relate(network, image, masks, ["epsilon"])["epsilon"]
    sums = result.shares.sum(axis=0)
    left_out = (result.shares == 0).all(axis=0)
    assert sums[~left_out] == pytest.approx(1, abs=1e-3)
    tumour = result.table.query("region == 'tumour'").iloc[0]
    assert (left_out & masks["tumour", 0]).sum() == tumour["excluded_voxels"]


def test_target_logit_is_the_margin_or_the_tumour():
    logits = torch.tensor([1.0, 5.0]).view(2, 1, 1, 1)
    assert target_logit(logits, "margin").item() == 4
    assert target_logit(logits, "tumour").item() == 5
