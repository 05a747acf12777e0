"""Patients of different spacing are found from their headers."""

import pytest
import SimpleITK as sitk

from mrelevance.cohort.geometry import Header, geometry_problems, same_spacing
from mrelevance.cohort.headers import read_header
from mrelevance.runtime.errors import InputError

AXIAL = (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0)
SAGITTAL = (0.0, 0, -1.0, 1.0, 0, 0, 0, -1.0, 0)  # axes: y, -z, -x


def headers(*spacings, direction=AXIAL):
    return {f"P{n}": Header(spacing, direction) for n, spacing in enumerate(spacings)}


def test_patients_of_one_spacing_fit():
    assert geometry_problems(headers(*[(3.5, 3.5, 4.0)] * 3), "T1", None) == []
    rounded = headers((3.5, 3.5, 4.0), (3.5000002, 3.49, 4.0))
    assert geometry_problems(rounded, "T1", None) == []


def test_a_patient_stored_sagittal_has_the_same_spacing():
    cohort = headers((3.5, 3.0, 4.0)) | {"S": Header((3.0, 4.0, 3.5), SAGITTAL)}
    assert geometry_problems(cohort, "T1", None) == []
    permuted = headers((3.5, 3.0, 4.0)) | {"S": Header((3.5, 3.0, 4.0), SAGITTAL)}
    assert "4 x 3.5 x 3 mm (S)" in geometry_problems(permuted, "T1", None)[0]


def test_different_spacings_are_named_with_the_median():
    cohort = headers(*[(3.0, 3.0, 3.0)] * 5, (4.0, 4.0, 4.0), (3.0, 3.0, 5.0))
    assert geometry_problems(cohort, "T1-15min", None) == [
        "preprocess.spacing_mm is null, but T1-15min has 3 spacings: 3 x 3 x 3 mm (P0, P1, P2 and "
        "2 more), 4 x 4 x 4 mm (P5), 3 x 3 x 5 mm (P6); a network needs one. Set "
        "preprocess.spacing_mm, for example to the median [3, 3, 3]"
    ]


def test_a_spacing_in_the_configuration_fits_any_cohort():
    assert geometry_problems(headers((3, 3, 3), (4, 4, 4)), "T1", [3.5, 3.5, 3.5]) == []


def test_tolerance_is_one_percent():
    assert same_spacing((1, 1, 5), (1.0099, 1, 4.951))
    assert not same_spacing((1, 1, 5), (1.0102, 1, 5))


def test_headers_are_read_from_files(tmp_path):
    image = sitk.Image((4, 5, 6), sitk.sitkInt16)
    image.SetSpacing((3.0, 4.0, 3.5))
    image.SetDirection(SAGITTAL)
    sitk.WriteImage(image, str(tmp_path / "image.nii.gz"))
    header = read_header(tmp_path / "image.nii.gz", "patient P, sequence T1")
    assert header.canonical_spacing_mm == pytest.approx((3.5, 3.0, 4.0))
    (tmp_path / "text.nii").write_text("no image")
    with pytest.raises(InputError, match=r"patient P, sequence T1: .*text\.nii cannot be read"):
        read_header(tmp_path / "text.nii", "patient P, sequence T1")
    sitk.WriteImage(sitk.JoinSeries([image, image]), str(tmp_path / "two.nii"))
    with pytest.raises(InputError, match="has 4 dimensions; give a 3D volume"):
        read_header(tmp_path / "two.nii", "patient P, sequence T1")
