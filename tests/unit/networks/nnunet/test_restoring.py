"""The way back: decisions, and their place on the original grid."""

import json

import numpy as np
import pytest
import torch
from helpers import nnunet

from mrelevance.networks.deployment import Outputs
from mrelevance.networks.nnunet.plans import read_plans
from mrelevance.networks.nnunet.preprocessing import prepare
from mrelevance.networks.nnunet.restoring import decide, restore
from mrelevance.runtime.grids import grid_of
from mrelevance.runtime.images import to_array

CLASSES = Outputs(("background", "liver", "tumour"), "softmax", (0, 1, 2), {})
REGIONS = Outputs(("whole", "core"), "sigmoid", (1, 2), {"whole": (1, 2), "core": (2,)})


def test_classes_are_decided_by_the_largest_logit():
    logits = np.random.default_rng(0).normal(size=(3, 4, 5, 6)).astype(np.float32)
    assert np.array_equal(decide(logits, CLASSES), logits.argmax(axis=0))


def test_later_regions_overwrite_earlier_ones():
    logits = np.array([[-1, 2, 2, -1, 0], [-1, -1, 1, 3, 0]], np.float32).reshape(2, 1, 1, 5)
    assert decide(logits, REGIONS).ravel().tolist() == [0, 1, 2, 2, 0]
    swapped = Outputs(("core", "whole"), "sigmoid", (2, 1), {})
    assert decide(logits[::-1].copy(), swapped).ravel().tolist() == [0, 1, 1, 2, 0]


@pytest.mark.parametrize("reader", ["SimpleITKIO", "SimpleITKIOWithReorient"])
@pytest.mark.parametrize("forward", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (0, 2, 1)])
def test_a_threshold_comes_back_to_its_voxels(tmp_path, forward, reader):
    """Logits that tell bright voxels give the bright voxels of the image, on its grid."""
    content = nnunet.plans(
        {nnunet.NAME: nnunet.configuration(
            normalization_schemes=["NoNormalization"],
            use_mask_for_norm=[False],
            spacing=list(np.array([3.0, 2.0, 2.0])[list(forward)]),
        )},
        transpose_forward=list(forward),
        transpose_backward=np.argsort(forward).tolist(),
        image_reader_writer=reader,
    )  # fmt: skip
    if "Reorient" in reader:
        # Axes that turning swaps have other spacings: that of the array is of the turned image.
        content["configurations"][nnunet.NAME]["resampling_fn_data"] = "no_resampling_hack"
        content["configurations"][nnunet.NAME]["resampling_fn_data_kwargs"] = {}
    (tmp_path / "plans.json").write_text(json.dumps(content))
    plans = read_plans(tmp_path / "plans.json", nnunet.NAME, 1)
    image = nnunet.image(3, rim=2, turned=200.0)
    case = prepare({"T1": image}, ("T1",), plans)
    bright = case.image[0] > 110
    logits = torch.stack([(~bright).float(), bright.float(), torch.zeros_like(case.image[0])])
    segmentation = restore(case, logits, CLASSES, plans)
    assert np.array_equal(to_array(segmentation), to_array(image) > 110)
    assert segmentation.GetPixelIDTypeAsString() == "8-bit unsigned integer"
    assert grid_of(segmentation) == grid_of(image)


def test_logits_of_another_size_are_refused(tmp_path):
    (tmp_path / "plans.json").write_text(json.dumps(nnunet.plans()))
    plans = read_plans(tmp_path / "plans.json", nnunet.NAME, 2)
    case = prepare({"a": nnunet.image(0), "b": nnunet.image(1)}, ("a", "b"), plans)
    with pytest.raises(ValueError, match="logits"):
        restore(case, torch.zeros(3, 2, 2, 2), CLASSES, plans)
