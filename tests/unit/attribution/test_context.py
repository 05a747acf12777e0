"""Zones, and that the map's sums are those of forward-mode passes of the zones' indicators."""

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from helpers.explained import explained_patient
from torch import nn

from mrelevance.attribution.context import (
    Zones,
    context_table,
    patient_zones,
    read_organ,
    zone_names,
    zones_around,
)
from mrelevance.lrp import Explainer, Windows
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import write_image

SEQUENCES = ["T1", "T2"]
SIZE = (12, 14, 15)
SPACING = (4.0, 3.0, 3.0)
KEYS = {"patient": "P1", "method": "epsilon", "target": "margin"}
LESION = ("TP", 1)


@pytest.fixture
def lesion():
    mask = np.zeros(SIZE, bool)
    mask[5:7, 6:9, 6:9] = True
    return mask


@pytest.fixture
def image():
    return torch.randn(2, *SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def table_of(relevance_map, lesion, organ=None, sequences=SEQUENCES):
    of_region = {LESION: zones_around(lesion, SPACING, organ)}
    zones = Zones(zone_names(organ is not None), of_region)
    return context_table({LESION: np.asarray(relevance_map)}, zones, sequences, KEYS)


def by_zone(table):
    return table.groupby("zone", sort=False)["relevance"].sum()


def test_zones_by_distance_in_millimetres(lesion):
    organ = np.zeros(SIZE, bool)
    organ[:, :4] = True
    zones = zones_around(lesion, SPACING, organ)
    names = zone_names(organ_known=True)
    at = {voxel: names[zones[voxel]] for voxel in np.ndindex(SIZE)}
    assert at[5, 6, 6] == "inside"
    assert at[5, 5, 6] == "within_5_mm"  # 3 mm
    assert at[4, 5, 6] == "within_5_mm"  # exactly 5 mm
    assert at[4, 4, 6] == "5_to_10_mm"  # sqrt(16 + 36)
    assert at[5, 0, 6] == "10_to_20_mm"  # 18 mm, whatever the organ
    assert at[0, 2, 0] == "organ" and at[0, 13, 0] == "outside"
    without = zones_around(lesion, SPACING, None)
    assert np.unique(without).tolist() == [0, 1, 2, 3, 4]
    assert zone_names(organ_known=False)[without[0, 0, 0]] == "elsewhere"
    np.testing.assert_array_equal(without[zones < 4], zones[zones < 4])


def test_a_patient_has_zones_around_every_lesion(lesion):
    masks = {("tumour", 0): lesion, LESION: lesion}
    patient = explained_patient(np.zeros((2, *SIZE)), masks)
    patient.grid.SetSpacing(SPACING[::-1])
    zones = patient_zones(patient, None)
    assert zones.names == zone_names(organ_known=False)
    assert list(zones.of_region) == [LESION]
    np.testing.assert_array_equal(zones.of_region[LESION], zones_around(lesion, SPACING, None))


@pytest.mark.parametrize("composite", ["alpha2_beta1", "epsilon", "deeplift"])
@pytest.mark.parametrize("windows", [None, Windows((8, 8, 8), 0.5)])
def test_sums_of_the_map_are_forward_mode_passes_of_indicators(image, lesion, composite, windows):
    torch.manual_seed(1)
    network = nn.Sequential(
        nn.Conv3d(2, 6, 3, padding=1),
        nn.LeakyReLU(0.1),
        nn.Conv3d(6, 6, 5, padding=2),
        nn.LeakyReLU(0.1),
        nn.Conv3d(6, 2, 1),
    )
    network = network.double().eval()
    baseline = torch.zeros_like(image) if composite == "deeplift" else None
    explainer = Explainer(network, image, composite, baseline=baseline, windows=windows)
    explanation = explainer.explain(image, (1, 0))
    included = explanation.included(torch.from_numpy(lesion), 0.1)
    table = table_of(explanation.region(torch.from_numpy(lesion), 0.1), lesion)

    names = zone_names(organ_known=False)
    zones = torch.from_numpy(zones_around(lesion, SPACING, None))
    indicators = torch.stack(
        [
            torch.eye(2, dtype=torch.float64)[c].view(2, 1, 1, 1) * (zones == z)
            for z in range(len(names))
            for c in range(2)
        ]
    )
    parts = explainer.input_weighted(image, indicators, (1, 0))
    shares = (parts / explanation.normalisers)[:, included].mean(1)
    np.testing.assert_allclose(table["relevance"], shares, rtol=1e-8, atol=1e-10)
    assert table["relevance"].sum() == pytest.approx(1)
    assert table["zone"].tolist() == [name for name in names for _ in SEQUENCES]


def test_relevance_of_a_network_that_sees_one_voxel_is_all_inside(image, lesion):
    torch.manual_seed(2)
    network = nn.Sequential(nn.Conv3d(2, 5, 1), nn.LeakyReLU(0.1), nn.Conv3d(5, 2, 1))
    explainer = Explainer(network.double().eval(), image, "alpha1_beta0")
    explanation = explainer.explain(image, (1, 0))
    table = table_of(explanation.region(torch.from_numpy(lesion), 0.1), lesion)
    shares = by_zone(table)
    assert shares["inside"] == pytest.approx(1)
    assert (shares.drop("inside") == 0).all()


def test_relevance_of_a_network_that_looks_beside_is_all_in_the_ring(image, lesion):
    """Each output voxel reads the voxel 3 slices, that is 12 mm, further on."""
    network = nn.Conv3d(2, 2, (7, 1, 1), padding=(3, 0, 0), bias=False).double().eval()
    nn.init.zeros_(network.weight)
    with torch.no_grad():
        network.weight[1, :, 6] = 1
    lesion = lesion & (np.arange(SIZE[0]) == 6)[:, None, None]
    explanation = Explainer(network, image, "zero").explain(image, 1)
    table = table_of(explanation.region(torch.from_numpy(lesion), 0.1), lesion)
    assert by_zone(table)["10_to_20_mm"] == pytest.approx(1)


def test_parts_for_and_against_add_up(lesion):
    relevance_map = np.random.default_rng(0).normal(0.1, 1, (2, *SIZE))
    table = table_of(relevance_map, lesion)
    np.testing.assert_allclose(table["positive"] + table["negative"], table["relevance"])
    total = relevance_map.sum()
    inside = table[table["zone"] == "inside"].set_index("sequence")
    own = relevance_map[1, lesion]
    assert inside.loc["T2", "positive"] == pytest.approx(own[own > 0].sum() / total)
    assert inside.loc["T2", "negative"] == pytest.approx(own[own < 0].sum() / total)
    assert inside.loc["T2", "zone_voxels"] == lesion.sum()


def test_permuted_sequences_permute_the_rows(lesion):
    relevance_map = np.random.default_rng(0).normal(0.1, 1, (2, *SIZE))
    keys = ["zone", "sequence"]
    one = table_of(relevance_map, lesion).set_index(keys).sort_index()
    other = table_of(relevance_map[::-1], lesion, sequences=SEQUENCES[::-1])
    columns = ["relevance", "positive", "negative"]
    np.testing.assert_allclose(one[columns], other.set_index(keys).sort_index()[columns])


def test_lesion_without_a_usable_voxel_has_no_context(lesion):
    table = table_of(np.zeros((2, *SIZE)), lesion)
    assert table[["relevance", "positive", "negative"]].isna().all(axis=None)


def test_organ_is_brought_to_the_patients_grid(tmp_path):
    mask = np.zeros((6, 8, 8), np.uint8)
    mask[2:4, 2:6, 3:5] = 1
    image = sitk.GetImageFromArray(mask)
    write_image(image, tmp_path / "mask.nii.gz")
    organ = read_organ(tmp_path / "mask.nii.gz", image[1:, 2:, 1:], "P1")
    np.testing.assert_array_equal(organ, mask[1:, 2:, 1:] > 0)
    with pytest.raises(InputError, match=r"patient P1, mask of the organ: .* does not exist"):
        read_organ(tmp_path / "none.nii.gz", image, "P1")
