"""`dataset.json`: channels in order, and one output for each label value or region."""

import json

import pytest
from helpers import nnunet

from mrelevance.networks.nnunet.dataset import read_dataset
from mrelevance.runtime.errors import InputError


def written(folder, content):
    path = folder / "dataset.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_classes_have_outputs_in_the_order_of_their_values(tmp_path):
    labels = {"tumour": 2, "background": 0, "liver": 1, "ignore": 3}
    read = read_dataset(written(tmp_path, nnunet.dataset(labels=labels)))
    assert read.outputs.names == ("background", "liver", "tumour")
    assert (read.outputs.heads, read.outputs.values) == ("softmax", (0, 1, 2))
    assert read.outputs.members == {}
    assert read.cases == 4


def test_names_of_one_value_share_an_output(tmp_path):
    labels = {"background": 0, "liver": 1, "spleen": [1]}
    read = read_dataset(written(tmp_path, nnunet.dataset(labels=labels)))
    assert read.outputs.names == ("background", "liver or spleen")


def test_regions_have_outputs_in_the_order_of_the_file_and_no_background(tmp_path):
    labels = {"core": [2, 3], "background": 0, "whole": [1, 2, 3], "edge": 3, "ignore": 4}
    content = nnunet.dataset(labels=labels, regions_class_order=[2, 1, 3])
    outputs = read_dataset(written(tmp_path, content)).outputs
    assert outputs.names == ("core", "whole", "edge")
    assert (outputs.heads, outputs.values) == ("sigmoid", (2, 1, 3))
    assert outputs.members == {"core": (2, 3), "whole": (1, 2, 3), "edge": (3,)}


def test_channels_are_ordered_by_number(tmp_path):
    names = {str(number): f"c{number}" for number in (10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)}
    content = nnunet.dataset() | {"channel_names": names}
    expected = tuple(f"c{number}" for number in range(11))
    assert read_dataset(written(tmp_path, content)).channels == expected


def test_channels_of_one_name_are_called_by_their_numbers(tmp_path):
    content = nnunet.dataset(channels=("MRI", "MRI"))
    assert read_dataset(written(tmp_path, content)).channels == ("0000", "0001")


def test_old_files_name_channels_by_modality(tmp_path):
    content = nnunet.dataset()
    content["modality"] = content.pop("channel_names")
    assert read_dataset(written(tmp_path, content)).channels == ("T1", "T2")


LABELS = {"background": 0, "liver": 1}
REGIONS = {"background": 0, "whole": [1, 2], "core": 2}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("[1]", "does not hold a JSON object"),
        ({"labels": LABELS}, "is not valid under any|channel_names"),
        ({"channel_names": {"0": "T1"}}, "'labels' is a required property"),
        (nnunet.dataset(labels={"0": "background", "1": "liver"}), "is of nnU-Net v1"),
        (nnunet.dataset(labels={"liver": 1, "tumour": 2}), "no background with value 0"),
        (nnunet.dataset(labels={"background": 0, "liver": "1"}), "labels.liver"),
        (nnunet.dataset(labels={"background": 0, "liver": 3}), "without gaps"),
        (nnunet.dataset(labels=LABELS | {"ignore": 5}), "ignore has the value 5, .* requires 2"),
        (nnunet.dataset(labels=REGIONS), "regions_class_order is missing, .* whole, core"),
        (nnunet.dataset(labels=REGIONS, regions_class_order=[1]), "has 1 values"),
        (nnunet.dataset() | {"channel_names": {"0": "T1", "2": "T2"}}, "from 0 to 1"),
        (nnunet.dataset() | {"channel_names": {"a": "T1"}}, "channel_names: 'a' does not match"),
    ],
)
def test_damaged_files_are_refused_in_one_line(tmp_path, content, message):
    path = written(tmp_path, content)
    with pytest.raises(InputError, match=message) as error:
        read_dataset(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"dataset\.json does not exist; copy it again"):
        read_dataset(tmp_path / "dataset.json")
