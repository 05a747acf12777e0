"""DICOM series become the volumes they were made from; what is no regular volume is named."""

import highdicom
import numpy as np
import pytest
import SimpleITK as sitk
from helpers.layouts import cohort, save, segmentation_of, slices_of
from helpers.segmentations import BINARY
from pydicom.uid import generate_uid

from mrelevance.cohort.importing import import_patient
from mrelevance.cohort.sources import read_source
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import check_same_geometry, to_array

PATIENT = cohort(1)[0]
IMAGE = PATIENT.images["FLAIR"]


@pytest.fixture
def slices():
    return slices_of(IMAGE, "P1", "FLAIR")


def test_a_series_is_the_volume_that_it_was_made_from(slices, tmp_path):
    save(slices, tmp_path)
    image = read_source(tmp_path, "T2")
    check_same_geometry(image, IMAGE, "series")
    assert image.GetPixelID() == sitk.sitkFloat32
    assert (to_array(image) == to_array(IMAGE)).all()


def test_each_slice_has_its_own_scale(slices, tmp_path):
    for place, one in enumerate(slices):
        one.RescaleSlope, one.RescaleIntercept = str(1 + 0.5 * place), "-3"
    save(slices, tmp_path)
    factors = 1 + 0.5 * np.arange(len(slices)).reshape(-1, 1, 1)
    np.testing.assert_allclose(to_array(read_source(tmp_path)), to_array(IMAGE) * factors - 3)


def test_multi_frame_files_are_read_by_the_places_of_their_frames(slices, tmp_path):
    shuffled = [slices[place] for place in np.random.default_rng(0).permutation(len(slices))]
    frames = highdicom.legacy.LegacyConvertedEnhancedMRImage(
        shuffled, generate_uid(), 1, generate_uid(), 1
    )
    save([frames], tmp_path)
    image = read_source(tmp_path, "T2")
    assert (to_array(image) == to_array(IMAGE)).all()
    check_same_geometry(image, IMAGE, "frames")


def test_one_of_several_series_is_chosen_by_its_uid(slices, tmp_path):
    other = slices_of(PATIENT.images["T1"], "P1", "T1 mprage")
    for one in other:
        one.SeriesNumber = 2
    save([*slices, *other], tmp_path)
    image = read_source(f"{tmp_path}#{other[0].SeriesInstanceUID}", "T1")
    assert (to_array(image) == to_array(PATIENT.images["T1"])).all()
    with pytest.raises(InputError, match=r"holds 2 series; .*FLAIR, 10 files.*T1 mprage, 9 files"):
        read_source(tmp_path, "patient P1, T1")
    with pytest.raises(InputError, match=r"holds no series 1\.2\.3; it holds .*FLAIR"):
        read_source(f"{tmp_path}#1.2.3", "patient P1, T1")


def _without(slices, *places):
    return [one for place, one in enumerate(slices) if place not in places]


def _tilted(slices):
    for place, one in enumerate(slices):
        x, y, z = (float(value) for value in one.ImagePositionPatient)
        one.ImagePositionPatient = [f"{x + 0.3 * place:.6f}", f"{y:.6f}", f"{z:.6f}"]
    return slices


def _moved(slices):
    step = np.subtract(
        *(np.array(one.ImagePositionPatient, float) for one in (slices[1], slices[0]))
    )
    moved = np.array(slices[4].ImagePositionPatient, float) + 0.4 * step
    slices[4].ImagePositionPatient = [f"{value:.6f}" for value in moved]
    return slices


def _two_echoes(slices):
    second = slices_of(IMAGE, "P1", "FLAIR")
    for one in slices:
        one.EchoTime = "2.4"
    for one in second:
        one.EchoTime, one.SeriesInstanceUID = "4.8", slices[0].SeriesInstanceUID
    return [*slices, *second]


def _with_localiser(slices):
    turned = slices_of(IMAGE, "P1", "FLAIR")[:1]
    turned[0].SeriesInstanceUID = slices[0].SeriesInstanceUID
    turned[0].ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    return [*slices, *turned]


