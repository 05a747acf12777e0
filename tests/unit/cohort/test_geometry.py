"""Patients of different spacing are found from their headers."""

from mrelevance.cohort.geometry import canonical_spacing, geometry_problems, same_spacing
from mrelevance.runtime.grids import Grid

AXIAL = (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0)
SAGITTAL = (0.0, 0, -1.0, 1.0, 0, 0, 0, -1.0, 0)  # axes: y, -z, -x


def grid(spacing, direction=AXIAL):
    return Grid((9, 8, 7), spacing, (0.0, 0.0, 0.0), direction)


def grids(*spacings):
    return {f"P{n}": grid(spacing) for n, spacing in enumerate(spacings)}


def test_spacing_is_that_along_the_patients_axes():
    assert canonical_spacing(grid((3.0, 4.0, 3.5), SAGITTAL)) == (3.5, 3.0, 4.0)


def test_patients_of_one_spacing_fit():
    assert geometry_problems(grids(*[(3.5, 3.5, 4.0)] * 3), "T1", None) == []
    rounded = grids((3.5, 3.5, 4.0), (3.5000002, 3.49, 4.0))
    assert geometry_problems(rounded, "T1", None) == []


def test_a_patient_stored_sagittal_has_the_same_spacing():
    cohort = grids((3.5, 3.0, 4.0)) | {"S": grid((3.0, 4.0, 3.5), SAGITTAL)}
    assert geometry_problems(cohort, "T1", None) == []
    permuted = grids((3.5, 3.0, 4.0)) | {"S": grid((3.5, 3.0, 4.0), SAGITTAL)}
    assert "4 x 3.5 x 3 mm (S)" in geometry_problems(permuted, "T1", None)[0]


def test_different_spacings_are_named_with_the_median():
    cohort = grids(*[(3.0, 3.0, 3.0)] * 5, (4.0, 4.0, 4.0), (3.0, 3.0, 5.0))
    assert geometry_problems(cohort, "T1-15min", None) == [
        "preprocess.spacing_mm is null, but T1-15min has 3 spacings: 3 x 3 x 3 mm (P0, P1, P2 and "
        "2 more), 4 x 4 x 4 mm (P5), 3 x 3 x 5 mm (P6); a network needs one. Set "
        "preprocess.spacing_mm, for example to the median [3, 3, 3]"
    ]


def test_a_spacing_in_the_configuration_fits_any_cohort():
    assert geometry_problems(grids((3, 3, 3), (4, 4, 4)), "T1", [3.5, 3.5, 3.5]) == []


def test_tolerance_is_one_percent():
    assert same_spacing((1, 1, 5), (1.0099, 1, 4.951))
    assert not same_spacing((1, 1, 5), (1.0102, 1, 5))
