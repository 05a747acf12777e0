"""Lesions of two tissue classes, and that they change nothing else."""

import numpy as np
import pytest
from helpers.phantom_study import FIXED, SEQUENCES, SETTINGS
from helpers.segmentations import BINARY, UNDECLARED
from scipy.ndimage import distance_transform_edt

from mrelevance.phantom.patient import simulate_patient
from mrelevance.phantom.settings import (
    CORE,
    RIM,
    check_labels_of_phantom,
    check_settings,
)
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.segmentation import read_segmentation

PLAIN = check_settings(SETTINGS, SEQUENCES, FIXED)
TISSUES = check_settings(SETTINGS | {"tissue_classes": True}, SEQUENCES, FIXED)
DECLARED = UNDECLARED | {
    "classes": {"rim": 1, "core": 2},
    "regions": {"whole tumour": ["rim", "core"], "core": ["core"]},
    "explained": ["whole tumour", "core"],
}


@pytest.fixture(scope="module")
def patient():
    return simulate_patient("P1", TISSUES, 1)


def test_classes_are_drawn_on_the_labelled_lesions_alone(patient):
    assert patient.classes.dtype == np.uint8
    assert np.array_equal(patient.classes > 0, patient.label > 0)
    assert set(np.unique(patient.classes)) == {0, RIM, CORE}


def test_cores_lie_deeper_than_rims(patient):
    """A core begins at 0.3 of the depth, so that it has 0.7 cubed of the volume."""
    depth = distance_transform_edt(patient.label > 0, sampling=SETTINGS["spacing_mm"][::-1])
    rim, core = patient.classes == RIM, patient.classes == CORE
    assert depth[core].mean() > 1.2 * depth[rim].mean()
    assert core.sum() / (patient.label > 0).sum() == pytest.approx(0.7**3, abs=0.12)


def test_the_rest_of_the_phantom_is_the_same(patient):
    plain = simulate_patient("P1", PLAIN, 1)
    assert plain.classes is None
    assert np.array_equal(plain.label, patient.label)
    for sequence in SEQUENCES:
        assert np.array_equal(plain.images[sequence], patient.images[sequence])


def test_what_is_declared_must_be_what_is_drawn():
    check_labels_of_phantom(PLAIN, BINARY)
    check_labels_of_phantom(TISSUES, read_segmentation(DECLARED))
    for settings, section, message in (
        (TISSUES, UNDECLARED, "labels have the classes 1, 2, and segmentation.classes gives 1"),
        (PLAIN, DECLARED, "labels have the classes 1, and segmentation.classes gives 1, 2"),
        (PLAIN, UNDECLARED | {"lesions": "components"}, "numbers its lesions itself"),
        (TISSUES, DECLARED | {"explained": "core"}, "let segmentation.explained cover them"),
    ):
        with pytest.raises(InputError, match=message):
            check_labels_of_phantom(settings, read_segmentation(section))
