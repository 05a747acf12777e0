import numpy as np
import pandas as pd
import pytest
import torch
from helpers.deployed import ensemble_of
from helpers.explained import explained_patient
from torch import nn

from mrelevance.attribution.patient import compute_relevance
from mrelevance.attribution.target import Target
from mrelevance.lrp import Explainer, Windows
from mrelevance.networks.inference import PaddedNetwork, predict_logits
from mrelevance.networks.predictor import Predictor

SEQUENCES = ["T1", "T2", "FLAIR"]
ONE_WINDOW = (6, 6, 8)


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


def relevance_of(network, image, masks, composites, window=ONE_WINDOW):
    patient = explained_patient(image, masks, sequences=SEQUENCES)
    predictor = Predictor(network, Windows(window[::-1]), divisor=2)
    settings = {"composites": composites, "tau": 0.1, "statistics": "live"}
    return {
        result.method: result
        for result in compute_relevance(patient, predictor, Target("margin"), settings)
    }


@pytest.mark.parametrize("window", [(6, 6, 8), (4, 6, 4)])
def test_explained_network_is_the_one_that_predicts(network, image, window):
    tensor = torch.from_numpy(image)
    predicted = predict_logits(ensemble_of(network, window, divisor=2), tensor)
    windows = Windows(window[::-1], 0.5)
    explainer = Explainer(PaddedNetwork(network, 2).eval(), tensor, windows=windows)
    explained = explainer.explain(tensor, (1, 0)).logit
    torch.testing.assert_close(explained, predicted[1] - predicted[0])


def test_blended_windows_are_explained_as_such(network, image, masks):
    composites = ["alpha1_beta0", "deeplift", "deeplift_by_sequence"]
    for result in relevance_of(network, image, masks, composites, (4, 4, 4)).values():
        assert result.table["conservation"].to_numpy() == pytest.approx(1, abs=1e-4)
        tumour = result.table[result.table["region"] == "tumour"]
        included = int((tumour["voxels"] - tumour["excluded_voxels"]).iloc[0])
        sums = result.maps["tumour", 0].sum(axis=(1, 2, 3)) / included
        assert tumour["relevance"].to_numpy() == pytest.approx(sums, abs=1e-4)


def test_mean_share_equals_the_region_maps_sum_per_sequence(network, image, masks):
    result = relevance_of(network, image, masks, ["alpha2_beta1"])["alpha2_beta1"]
    for (region, lesion), relevance_map in result.maps.items():
        rows = result.table[(result.table["region"] == region) & (result.table["lesion"] == lesion)]
        included = int((rows["voxels"] - rows["excluded_voxels"]).iloc[0])
        assert rows["relevance"].to_numpy() == pytest.approx(
            relevance_map.sum(axis=(1, 2, 3)) / included, abs=1e-5
        )


def test_map_of_the_tumour_is_that_of_all_its_voxels(network, image, masks):
    tensor = torch.from_numpy(image)
    result = relevance_of(network, image, masks, ["alpha1_beta0"])["alpha1_beta0"]
    explainer = Explainer(PaddedNetwork(network, 2).eval(), tensor, "alpha1_beta0")
    at_once = explainer.region(tensor, torch.from_numpy(masks["tumour", 0]), (1, 0))
    torch.testing.assert_close(
        torch.from_numpy(result.maps["tumour", 0]), at_once, rtol=1e-4, atol=1e-5
    )


def test_rules_that_promise_it_conserve_and_deeplift_explains_the_change(network, image, masks):
    for result in relevance_of(network, image, masks, ["alpha1_beta0", "deeplift"]).values():
        assert result.table["conservation"].to_numpy() == pytest.approx(1, abs=1e-4)


def test_shares_sum_to_one_or_are_left_out(network, image, masks):
    result = relevance_of(network, image, masks, ["epsilon"])["epsilon"]
    sums = result.shares.sum(axis=0)
    left_out = (result.shares == 0).all(axis=0)
    assert sums[~left_out] == pytest.approx(1, abs=1e-3)
    tumour = result.table.query("region == 'tumour'").iloc[0]
    assert (left_out & masks["tumour", 0]).sum() == tumour["excluded_voxels"]


