import numpy as np
import pytest
from helpers.map_lesions import NormalisedWhereCoarsest, lesion_crop, small_unet

from mrelevance.attribution.lesion_crop import RegionMargin
from mrelevance.attribution.methods import MappedNetwork
from mrelevance.attribution.target import Target
from mrelevance.evaluation.gallery import COLUMNS, gallery_maps

MARGIN = Target("margin")

METHODS = (
    *("zero", "alpha2_beta1", "deeplift", "deeplift_halves", "deeplift_along_path", "deepshap"),
    *("integrated_gradients", "seg_grad_cam_coarsest"),
)


@pytest.fixture(scope="module")
def mapped():
    network, crop = small_unet(), lesion_crop()
    margin = RegionMargin(network, crop.region, MARGIN)
    start = float(margin(crop.image[None]))
    change = start - float(margin(crop.baseline[None]))
    maps, table = gallery_maps(MappedNetwork(network, MARGIN, "live"), crop, METHODS, seed=1)
    return maps, table, start, change


def test_what_remains_behind_the_last_layer_is_the_map(mapped):
    maps, table, start, change = mapped
    assert list(table.columns) == COLUMNS and tuple(maps) == METHODS
    for method, whole in (
        *(("zero", start), ("alpha2_beta1", start)),
        *(("deeplift", change), ("deepshap", change)),
    ):
        layers = table[table["method"] == method]
        # With deepshap it is the sum of the parts of six sequences, each rounded.
        rounding = 1e-5 if method == "deepshap" else 1e-6
        assert layers["received"].iloc[0] == pytest.approx(1, rel=rounding)
        left = float(maps[method].double().sum()) / whole
        assert layers["remaining"].iloc[-1] == pytest.approx(left, rel=1e-3)
        assert list(layers["depth"]) == list(range(1, len(layers) + 1))


def test_rules_that_conserve_keep_everything_and_zero_loses_to_biases(mapped):
    _, table, *_ = mapped
    kept = table.groupby("method")["remaining"]
    conserving = ["alpha2_beta1", "deeplift", "deepshap"]
    np.testing.assert_allclose(kept.min()[conserving], 1, atol=2e-3)
    np.testing.assert_allclose(kept.max()[conserving], 1, atol=2e-3)
    assert abs(kept.last()["zero"] - 1) > 0.01


@pytest.mark.parametrize(
    "method", ["integrated_gradients", "deeplift_halves", "deeplift_along_path"]
)
def test_methods_without_layers_have_one_row(mapped, method):
    maps, table, _, change = mapped
    path = table[table["method"] == method]
    assert list(path["operation"]) == ["whole"]
    kept = float(maps[method].sum()) / change
    assert path["remaining"].item() == pytest.approx(kept, rel=1e-4)
    if method == "deeplift_along_path":
        assert kept == pytest.approx(1, rel=1e-4)


def test_methods_of_another_unit_have_a_row_without_numbers(mapped):
    _, table, *_ = mapped
    assert table.loc[table["method"] == "seg_grad_cam_coarsest", "remaining"].isna().all()


def test_a_method_that_does_not_apply_to_the_network_is_left_out_with_a_warning(caplog):
    crop = lesion_crop()
    network = NormalisedWhereCoarsest(3, len(crop.image), 2).eval()
    mapped = MappedNetwork(network, MARGIN, "live")
    maps, table = gallery_maps(mapped, crop, ("zero", "seg_grad_cam_coarsest", "deeplift"), seed=1)
    assert list(maps) == list(table["method"].unique()) == ["zero", "deeplift"]
    (warning,) = [
        record.getMessage() for record in caplog.records if record.name == gallery_maps.__module__
    ]
    assert warning.startswith("left out of the gallery: seg_grad_cam_coarsest: ")
    assert "no convolution where the network is coarsest" in warning
