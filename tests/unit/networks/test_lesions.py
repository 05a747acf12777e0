import numpy as np
import pytest

from mrelevance.networks.lesions import describe_regions, find_regions
from mrelevance.runtime.errors import InputError

SPACING = (4.0, 2.0, 1.0)


def planted():
    """Lesion 1 found, lesion 2 missed but touched, lesion 3 missed, one component of its own."""
    label = np.zeros((6, 12, 20), np.uint8)
    label[1:3, 1:5, 1:6] = 1  # 40 voxels
    label[1:3, 1:5, 12:17] = 2  # 40 voxels
    label[4, 8:10, 2:4] = 3  # 4 voxels
    prediction = np.zeros(label.shape, bool)
    prediction[1:3, 1:5, 3:8] = True  # 24 voxels inside lesion 1, 16 outside
    prediction[1, 1, 12:15] = True  # 3 voxels inside lesion 2: below a tenth of it
    prediction[5, 11, 18:20] = True  # 2 voxels of nothing
    return prediction, label


def test_planted_regions_are_found():
    prediction, label = planted()
    regions, table = find_regions(prediction, label, SPACING, lesion_overlap=0.1)
    assert list(table.itertuples(index=False, name=None)) == [
        (1, "TP", 1, 40),
        (2, "FN", 2, 37),
        (3, "FN", 3, 4),
        (4, "FP", 0, 3),
        (5, "FP", 0, 2),
    ]
    expected = np.zeros(label.shape, int)
    expected[1:3, 1:5, 3:8] = 1
    expected[1:3, 1:5, 12:17] = 2
    expected[4, 8:10, 2:4] = 3
    expected[1, 1, 12:15] = 4
    expected[5, 11, 18:20] = 5
    assert np.array_equal(regions, expected)


def test_overlap_at_the_threshold_detects():
    label = np.zeros((4, 4, 10), np.uint8)
    label[0, 0] = 1
    prediction = np.zeros(label.shape, bool)
    prediction[0, 0, :3] = True
    assert find_regions(prediction, label, SPACING, 0.3)[1]["region"].tolist() == ["TP"]
    assert find_regions(prediction, label, SPACING, 0.31)[1]["region"].tolist() == ["FN", "FP"]


def test_component_shared_by_two_lesions_is_divided_by_distance():
    label = np.zeros((1, 1, 11), np.uint8)
    label[0, 0, 0:2] = 1
    label[0, 0, 8:11] = 2
    prediction = np.ones(label.shape, bool)
    regions, table = find_regions(prediction, label, SPACING, 0.5)
    # Voxels 2 to 4 are nearer to lesion 1 (last voxel 1), 5 to 7 to lesion 2 (first voxel 8).
    assert regions[0, 0].tolist() == [1] * 5 + [2] * 6
    assert table["voxels"].tolist() == [5, 6]


def test_distance_is_measured_in_mm():
    label = np.zeros((4, 1, 5), np.uint8)
    label[0, 0, 0] = 1
    label[3, 0, 4] = 2
    prediction = np.zeros(label.shape, bool)
    prediction[0, 0, :] = True
    prediction[:, 0, 4] = True
    regions, _ = find_regions(prediction, label, (10.0, 1.0, 1.0), 0.5)
    # Voxel (1, 0, 4): two slices of 10 mm from lesion 2, one slice and 4 mm from lesion 1.
    assert regions[1, 0, 4] == 1
    assert regions[2, 0, 4] == 2


def test_equal_distance_goes_to_the_lower_number():
    label = np.array([2, 0, 1], np.uint8)[None, None]
    regions, table = find_regions(label >= 0, label, SPACING, 0.5)
    assert regions[0, 0].tolist() == [2, 1, 1]
    assert table["lesion"].tolist() == [1, 2]


def test_regions_partition_the_prediction():
    generator = np.random.default_rng(3)
    label = np.zeros((16, 20, 24), np.uint8)
    for lesion in range(1, 7):
        z, y, x = (generator.integers(0, n - 5) for n in label.shape)
        label[z : z + 4, y : y + 5, x : x + 5] = lesion
    prediction = generator.random(label.shape) < 0.04
    prediction |= (label > 0) & (generator.random(label.shape) < 0.3)
    regions, table = find_regions(prediction, label, SPACING, 0.35)
    predicted = table.loc[table["region"] != "FN", "region_id"]
    assert np.array_equal(np.isin(regions, predicted), prediction)
    assert np.bincount(regions.ravel())[1:].tolist() == table["voxels"].tolist()
    assert {"TP", "FN", "FP"} == set(table["region"])
    missed = table.loc[table["region"] == "FN", ["region_id", "lesion"]]
    for region_id, lesion in missed.itertuples(index=False):
        assert np.array_equal(regions == region_id, (label == lesion) & ~prediction)


def test_nothing_predicted_and_nothing_labelled():
    empty = np.zeros((4, 4, 4), np.uint8)
    regions, table = find_regions(empty > 0, empty, SPACING, 0.1)
    assert not regions.any()
    assert table.empty
    assert describe_regions(table, "07", empty, {}, 0.1).empty


@pytest.mark.parametrize("overlap", [0, -0.1, 1.1])
def test_overlap_outside_the_unit_interval_is_refused(overlap):
    prediction, label = planted()
    with pytest.raises(InputError, match="lesion_overlap"):
        find_regions(prediction, label, SPACING, overlap)


def test_description_holds_types_volumes_and_diameters():
    prediction, label = planted()
    _, table = find_regions(prediction, label, SPACING, 0.1)
    types = {1: "metastasis", 2: "cyst", 3: "cyst"}
    lesions = describe_regions(table, "07", label, types, voxel_volume_ml=0.05)
    assert lesions.columns.tolist() == [
        "patient", "region", "region_id", "lesion", "type", "volume_ml", "predicted_ml",
        "diameter_mm", "voxels",
    ]  # fmt: skip
    assert lesions["type"].tolist() == ["metastasis", "cyst", "cyst", "none", "none"]
    assert lesions["volume_ml"].tolist() == pytest.approx([2, 2, 0.2, 0.15, 0.1])
    assert lesions["predicted_ml"].tolist() == pytest.approx([2, 0, 0, 0.15, 0.1])
    # A sphere of 2 mL has a diameter of (6 * 2000 / pi) ^ (1/3) = 15.63 mm.
    assert lesions["diameter_mm"][0] == pytest.approx(15.632, abs=1e-3)


def test_lesion_without_a_row_is_refused():
    prediction, label = planted()
    _, table = find_regions(prediction, label, SPACING, 0.1)
    with pytest.raises(InputError, match="patient 07: lesion 2 of the label is not in"):
        describe_regions(table, "07", label, {1: "cyst", 3: "cyst"}, 0.05)


def test_lesion_lost_in_preprocessing_is_reported(caplog):
    prediction, label = planted()
    _, table = find_regions(prediction, label, SPACING, 0.1)
    lesions = describe_regions(table, "07", label, dict.fromkeys(range(1, 5), "cyst"), 0.05)
    assert 4 not in lesions["lesion"].tolist()
    assert "patient 07: lesions 4 have no voxel" in caplog.text
