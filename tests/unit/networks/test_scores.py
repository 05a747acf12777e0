import math

import numpy as np
import pandas as pd
import pytest

from mrelevance.networks.scores import score_patient, surface_distance_mm, voxel_dice


def cube(start, stop, size=12):
    array = np.zeros((size, size, size), bool)
    array[start:stop, start:stop, start:stop] = True
    return array


def test_dice_by_hand():
    # 27 and 64 voxels that share 8: 2 * 8 / 91.
    assert voxel_dice(cube(2, 5), cube(3, 7)) == pytest.approx(16 / 91)
    assert voxel_dice(cube(2, 5), cube(2, 5)) == 1
    assert voxel_dice(cube(2, 5), cube(6, 9)) == 0


def test_dice_of_empty_arrays():
    assert voxel_dice(cube(0, 0), cube(2, 5)) == 0


def test_dice_is_not_defined_for_a_patient_without_tumour():
    assert math.isnan(voxel_dice(cube(0, 0), cube(0, 0)))
    assert math.isnan(voxel_dice(cube(2, 5), cube(0, 0)))


def test_surface_distance_of_two_plates_is_their_distance_in_mm():
    plates = np.zeros((2, 12, 8, 8), bool)
    plates[0, 2] = plates[1, 5] = True
    assert surface_distance_mm(*plates, spacing=(4.0, 2.0, 1.0)) == pytest.approx(12)
    assert surface_distance_mm(*plates[::-1], spacing=(4.0, 2.0, 1.0)) == pytest.approx(12)
    assert surface_distance_mm(plates[0], plates[0], spacing=(4.0, 2.0, 1.0)) == 0


def test_surface_distance_without_one_surface_is_nan():
    assert math.isnan(surface_distance_mm(cube(2, 5), cube(0, 0), (1.0, 1.0, 1.0)))
    assert math.isnan(surface_distance_mm(cube(0, 0), cube(2, 5), (1.0, 1.0, 1.0)))


def test_scores_count_regions():
    regions = pd.DataFrame({"region": ["TP", "FN", "TP", "FP", "FP", "FP"]})
    label = cube(3, 7).astype(np.uint8)
    scores = score_patient("07", cube(2, 5), label, regions, (1.0, 1.0, 1.0))
    assert scores.columns.tolist() == [
        "patient", "dice", "surface_distance_mm", "lesions", "detected", "false_positives",
    ]  # fmt: skip
    row = scores.iloc[0]
    assert row["dice"] == pytest.approx(16 / 91)
    assert (row["lesions"], row["detected"], row["false_positives"]) == (3, 2, 3)


def test_scores_without_any_region():
    empty = np.zeros((4, 4, 4), np.uint8)
    regions = pd.DataFrame({"region": []}, dtype=str)
    row = score_patient("07", empty > 0, empty, regions, (1.0, 1.0, 1.0)).iloc[0]
    assert math.isnan(row["dice"])
    assert (row["lesions"], row["detected"], row["false_positives"]) == (0, 0, 0)
