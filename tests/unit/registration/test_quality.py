"""Errors against the truth are the distances they claim to be."""

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from helpers.motion_pairs import empty_image

from mrelevance.cohort.patient import PatientImages
from mrelevance.registration.correction import NO_MOTION, Correction
from mrelevance.registration.measures import Measures
from mrelevance.registration.quality import Truth, quality_table, read_truth
from mrelevance.runtime.errors import InputError

PATIENT = PatientImages("p", {}, "T1")
TRUE, FOUND = np.array([3.0, 0.0, 4.0]), (3.0, 1.0, 4.0)


def corrections():
    image = empty_image((10, 8, 6))
    found = sitk.TranslationTransform(3, FOUND)
    still = sitk.Transform(3, sitk.sitkIdentity)
    measures = Measures(0.2, 0.4, 5.1, 5.1, 0.0, 0.9, 1.1, 3.0, 2.0, 4.5, "", 0.8, 0.7)
    return {
        "T2": Correction(image, found, "rigid", measures, "check", "3.0 mm", image),
        "T1": Correction(image, still, "fixed", NO_MOTION, "good", "", image),
    }


def truth():
    image = empty_image((10, 8, 6))
    field = np.zeros((6, 8, 10, 3))
    field[2:4, 2:6, 3:7] = TRUE
    liver = np.zeros((6, 8, 10), np.uint8)
    liver[2:4, 2:6, 3:7] = 1
    field, liver = sitk.GetImageFromArray(field, isVector=True), sitk.GetImageFromArray(liver)
    field.CopyInformation(image)
    liver.CopyInformation(image)
    places = np.random.default_rng(0).uniform(-50, 50, (5, 3))
    landmarks = pd.concat(
        pd.DataFrame(points, columns=["x_mm", "y_mm", "z_mm"]).assign(
            patient="p", sequence=name, landmark=range(5)
        )
        for name, points in (("T1", places), ("T2", places + np.array([0, 0, 2.0])))
    )
    return Truth({"T2": field}, liver, landmarks)


def test_distances():
    row = quality_table(PATIENT, corrections(), truth()).squeeze()
    assert row["error_before_mm"] == pytest.approx(5)
    assert row["error_after_mm"] == pytest.approx(1)
    assert row["landmark_error_before_mm"] == pytest.approx(2)
    assert row["landmark_error_after_mm"] == pytest.approx(np.linalg.norm([3, 1, 2]))
    assert row["method"] == "rigid" and row["similarity_after"] == 0.4
    assert row[["jacobian_min", "jacobian_max", "expected_error_mm"]].tolist() == [0.9, 1.1, 3.0]
    assert row["coverage"] == 0.8 and row["lesion_coverage"] == 0.7
    assert row["flag"] == "check" and row["reason"] == "3.0 mm"


def test_landmarks_are_paired_by_name_not_by_row():
    known = truth()
    mixed = Truth(known.displacements, known.liver, known.landmarks.sample(frac=1, random_state=1))
    row = quality_table(PATIENT, corrections(), mixed).squeeze()
    assert row["landmark_error_before_mm"] == pytest.approx(2)


def test_truth_is_read_as_written(tmp_path):
    known = truth()
    sitk.WriteImage(known.displacements["T2"], tmp_path / "displacement_T2.nii.gz")
    sitk.WriteImage(known.liver, tmp_path / "liver.nii.gz")
    known.landmarks.to_csv(tmp_path / "landmarks.tsv", sep="\t", index=False)
    written = read_truth(tmp_path, ["T2"])
    pd.testing.assert_frame_equal(
        quality_table(PATIENT, corrections(), written),
        quality_table(PATIENT, corrections(), known),
    )


def test_truth_on_another_grid_is_refused():
    known = truth()
    known.liver.SetOrigin((0.0, 0.0, 0.0))
    with pytest.raises(InputError, match="patient p, liver of the truth"):
        quality_table(PATIENT, corrections(), known)
