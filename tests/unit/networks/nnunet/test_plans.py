"""`plans.json`: inherited entries, old plans, and what is refused."""

import json

import pytest
from helpers import nnunet

from mrelevance.networks.nnunet.plans import read_plans
from mrelevance.runtime.errors import InputError


def read(folder, content, name=nnunet.NAME, channels=2):
    path = folder / "plans.json"
    path.write_text(json.dumps(content))
    return read_plans(path, name, channels)


def test_entries_are_read_as_written(tmp_path):
    content = nnunet.plans(transpose_forward=[2, 0, 1], transpose_backward=[1, 2, 0])
    plans = read(tmp_path, content)
    assert (plans.name, plans.dataset) == ("nnUNetPlans", "Dataset001_Tiny")
    assert plans.forward == (2, 0, 1)
    assert plans.spacing == (3.0, 2.0, 2.0)
    assert plans.patch == (8, 12, 16)
    assert plans.of_images.arguments["order"] == 3
    assert plans.of_logits.arguments["order"] == 1
    assert plans.orientation is None
    assert len(plans.intensities) == 2 and plans.intensities[0]["std"] == 40


def test_readers_that_reorient_turn_images(tmp_path):
    for reader in ("SimpleITKIOWithReorient", "NibabelIOWithReorient"):
        plans = read(tmp_path, nnunet.plans(image_reader_writer=reader))
        assert plans.orientation == "RAS"


def test_nearest_entries_hold_and_replace_whole_ones(tmp_path):
    configurations = {
        "a": nnunet.configuration(spacing=[1.0, 1.0, 1.0]),
        "b": {"inherits_from": "a", "spacing": [2.0, 2.0, 2.0], "patch_size": [4, 4, 4]},
        "c": {"inherits_from": "b", "resampling_fn_data_kwargs": {"order": 2}},
    }
    plans = read(tmp_path, nnunet.plans(configurations), "c")
    assert plans.spacing == (2.0, 2.0, 2.0)
    assert plans.patch == (4, 4, 4)
    assert plans.of_images.arguments == {"order": 2}


def test_old_plans_name_intensities_otherwise(tmp_path):
    content = nnunet.plans({nnunet.NAME: nnunet.old_configuration()})
    key = "foreground_intensity_properties_per_channel"
    content["foreground_intensity_properties_by_modality"] = content.pop(key)
    assert read(tmp_path, content).intensities[1]["mean"] == 30


def changed(**entries):
    return nnunet.plans({nnunet.NAME: nnunet.configuration(**entries)})


LOOP = {"a": {"inherits_from": "b"}, "b": {"inherits_from": "a"}}


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (nnunet.plans(LOOP), "a", r"in a circle \(a from b from a\)"),
        (
            nnunet.plans({"a": {"inherits_from": "b"}}),
            "a",
            "b, from which a inherits, is not among",
        ),
        (nnunet.plans(), "2d", "2d is not among 3d_fullres"),
        (changed(previous_stage="3d_lowres"), None, "second stage of a cascade"),
        (changed(preprocessor_name="Mine"), None, "preprocessor_name is Mine"),
        (nnunet.plans(label_manager="Mine"), None, "label_manager is Mine"),
        (nnunet.plans(image_reader_writer="NaturalImage2DIO"), None, "image_reader_writer is Nat"),
        (changed(use_mask_for_norm=[False]), None, "use_mask_for_norm has 1 entries"),
        (changed(patch_size=[8, 8]), None, "spacing and patch_size have 3 and 2 axes"),
        (changed(patch_size=[8, 8, 0]), None, r"patch_size\.2: 0 is less than the minimum"),
        (changed(resampling_fn_data="mine"), None, "resampling_fn_data is mine"),
        (changed(resampling_fn_data_kwargs={"x": 1}), None, "takes no x"),
        (changed(resampling_fn_data_kwargs={"is_seg": True}), None, "meant for labels"),
        (nnunet.plans(transpose_forward=[2, 0, 1]), None, "does not undo transpose_forward"),
        (nnunet.plans(transpose_forward=[0, 0, 1]), None, "does not undo"),
        ({"configurations": {}}, None, "is a required property"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(tmp_path, content, name, message):
    with pytest.raises(InputError, match=message) as error:
        read(tmp_path, content, name or nnunet.NAME)
    assert "plans.json" in str(error.value) and "\n" not in str(error.value)