def test_a_composite_with_parameters_has_its_own_result(network, image, masks):
    composites = ["epsilon", {"name": "epsilon", "epsilon": 0.25}]
    plain, other = relevance_of(network, image, masks, composites).values()
    assert (plain.method, other.method) == ("epsilon", "epsilon-0.25")
    assert set(other.table["method"]) == {"epsilon-0.25"}
    tensor = torch.from_numpy(image)
    explainer = Explainer(PaddedNetwork(network, 2).eval(), tensor, "epsilon", epsilon=0.25)
    with torch.no_grad():
        expected = explainer.explain(tensor, (1, 0)).sequence_parts.sum(0).numpy()
    np.testing.assert_array_equal(other.normalisers, expected)
    assert not np.allclose(plain.normalisers, expected)


def test_a_region_without_usable_voxels_has_an_empty_map(network, image, masks):
    patient = explained_patient(image, {("tumour", 0): masks["TP", 1], ("TP", 1): masks["TP", 1]})
    settings = {"composites": ["epsilon"], "tau": 1e9, "statistics": "live"}
    (result,) = compute_relevance(
        patient,
        Predictor(network, Windows(ONE_WINDOW[::-1]), divisor=2),
        Target("margin"),
        settings,
    )
    assert not result.maps["TP", 1].any() and not result.maps["tumour", 0].any()
    assert result.table["relevance"].isna().all()


def test_explained_output_of_two_classes_is_the_margin_or_the_tumour():
    logits = torch.tensor([1.0, 5.0])[:, None, None, None]
    assert Target("margin").of_logits(logits).item() == 4
    assert Target("tumour").of_logits(logits).item() == 5
    assert Target("margin").classes == (1, 0) and Target("tumour").classes == 1


def test_explained_output_of_a_region_is_the_winner_inside_minus_the_winner_outside():
    target = Target("margin", inside=(1, 2), outside=(0, 3))
    logits = torch.tensor([1.0, 5.0, 7.0, 3.0])
    assert target.of_logits(logits).item() == 4 and target.classes == ((1, 2), (0, 3))
    assert target.of_sides(target.sides(logits)).item() == 4
    assert Target("tumour", inside=(2,), outside=(0, 1, 3)).of_logits(logits).item() == 7


def test_a_normalising_network_tells_the_contrast_of_the_baseline(image, masks):
    torch.manual_seed(3)
    normalising = nn.Sequential(
        nn.Conv3d(3, 4, 3, padding=1), nn.InstanceNorm3d(4), nn.LeakyReLU(), nn.Conv3d(4, 2, 1)
    ).eval()
    with pytest.warns(UserWarning, match="contrast of the baseline"):
        results = relevance_of(normalising, image, masks, ["alpha1_beta0", "deepshap"])
    assert results["alpha1_beta0"].table["baseline_contrast"].isna().all()
    of_rule = results["deepshap"].table
    assert (of_rule["baseline_contrast"] < 0.1).all(), "the baseline is zero everywhere"
    assert (of_rule["standard_error"] == 0).all()


def test_running_statistics_need_no_contrast(image, masks):
    network = nn.Sequential(
        nn.Conv3d(3, 4, 3, padding=1), nn.BatchNorm3d(4), nn.LeakyReLU(), nn.Conv3d(4, 2, 1)
    ).eval()
    (result,) = relevance_of(network, image, masks, ["deepshap"]).values()
    assert result.table["baseline_contrast"].isna().all()
    assert result.table["conservation"].to_numpy() == pytest.approx(1, abs=1e-4)


def test_sampled_orders_state_how_far_shares_may_be_off(masks):
    """Nine sequences; the pooled error is at most that of all voxels added up."""
    torch.manual_seed(5)
    network = nn.Sequential(nn.Conv3d(9, 6, 1), nn.ReLU(), nn.Conv3d(6, 2, 1)).eval()
    image = np.random.default_rng(2).normal(size=(9, *masks["tumour", 0].shape))
    patient = explained_patient(image.astype(np.float32), masks, sequences=list("abcdefghi"))
    shape = tuple(reversed(masks["tumour", 0].shape))
    settings = {"tau": 0.1, "statistics": "live"}

    def tumour_rows(orders: int) -> pd.DataFrame:
        composites = [{"name": "deepshap", "orders": orders}]
        (result,) = compute_relevance(
            patient,
            Predictor(network, Windows(shape[::-1])),
            Target("margin"),
            settings | {"composites": composites},
        )
        return result.table.query("region == 'tumour'")

    few, many = tumour_rows(8), tumour_rows(4000)
    assert (few["standard_error"] > 0).all()
    assert many["standard_error"].sum() < 0.2 * few["standard_error"].sum()
    off = (few["relevance_pooled"] - many["relevance_pooled"]).abs()
    assert (off <= 4 * (few["standard_error"] + many["standard_error"])).all()
