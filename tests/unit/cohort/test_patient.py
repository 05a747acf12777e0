"""A patient is read with what belongs to it, and missing files are named."""

import numpy as np
import pytest
import SimpleITK as sitk

from mrelevance.cohort.patient import read_patient
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import to_array


@pytest.fixture
def paths(tmp_path):
    files = {name: tmp_path / f"{name}.nii.gz" for name in ("T2", "T1", "label", "mask")}
    for value, path in enumerate(files.values()):
        sitk.WriteImage(sitk.GetImageFromArray(np.full((2, 3, 4), value, np.uint8)), path)
    return files


def test_sequences_keep_their_order_and_the_fixed_one_is_known(paths):
    patient = read_patient("P1", {name: paths[name] for name in ("T2", "T1")}, "T1")
    assert list(patient.images) == ["T2", "T1"]
    assert (to_array(patient.fixed) == 1).all()
    assert patient.label is None and patient.mask is None


def test_label_and_mask_are_read_where_they_are_given(paths):
    patient = read_patient(
        "P1", {"T1": paths["T1"]}, "T1", label=paths["label"], mask=paths["mask"]
    )
    assert (to_array(patient.label) == 2).all() and (to_array(patient.mask) == 3).all()


@pytest.mark.parametrize(
    ("missing", "what"), [("T1", "sequence T1"), ("label", "label"), ("mask", "mask")]
)
def test_missing_file_is_named(paths, missing, what):
    paths[missing].unlink()
    with pytest.raises(InputError, match=f"patient P1, {what}: .*{missing}.nii.gz does not exist"):
        read_patient("P1", {"T1": paths["T1"]}, "T1", paths["label"], paths["mask"])
