"""What the section `segmentation` of the configuration means."""

import pytest
from helpers.segmentations import BINARY, SECTION, TISSUES, TUMOUR, UNDECLARED

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.segmentation import (
    declaration_of_labels,
    read_segmentation,
    region_folders,
)


def test_a_cohort_that_declares_nothing_has_one_class_and_one_region():
    assert BINARY.outputs == ["background", "tumour"]
    assert (TUMOUR.inside, TUMOUR.outside) == ((1,), (0,))
    assert region_folders(BINARY) == {"": "tumour"}
    assert not BINARY.needs_classes


def test_regions_are_sets_of_the_networks_outputs():
    assert TISSUES.outputs == ["background", "necrosis", "oedema", "enhancing"]
    whole, enhancing = TISSUES.explained_regions
    assert (whole.inside, whole.outside) == ((1, 2, 3), (0,))
    assert (enhancing.inside, enhancing.outside) == ((3,), (0, 1, 2))
    assert region_folders(TISSUES) == {"/whole_tumour": "whole tumour", "/enhancing": "enhancing"}
    assert TISSUES.needs_classes
    assert TISSUES.parts == ["enhancing"] and BINARY.parts == []


def test_an_organ_that_is_not_explained_is_no_lesion():
    section = UNDECLARED | {"classes": {"liver": 1, "tumour": 2}, "explained": "tumour"}
    segmentation = read_segmentation(section)
    assert segmentation.lesion_classes == (2,)
    assert segmentation.region("tumour").outside == (0, 1)


def test_labels_mean_the_same_whichever_region_is_explained():
    """Otherwise images would be imported, and networks trained, for every other region."""
    one = SECTION | {"explained": "whole tumour"}
    assert declaration_of_labels(SECTION) == declaration_of_labels(one)
    again = read_segmentation(declaration_of_labels(SECTION))
    assert again.lesion_classes == TISSUES.lesion_classes and again.outputs == TISSUES.outputs
    assert declaration_of_labels(UNDECLARED) == UNDECLARED


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": {"a": 1, "b": 1}}, "a and b have the same value 1"),
        ({"classes": {"background": 1}}, "background is what all other voxels are"),
        ({"classes": {"a": 255}}, "the value 255 of a is ignored, too"),
        ({"lesions": "values"}, "each value of a label is one lesion"),
        ({"regions": {"core": ["necrosi"]}}, "core names necrosi, which is no class"),
        ({"explained": "core"}, "core is no region; the regions are whole tumour, enhancing"),
        ({"explained": None}, "regions whole tumour, enhancing; name the one to explain"),
        ({"regions": {"a b": ["oedema"], "a_b": ["oedema"]}, "explained": ["a b", "a_b"]},
         "the same folder"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        read_segmentation(SECTION | changes)
