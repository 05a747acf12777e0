"""Reading a patient to be explained, with all sequences or fewer."""

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from mrelevance.attribution.inputs import read_explained_patient
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import write_json, write_table
from mrelevance.runtime.images import image_like, read_image, write_image

CHANNELS = ["T1", "T2", "FLAIR"]
SIZE = (10, 12, 14)


@pytest.fixture
def files(tmp_path):
    """Files of a patient with a found and a missed lesion, and of another patient."""
    grid = sitk.GetImageFromArray(np.zeros(SIZE, np.float32))
    grid.SetSpacing((1, 2, 3))
    label = np.zeros(SIZE, np.uint8)
    label[2:4, 2:4, 2:4], label[7:9, 8:10, 9:11] = 1, 2
    found = (label == 1).astype(np.uint8)
    image, other = np.random.default_rng(1).normal(size=(2, 3, *SIZE)).astype(np.float32)
    coverage = np.ones((3, *SIZE), np.uint8)
    volumes = {
        "image": image, "donor": other, "coverage": coverage, "label": label, "segmentation": found,
        "regions": label,
    }  # fmt: skip
    paths = {name: str(tmp_path / f"{name}.nii.gz") for name in volumes}
    for name, array in volumes.items():
        write_image(image_like(array, grid), paths[name])
    paths |= {"channels": str(tmp_path / "channels.json"), "lesions": str(tmp_path / "lesions.tsv")}
    write_json({"sequences": CHANNELS}, paths["channels"])
    lesions = pd.DataFrame({"region": ["TP", "FN"], "region_id": [1, 2], "lesion": [1, 2]})
    write_table(lesions, paths["lesions"])
    return paths, volumes


def test_a_patient_is_read_with_regions_and_baseline(files):
    paths, volumes = files
    patient = read_explained_patient("P1", paths | {"donor": []}, CHANNELS, "zero")
    np.testing.assert_array_equal(patient.image, volumes["image"])
    assert not patient.baseline.any()
    np.testing.assert_array_equal(patient.label, volumes["label"])
    np.testing.assert_array_equal(patient.lesions, volumes["label"] > 0)
    assert list(patient.masks) == [("tumour", 0), ("TP", 1), ("FN", 2)]
    assert patient.grid.GetSpacing() == (1, 2, 3) and patient.grid.GetSize() == SIZE[::-1]


@pytest.mark.parametrize("sequences", [["FLAIR", "T1"], ["T2"]])
def test_a_network_may_take_fewer_sequences_than_the_images_hold(files, sequences):
    paths, volumes = files
    picked = [CHANNELS.index(name) for name in sequences]
    patient = read_explained_patient("P1", paths, sequences, "shuffled")
    assert patient.sequences == sequences
    np.testing.assert_array_equal(patient.image, volumes["image"][picked])
    np.testing.assert_allclose(patient.baseline, volumes["donor"][picked], atol=1e-6)
    inpainted = read_explained_patient("P1", paths, sequences, "inpainted").baseline
    assert inpainted.shape == patient.image.shape


def test_a_sequence_that_the_image_lacks_is_refused(files):
    with pytest.raises(InputError, match=r"patient P1, preprocessed image: .* DWI, found"):
        read_explained_patient("P1", files[0], ["T1", "DWI"], "zero")


def test_voxels_that_not_all_sequences_cover_are_not_explained(files, caplog):
    paths, volumes = files
    coverage = volumes["coverage"].copy()
    coverage[0, 3] = 0  # one of two slices of the found lesion
    coverage[2, 7:9] = 0  # all of the missed one
    grid = read_image(paths["label"])
    write_image(image_like(coverage, grid), paths["coverage"])
    caplog.set_level("INFO")
    patient = read_explained_patient("P1", paths, CHANNELS, "inpainted")
    assert list(patient.masks) == [("tumour", 0), ("TP", 1)]
    found = volumes["label"] == 1
    np.testing.assert_array_equal(patient.masks["TP", 1], found & (coverage[0] > 0))
    assert "patient P1: 12 of 16 voxels of lesions are not explained" in caplog.text
    unseen = coverage == 0
    np.testing.assert_array_equal(patient.baseline[unseen], volumes["image"][unseen])
    # A network that does not read the third sequence explains the second lesion.
    fewer = read_explained_patient("P1", paths, CHANNELS[:2], "inpainted")
    assert list(fewer.masks) == [("tumour", 0), ("TP", 1), ("FN", 2)]