def _screenshots(slices):
    del slices[3].ImagePositionPatient
    return slices


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda s: _without(s, 4), r"1 slices are missing, after the slices at [\d.-]+ mm"),
        (lambda s: _without(s, 4, 5, 8), "3 slices are missing"),
        (_moved, r"distances of slices vary between 1\.50 and 3\.50 mm"),
        (_tilted, r"slices are shifted by 0\.\d+ mm against each other"),
        (_two_echoes, "it holds several volumes, which differ in EchoTime"),
        (_with_localiser, "ImageOrientationPatient differs between its files"),
        (_screenshots, "a file has no ImagePositionPatient"),
        (lambda s: s[:1], "has one slice; give a volume"),
    ],
)
def test_what_is_no_regular_volume_is_one_line(slices, spoil, message, tmp_path):
    save(spoil(slices), tmp_path)
    with pytest.raises(InputError, match=message) as error:
        read_source(tmp_path, "patient P1, sequence FLAIR")
    text = str(error.value)
    assert text.startswith("patient P1, sequence FLAIR, series") and "\n" not in text


def test_damaged_files_are_named(slices, tmp_path):
    save(slices, tmp_path)
    path = next(tmp_path.glob("*.dcm"))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="P1, FLAIR"):
        read_source(tmp_path, "P1, FLAIR")


def test_a_segmentation_is_put_on_the_whole_grid(slices, tmp_path):
    drawn = to_array(PATIENT.label)
    drawn[6:8] *= 2
    save(slices, tmp_path / "image")
    # Frames without a segment are left out of the file.
    save([segmentation_of(slices, drawn, ["rim", "core"])], tmp_path / "label")
    label = read_source(tmp_path / "label", "label", fixed=IMAGE)
    assert (to_array(label) == drawn).all()
    check_same_geometry(label, IMAGE, "label")
    turned = sitk.DICOMOrient(IMAGE, "RAI")
    found = sitk.DICOMOrient(read_source(tmp_path / "label", "label", fixed=turned), "LPS")
    assert (to_array(found) == to_array(sitk.DICOMOrient(label, "LPS"))).all()


def test_segmentations_on_another_grid_or_instead_of_an_image_are_named(slices, tmp_path):
    save([segmentation_of(slices, to_array(PATIENT.label), ["lesion"])], tmp_path)
    shifted = sitk.Image(IMAGE)
    shifted.SetOrigin([place + 0.7 for place in IMAGE.GetOrigin()])
    with pytest.raises(InputError, match="is not on the grid of the image"):
        read_source(tmp_path, "label", fixed=shifted)
    with pytest.raises(InputError, match="is a DICOM segmentation; give an image"):
        read_source(tmp_path, "T2")


def test_overlapping_segments_are_named(slices, tmp_path):
    both = np.stack([to_array(PATIENT.label) > 0] * 2, axis=-1).astype(np.uint8)
    save([segmentation_of(slices, both, ["rim", "core"])], tmp_path)
    with pytest.raises(InputError, match=r"cannot be read as one label: .*overlap.* to NIfTI"):
        read_source(tmp_path, "label", fixed=IMAGE)


def test_a_patient_is_imported_from_series_and_segmentation(tmp_path):
    references = {}
    for sequence, image in PATIENT.images.items():
        series = slices_of(image, "P1", sequence)
        save(series, tmp_path / "all")
        references[sequence] = f"{tmp_path / 'all'}#{series[0].SeriesInstanceUID}"
        if sequence == "FLAIR":
            save([segmentation_of(series, to_array(PATIENT.label), ["lesion"])], tmp_path / "seg")
    patient = import_patient("P1", references, tmp_path / "seg", "FLAIR", BINARY)
    for sequence, image in patient.images.items():
        assert (to_array(image) == to_array(PATIENT.images[sequence])).all()
    assert np.unique(to_array(patient.label)).tolist() == [0, 1, 2]


def test_volumes_of_a_4d_file_are_counted_from_0(tmp_path):
    volumes = [IMAGE, sitk.Cast(IMAGE * 2, sitk.sitkInt16)]
    path = tmp_path / "4D.nii.gz"
    sitk.WriteImage(sitk.JoinSeries(volumes), str(path))
    second = read_source(f"{path}#1", "T1")
    assert (to_array(second) == 2 * to_array(IMAGE)).all()
    check_same_geometry(second, IMAGE, "volume")
    with pytest.raises(InputError, match=r"no volume #2; it holds 2, numbered from 0"):
        read_source(f"{path}#2", "patient P1, T1")
    sitk.WriteImage(IMAGE, str(tmp_path / "3D.nii.gz"))
    with pytest.raises(InputError, match="it holds 1"):
        read_source(f"{tmp_path / '3D.nii.gz'}#1", "patient P1, T1")
