"""The values of labels have the meaning that the configuration declares, in every patient."""

import numpy as np
import pytest
from helpers.segmentations import BINARY, NUMBERED, SECTION, TISSUES, UNDECLARED

from mrelevance.cohort.labels import (
    check_classes_occur,
    check_label_values,
    connected_lesions,
    label_values,
    region_lesions,
    understand_label,
)
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.segmentation import IGNORED, read_segmentation


def tissues():
    """A lesion of all tissues, one of necrosis alone, and ignored voxels."""
    drawn = np.zeros((3, 6, 12), np.int16)
    drawn[1, 1, 1:5] = [2, 1, 4, 4]
    drawn[1, 4, 8:10] = 1
    drawn[2, 5, 11] = 255
    return drawn


def test_mask_falls_into_components_also_over_corners():
    mask = np.zeros((4, 4, 4))
    mask[0, 0, 0] = mask[1, 1, 1] = 7
    assert understand_label(mask, BINARY, "x").lesions.max() == 1
    mask[3, 3, 3] = 7
    assert understand_label(mask, BINARY, "x").lesions[3, 3, 3] == 2


def test_declared_values_are_lesions_even_in_pieces():
    drawn = np.zeros((3, 3, 9))
    drawn[0, 0, [0, 8]] = 9
    drawn[2, 2, 4] = 4
    label = understand_label(drawn, NUMBERED, "x")
    assert label.classes is None and label.lesions.dtype == np.uint8
    assert label.lesions[2, 2, 4] == 1
    assert label.lesions[0, 0, 0] == label.lesions[0, 0, 8] == 2


def test_tissues_of_one_tumour_are_one_lesion():
    label = understand_label(tissues(), TISSUES, "x")
    assert label.lesions[1, 1, 1:5].tolist() == [1, 1, 1, 1]
    assert label.lesions[1, 4, 8:10].tolist() == [2, 2]
    assert label.classes[1, 1, 1:5].tolist() == [2, 1, 3, 3]
    assert label.classes[2, 5, 11] == IGNORED and label.lesions[2, 5, 11] == 0


def test_ignored_voxels_of_numbered_lesions_are_no_lesion():
    segmentation = read_segmentation(UNDECLARED | {"lesions": "values", "ignore": [255]})
    label = understand_label(np.where(tissues() == 4, 255, tissues()), segmentation, "x")
    assert label.lesions[1, 1, 1:5].tolist() == [2, 1, 0, 0]
    assert label.classes[1, 1, 1:5].tolist() == [1, 1, IGNORED, IGNORED]


def test_a_patient_with_one_value_means_the_same_as_one_with_several():
    """A value of tissue in two pieces is one tissue, and in another patient the same."""
    drawn = np.where(tissues() == 4, 4, 0)
    label = understand_label(drawn, TISSUES, "x")
    assert set(np.unique(label.classes)) == {0, 3}


def test_an_organ_is_no_lesion():
    drawn = np.ones((3, 3, 9))
    drawn[1, 1, [2, 6]] = 2
    section = UNDECLARED | {"classes": {"liver": 1, "tumour": 2}, "explained": "tumour"}
    label = understand_label(drawn, read_segmentation(section), "x")
    assert label.lesions.sum() == 1 + 2
    assert (label.classes == 1).sum() == drawn.size - 2


def test_lesions_of_a_region_are_its_components():
    label = understand_label(tissues(), TISSUES, "x")
    lesions, classes = label.lesions, label.classes
    assert region_lesions(lesions, classes, (1, 2, 3), (1, 2, 3)) is lesions
    necrosis = region_lesions(lesions, classes, (1,), (1, 2, 3))
    assert necrosis[1, 1, 2] == 2 and necrosis[1, 4, 8] == 1  # the larger first
    assert necrosis.astype(bool).sum() == 3


def test_components_are_numbered_from_the_largest():
    mask = np.zeros((1, 1, 9), bool)
    mask[0, 0, [0, 3, 4, 6, 7, 8]] = True
    assert connected_lesions(mask)[0, 0].tolist() == [3, 0, 0, 2, 2, 0, 1, 1, 1]


def test_several_values_without_declaration_show_both_ways_to_declare_them():
    found = {"p1": {1: 10}, "p2": {1: 5, 4: 2}, "p3": {2: 1}, "p4": {}}
    with pytest.raises(InputError) as raised:
        check_label_values(found, BINARY)
    message = str(raised.value)
    assert message.startswith("labels of 4 patients: several values")
    assert "1 in 2 (p1, p2), 2 in 1 (p3), 4 in 1 (p2)" in message
    assert "segmentation.classes" in message and "segmentation.lesions: values" in message
    check_label_values(found, NUMBERED)


def test_one_value_in_all_patients_needs_no_declaration():
    check_label_values({"p1": {255: 10}, "p2": {255: 5}, "p3": {}}, BINARY)
    with pytest.raises(InputError, match=r"1 in 1 \(p1\), 255 in 1 \(p2\)"):
        check_label_values({"p1": {1: 10}, "p2": {255: 5}}, BINARY)


def test_undeclared_tissue_is_refused():
    with pytest.raises(InputError, match=r"does not name: 3 in 1 \(p2\); it names necrosis 1, "):
        check_label_values({"p1": {1: 10, 255: 3}, "p2": {3: 5}}, TISSUES)


def test_ignored_values_may_be_negative():
    segmentation = read_segmentation(SECTION | {"ignore": [-1]})
    check_label_values({"p1": {-1: 3, 4: 2}}, segmentation)


@pytest.mark.parametrize("value", [-1.0, 0.5])
def test_label_that_is_no_label_is_refused(value):
    drawn = np.zeros((3, 3, 3))
    drawn[1, 1, 1] = value
    with pytest.raises(InputError, match="give a label, not an image"):
        understand_label(drawn, BINARY, "patient p1, label")


def test_too_many_lesions_are_refused():
    drawn = np.zeros((40, 40, 40), np.uint8)
    drawn[::4, ::4, ::4] = 1
    with pytest.raises(InputError, match="1000 lesions, at most 255"):
        understand_label(drawn, BINARY, "patient p1, label")


def test_values_are_counted():
    assert label_values(tissues(), "x") == {1: 3, 2: 1, 4: 2, 255: 1}


def test_a_class_that_nobody_has_is_refused():
    check_classes_occur({"p1": {1: 3}, "p2": {2: 1, 4: 1}}, TISSUES)
    check_classes_occur({"p1": {}}, BINARY)
    with pytest.raises(InputError, match=r"no voxel of enhancing \(4\); the values are 1, 2, 3"):
        check_classes_occur({"p1": {1: 3}, "p2": {2: 1, 3: 9}}, TISSUES)
