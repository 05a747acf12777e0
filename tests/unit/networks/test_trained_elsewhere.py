"""Channels, outputs and files of a network that was trained elsewhere."""

from dataclasses import replace

import pytest
from helpers.own_network import CHANNELS, write_network

from mrelevance.networks.deployment import SIGMOID, SOFTMAX, Outputs
from mrelevance.networks.trained_elsewhere import (
    DISTANCE,
    card_of_source,
    channels_of_sequences,
    check_files,
    deployment_of_source,
    load_source,
    outputs_of_region,
    region_of_outputs,
)
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.segmentation import Region, read_segmentation

ONE_CLASS = {"classes": None, "regions": None, "explained": None, "lesions": None, "ignore": []}
ORGAN = ONE_CLASS | {"classes": {"tumour": 7, "liver": 3}, "explained": "tumour"}
SOFT = Outputs(("background", "liver", "tumour"), SOFTMAX, (0, 1, 2), {})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_network(tmp_path_factory.mktemp("network") / "nnunet")


@pytest.fixture(scope="module")
def predictor(folder):
    return load_source(members(folder))


def members(folder, **changes):
    chosen = {"folds": None, "mirroring": True, "checkpoint": "final", "trust_code": False}
    return {"source": folder} | chosen | changes


def test_equal_names_need_no_mapping(predictor):
    found = channels_of_sequences(predictor.deployment, CHANNELS, None)
    assert found == {"T1": "T1", "T2": "T2"}


@pytest.mark.parametrize("channels", [("0000", "0001"), ("T1", "T2")])
def test_other_names_are_mapped_by_number_or_name(predictor, channels):
    named = dict(zip(("early", "late"), channels, strict=True))
    found = channels_of_sequences(predictor.deployment, ["early", "late"], named)
    assert found == {"early": "T1", "late": "T2"}


@pytest.mark.parametrize(
    ("sequences", "named", "words"),
    [
        (["early", "late"], None, "no channel for early, late"),
        (["T1", "late"], None, "no channel for late; no sequence for the channel T2"),
        (["T2", "T1"], None, r"write sequences: \[T1, T2\]"),
        (["T1", "T2"], {"T1": "T2", "T2": "T1"}, r"write sequences: \[T2, T1\]"),
        (["T1", "T2"], {"T1": "0001"}, "no sequence for the channel T1"),
        (["T1", "T2"], {"FLAIR": "T1"}, "names FLAIR, which is no sequence"),
        (["T1", "T2", "late"], None, "no channel for late"),
    ],
)
def test_order_alone_never_decides(predictor, sequences, named, words):
    with pytest.raises(InputError, match=words):
        channels_of_sequences(predictor.deployment, sequences, named)


def test_classes_are_matched_by_name_whatever_their_values():
    segmentation = read_segmentation(ORGAN)
    region = segmentation.region("tumour")
    assert region.inside == (1,)
    assert region_of_outputs(SOFT, segmentation, region) == Region("tumour", (2,), (0, 1))


def test_one_class_is_the_only_output_beside_the_background():
    segmentation = read_segmentation(ONE_CLASS)
    outputs = Outputs(("background", "lesion"), SOFTMAX, (0, 1), {})
    region = segmentation.region("tumour")
    assert region_of_outputs(outputs, segmentation, region) == Region("tumour", (1,), (0,))
    with pytest.raises(InputError, match="tells liver, tumour apart"):
        region_of_outputs(SOFT, segmentation, region)


def test_an_unknown_class_is_an_error():
    segmentation = read_segmentation(ORGAN | {"classes": {"cyst": 1}, "explained": "cyst"})
    with pytest.raises(InputError, match="names cyst, which the network does not have"):
        region_of_outputs(SOFT, segmentation, segmentation.region("cyst"))


def test_a_region_with_a_head_of_its_own_has_nothing_outside():
    outputs = Outputs(("whole", "core"), SIGMOID, (1, 2), {"whole": (1, 2), "core": (2,)})
    section = ONE_CLASS | {
        "classes": {"oedema": 1, "enhancing": 2},
        "regions": {"whole": ["oedema", "enhancing"], "core": ["enhancing"]},
        "explained": ["whole", "core"],
    }
    segmentation = read_segmentation(section)
    found = [
        region_of_outputs(outputs, segmentation, one) for one in segmentation.explained_regions
    ]
    assert found == [Region("whole", (0,), ()), Region("core", (1,), ())]
    other = read_segmentation(section | {"regions": {"core": ["oedema"]}, "explained": "core"})
    with pytest.raises(InputError, match=r"label values \[1\], and the network was trained with"):
        region_of_outputs(outputs, other, other.region("core"))


def test_the_card_says_what_is_explained_of_what_is_deployed(folder, predictor):
    chosen = load_source(members(folder, folds=[1], mirroring=False))
    card = card_of_source(chosen, len(predictor.ensemble.members), CHANNELS, None)
    assert card["kind"] == "trained elsewhere"
    assert card["members"] == {"explained": 1, "deployed": 4, "distance": DISTANCE}
    assert "distance" not in card_of_source(predictor, 4, CHANNELS, None)["members"]
    assert set(card["files"]) == {"dataset.json", "plans.json", "fold_1/checkpoint_final.pth"}
    assert card["facts"]["folds"] == "1 of 0, 1"
    check_files(card, chosen.deployment)
    segmentation = read_segmentation(ONE_CLASS)
    region = segmentation.region("tumour")
    assert outputs_of_region(card, segmentation, region) == Region("tumour", (1,), (0,))


def test_files_of_the_preprocessing_alone_are_those_of_the_card(folder, predictor):
    card = card_of_source(predictor, 4, CHANNELS, None)
    deployed = {"source": folder, "folds": None, "checkpoint": "final", "trust_code": False}
    deployment = deployment_of_source(deployed)
    check_files(card, deployment)
    (folder / "plans.json").write_text((folder / "plans.json").read_text() + " ")
    changed = deployment_of_source(deployed)
    (folder / "plans.json").write_text((folder / "plans.json").read_text().rstrip())
    with pytest.raises(InputError, match=r"plans.json of .* is not what card.json says"):
        check_files(card, changed)


def test_changed_files_are_an_error(predictor):
    card = card_of_source(predictor, 4, CHANNELS, None)
    changed = dict(predictor.deployment.files) | {"plans.json": "0" * 64}
    with pytest.raises(InputError, match=r"plans.json of .* is not what card.json says"):
        check_files(card, replace(predictor.deployment, files=changed))
