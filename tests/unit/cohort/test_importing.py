"""A user's images are checked and brought to the raw layout."""

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from helpers.orientations import STORED, stored
from helpers.segmentations import BINARY

from mrelevance.cohort.importing import (
    import_mask,
    import_patient,
    lesion_table,
    write_patient,
)
from mrelevance.cohort.patient import read_patient
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import read_table
from mrelevance.runtime.images import to_array

FILES = {"T1": "t1.nii.gz", "T2": "sub/t2.nii.gz"}


def image(array, origin=(10.0, -20.0, 30.0), spacing=(2.0, 1.0, 4.0)) -> sitk.Image:
    made = sitk.GetImageFromArray(array)
    made.SetSpacing(spacing)
    made.SetOrigin(origin)
    return made


def noise(shape=(8, 10, 12)) -> np.ndarray:
    return np.random.default_rng(0).normal(100, 10, shape).astype(np.float32)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    label = np.zeros((8, 10, 12), np.int16)
    label[1, 1, 1] = 1
    label[4:6, 4:7, 5:9] = 1
    sitk.WriteImage(image(noise()), tmp_path / "t1.nii.gz")
    sitk.WriteImage(image(noise((6, 20, 12)), spacing=(2.1, 0.6, 5.0)), tmp_path / "sub/t2.nii.gz")
    sitk.WriteImage(image(label), tmp_path / "label.nii.gz")
    return tmp_path


def imported(folder, **files):
    paths = {sequence: folder / file for sequence, file in (FILES | files).items()}
    return import_patient("p1", paths, folder / "label.nii.gz", "T1", BINARY)


def test_images_keep_their_grids_and_lesions_are_numbered_by_size(folder):
    patient = imported(folder)
    assert patient.name == "p1" and list(patient.images) == ["T1", "T2"]
    assert patient.fixed.GetPixelID() == sitk.sitkFloat32
    assert patient.images["T2"].GetSize() == (12, 20, 6)
    assert patient.label.GetPixelID() == sitk.sitkUInt8
    assert to_array(patient.label)[5, 5, 6] == 1 and to_array(patient.label)[1, 1, 1] == 2
    lesions = lesion_table(patient.label, "p1")
    assert lesions["lesion"].tolist() == [1, 2]
    assert lesions["type"].tolist() == ["unknown", "unknown"]


@pytest.mark.parametrize("orientation", STORED)
def test_how_images_are_stored_does_not_matter(folder, orientation):
    """Nor need the label be stored as the sequence that it is drawn on."""
    expected = imported(folder)
    t1 = sitk.ReadImage(folder / "t1.nii.gz")
    sitk.WriteImage(stored(t1, orientation), folder / "t1.nii.gz")
    found = imported(folder)
    for name in ("fixed", "label"):
        one, other = getattr(expected, name), getattr(found, name)
        np.testing.assert_array_equal(to_array(other), to_array(one))
        assert other.GetOrigin() == one.GetOrigin() == pytest.approx((10, -20, 30), abs=0.0025)
    mask = import_mask(folder / "label.nii.gz", found.fixed, "p1")
    np.testing.assert_array_equal(to_array(mask), to_array(found.label) > 0)


def test_mask_is_one_inside(folder):
    fixed = image(noise())
    mask = to_array(import_mask(folder / "label.nii.gz", fixed, "p1"))
    assert mask.dtype == np.uint8 and mask.sum() == 1 + 2 * 3 * 4
    with pytest.raises(InputError, match=r"patient p1, mask: .* both must lie on one grid"):
        import_mask(folder / "label.nii.gz", image(noise((9, 10, 12))), "p1")
    sitk.WriteImage(image(np.zeros((8, 10, 12), np.uint8)), folder / "empty.nii.gz")
    with pytest.raises(InputError, match=r"patient p1, mask: .* holds no voxel above 0"):
        import_mask(folder / "empty.nii.gz", fixed, "p1")


def test_measures_of_a_box(folder):
    lesion = lesion_table(imported(folder).label, "p1").iloc[0]
    volume = 2 * 3 * 4 * (2 * 1 * 4) / 1000
    assert lesion["volume_ml"] == pytest.approx(volume)
    assert np.pi / 6 * lesion["diameter_mm"] ** 3 / 1000 == pytest.approx(volume)
    assert lesion[["x_mm", "y_mm", "z_mm"]].tolist() == pytest.approx(
        [10 + 6.5 * 2, -20 + 5, 30 + 4.5 * 4]
    )


def test_written_layout_is_read_back(folder, tmp_path):
    patient = imported(folder)
    lesions = lesion_table(patient.label, "p1")
    write_patient(patient, lesions, tmp_path / "raw")
    pd.testing.assert_frame_equal(
        read_table(tmp_path / "raw/lesions.tsv"), lesions, check_dtype=False, rtol=1e-8
    )
    paths = {sequence: tmp_path / f"raw/{sequence}.nii.gz" for sequence in FILES}
    again = read_patient("p1", paths, "T1", label=tmp_path / "raw/label.nii.gz")
    assert np.array_equal(to_array(again.label), to_array(patient.label))
    for sequence, written in again.images.items():
        assert np.array_equal(to_array(written), to_array(patient.images[sequence]))


def test_patient_without_lesion_is_an_empty_table():
    table = lesion_table(image(np.zeros((3, 3, 3), np.uint8)), "p")
    assert len(table) == 0 and "diameter_mm" in table


def _missing(folder):
    (folder / "sub/t2.nii.gz").unlink()


def _garbage(folder):
    (folder / "sub/t2.nii.gz").write_bytes(b"no image")


def _replaced(made):
    return lambda folder: sitk.WriteImage(made, folder / "sub/t2.nii.gz")


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (_missing, "does not exist"),
        (_garbage, "cannot be read"),
        (_replaced(image(np.full((8, 10, 12), 3.0))), "same value 3 everywhere"),
        (_replaced(image(noise(), origin=(10.0, -20.0, 62.1))), "covers 0% of the field of view"),
        (_replaced(sitk.JoinSeries([image(noise()), image(noise())])), "has 4 dimensions"),
    ],
)
def test_bad_sequences_are_named(folder, break_it, message):
    break_it(folder)
    with pytest.raises(InputError, match=f"patient p1, sequence T2.*t2.nii.gz.*{message}") as error:
        imported(folder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("file", ["t2.mha", "t2.nii", "t2.nii.gz"])
def test_image_with_nan_is_refused(folder, file):
    holed = noise()
    holed[0, 0, 0] = np.nan
    sitk.WriteImage(image(holed), folder / file)
    with pytest.raises(InputError, match=rf"patient p1, sequence T2.*{file} has NaN"):
        imported(folder, T2=file)


def test_label_on_another_grid_is_refused(folder):
    sitk.WriteImage(
        image(np.zeros((8, 10, 12), np.uint8), origin=(10.0, -20.0, 31.0)),
        folder / "label.nii.gz",
    )
    with pytest.raises(InputError, match=r"patient p1, label.*label\.nii\.gz.*1\.00 mm away"):
        imported(folder)
