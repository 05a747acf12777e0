"""Registered sequences in a network's space: axes as the user's file stores them."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from helpers.own_network import CHANNELS, images, sagittal, write_network

from mrelevance.cohort.patient import PatientImages
from mrelevance.networks.imported.own_preprocessing import prepare_as_trained
from mrelevance.networks.loading import load
from mrelevance.networks.preparation import prepare_patient
from mrelevance.preprocessing.patient import preprocess_patient
from mrelevance.runtime.images import image_like, to_array
from mrelevance.runtime.orientation import canonical

BRIGHT = 340
OF_SEQUENCE = dict(zip(CHANNELS, CHANNELS, strict=True))


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    return load(write_network(tmp_path_factory.mktemp("network") / "nnunet")).deployment


def patient(of_sequence, label):
    """As later stages have it: in the canonical orientation."""
    turned = {name: canonical(image) for name, image in of_sequence.items()}
    return PatientImages("P", turned, "T1", label=canonical(label))


def coverage_of(one, missing=0):
    covered = np.ones((2, *one.fixed.GetSize()[::-1]), np.uint8)
    covered[1, :missing] = 0
    return image_like(covered, one.fixed)


def test_the_network_sees_the_axes_of_the_file(deployment):
    stored = {name: sagittal(image) for name, image in images(3).items()}
    label = image_like((to_array(stored["T1"]) > BRIGHT).astype(np.uint8), stored["T1"])
    one = patient(stored, label)
    direction = stored["T1"].GetDirection()
    prepared = prepare_patient(one, coverage_of(one), direction, deployment, OF_SEQUENCE)
    expected = deployment.prepare(stored)
    found = torch.from_numpy(to_array(prepared.image))
    torch.testing.assert_close(found, expected.image, rtol=0, atol=0)
    drawn = to_array(deployment.label_to_case(label, expected))
    assert drawn.any()
    assert (to_array(prepared.label) == drawn).all()
    assert prepared.channels["source_size"] == list(stored["T1"].GetSize())
    assert prepared.channels["sequences"] == list(CHANNELS)


def test_without_turning_back_it_sees_something_else(deployment):
    stored = {name: sagittal(image) for name, image in images(3).items()}
    one = patient(stored, stored["T1"] > BRIGHT)
    prepared = prepare_patient(one, coverage_of(one), None, deployment, OF_SEQUENCE)
    assert to_array(prepared.image).shape != tuple(deployment.prepare(stored).image.shape)


def test_coverage_goes_along(deployment):
    one = patient(images(4), images(4)["T1"] > BRIGHT)
    prepared = prepare_patient(one, coverage_of(one, missing=3), None, deployment, OF_SEQUENCE)
    covered = to_array(prepared.coverage)
    assert covered[0].all()
    assert not covered[1, :3].any()
    assert covered[1, 3:].all()


def test_this_workflow_s_preprocessing_knows_what_is_covered(deployment):
    settings = {"fixed_sequence": "T1", "spacing_mm": None, "margin_mm": 4}
    here = replace(deployment, prepare=partial(prepare_as_trained, settings=settings))
    one = patient(images(4), images(4)["T1"] > BRIGHT)
    covered = coverage_of(one, missing=3)
    prepared = prepare_patient(one, covered, None, here, OF_SEQUENCE)
    expected = preprocess_patient(one, covered, settings)
    assert (to_array(prepared.image) == to_array(expected.image)).all()
    assert (to_array(prepared.coverage) == to_array(expected.coverage)).all()
    assert prepared.channels["sequences"] == list(CHANNELS)
