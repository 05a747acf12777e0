import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from helpers.phantom_study import FIXED, SEQUENCES, SETTINGS
from scipy import ndimage

from mrelevance.phantom.patient import simulate_patient, write_patient
from mrelevance.phantom.settings import check_settings
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import read_table
from mrelevance.runtime.images import read_image, spacing_zyx, to_array, voxel_volume_ml


def simulate(name="01", sequences=SEQUENCES, seed=7, **changes):
    return simulate_patient(name, check_settings(SETTINGS | changes, sequences, FIXED), seed)


@pytest.fixture(scope="module")
def patient():
    return simulate()


# The scanner without noise, coil and texture: what is left is anatomy, signal and motion.
IDEAL = {"signal_to_noise": {"T1": 1e6, "T2": 1e6}, "bias_field": 0, "texture": 0}


def test_arrays_and_geometry_fit_the_settings(patient):
    assert patient.geometry.GetSize() == (48, 48, 24)
    assert patient.geometry.GetSpacing() == (7.0, 7.0, 6.7)
    centre = patient.geometry.TransformContinuousIndexToPhysicalPoint((23.5, 23.5, 11.5))
    np.testing.assert_allclose(centre, 0, atol=1e-9)
    assert list(patient.images) == SEQUENCES
    for image in (*patient.images.values(), patient.label, patient.liver):
        assert image.shape == (24, 48, 48)
    assert all(field.shape == (24, 48, 48, 3) for field in patient.displacements.values())


def test_lesion_table_tells_the_label(patient):
    table = patient.lesions.set_index("lesion")
    assert list(table.index) == list(range(1, len(table) + 1))
    assert list(np.unique(patient.label)) == [0, *table.index]
    voxel_ml = voxel_volume_ml(patient.geometry)
    for lesion, row in table.iterrows():
        voxels = np.argwhere(patient.label == lesion)
        assert row["volume_ml"] == pytest.approx(len(voxels) * voxel_ml, rel=1e-5)
        assert np.pi / 6 * row["diameter_mm"] ** 3 == pytest.approx(1000 * row["volume_ml"])
        index = voxels.mean(axis=0)[::-1].tolist()
        world = patient.geometry.TransformContinuousIndexToPhysicalPoint(index)
        np.testing.assert_allclose(row[["x_mm", "y_mm", "z_mm"]].astype(float), world, atol=1e-3)


def test_mimics_are_known_but_not_labelled():
    tables = [simulate(str(name), [FIXED]).all_lesions for name in range(8)]
    table = pd.concat(tables)
    assert (table["type"] == "FNH").any()
    assert (table["labelled"] == (table["type"] != "FNH")).all()
    for mixed in tables:
        # Labelled lesions come first, so that numbers agree with the label's values.
        assert list(mixed["labelled"]) == sorted(mixed["labelled"], reverse=True)


def test_label_lies_in_the_liver(patient):
    assert patient.liver[patient.label > 0].all()
    assert 1200 < patient.liver.sum() * voxel_volume_ml(patient.geometry) < 2400


def test_same_seed_same_patient_and_other_name_another(patient):
    again = simulate()
    other = simulate("02")
    for sequence in SEQUENCES:
        np.testing.assert_array_equal(again.images[sequence], patient.images[sequence])
        np.testing.assert_array_equal(
            again.displacements[sequence], patient.displacements[sequence]
        )
        assert (other.images[sequence] != patient.images[sequence]).mean() > 0.5
    np.testing.assert_array_equal(again.label, patient.label)
    pd.testing.assert_frame_equal(again.landmarks, patient.landmarks)
    pd.testing.assert_frame_equal(again.conspicuity, patient.conspicuity)
    assert (simulate(seed=8).label != patient.label).any()


def test_displacement_of_the_liver_peaks_within_the_limits(patient):
    peaks = {}
    for sequence, field in patient.displacements.items():
        peaks[sequence] = np.abs(field[..., 2][patient.liver]).max()
    assert peaks.pop(FIXED) == 0
    assert all(4.5 < peak <= 15 for peak in peaks.values())
    assert max(peaks, key=peaks.get) == "T2"


def test_landmarks_move_with_the_displacement_field(patient):
    places = {
        s: t[["x_mm", "y_mm", "z_mm"]].to_numpy() for s, t in patient.landmarks.groupby("sequence")
    }
    assert set(places) == set(SEQUENCES)
    start = places[FIXED]
    assert start.shape == (30, 3)
    index = [patient.geometry.TransformPhysicalPointToContinuousIndex(p) for p in start.tolist()]
    for sequence in SEQUENCES:
        moved = [
            ndimage.map_coordinates(component, np.array(index).T[::-1], order=1)
            for component in np.moveaxis(patient.displacements[sequence], -1, 0)
        ]
        np.testing.assert_allclose(places[sequence], start + np.array(moved).T, atol=0.1)


def test_images_are_moved_by_the_displacement_field():
    # Two sequences of the same weighting differ by their motion alone.
    times = {"T1-15min": 900, "again": 900}
    patient = simulate(sequences=["T1-15min", "again"], times_s=times, **IDEAL)
    fixed, moved = (patient.images[s].astype(float) for s in ("T1-15min", "again"))
    points = np.indices(fixed.shape).astype(float)
    points += np.moveaxis(patient.displacements["again"][..., ::-1], -1, 0) / np.reshape(
        spacing_zyx(patient.geometry), (3, 1, 1, 1)
    )
    back = ndimage.map_coordinates(moved, points, order=1)
    before = np.abs(moved - fixed)[patient.liver].mean()
    after = np.abs(back - fixed)[patient.liver].mean()
    assert after < 0.4 * before
    backwards = ndimage.map_coordinates(moved, 2 * np.indices(fixed.shape) - points, order=1)
    assert np.abs(backwards - fixed)[patient.liver].mean() > before


def test_conspicuity_is_what_one_measures_in_the_image():
    patient = simulate(
        lesions=[1, 1],
        lesion_diameter_mm=[45, 50],
        lesion_types={"HCC": 1, "metastasis": 0, "haemangioma": 0, "cyst": 0, "FNH": 0},
        motion_mm=[0, 0],
        bias_field=0,
        texture=0,
    )
    lesion = ndimage.binary_erosion(patient.label == 1)
    parenchyma = ndimage.binary_erosion(patient.liver, iterations=2)
    parenchyma &= ~ndimage.binary_dilation(patient.label > 0, iterations=2)
    table = patient.conspicuity.set_index("sequence")["contrast_to_noise"]
    assert lesion.sum() > 20
    for sequence, image in patient.images.items():
        air = image[:, :3, :3]
        noise = air.mean() / np.sqrt(np.pi / 2)
        # The median is that of parenchyma: vessels are few.
        measured = (image[lesion].mean() - np.median(image[parenchyma])) / noise
        assert measured == pytest.approx(table[sequence], abs=0.8, rel=0.08)


def test_conspicuity_varies_down_to_barely_visible():
    tables = [simulate(str(name)).conspicuity for name in range(12)]
    best = (
        pd.concat(tables)["contrast_to_noise"]
        .abs()
        .groupby(pd.concat(tables)[["patient", "lesion"]].apply(tuple, axis=1))
    )
    late = pd.concat(tables).query("sequence == @FIXED")["contrast_to_noise"].abs()
    assert best.max().min() < 6
    assert best.max().max() > 20
    assert late.min() < 2


def test_decoy_is_noise_of_the_same_intensities(patient):
    decoy = simulate(known_answer="decoy")
    for sequence in SEQUENCES:
        if sequence != FIXED:
            np.testing.assert_array_equal(decoy.images[sequence], patient.images[sequence])
    np.testing.assert_array_equal(
        np.sort(decoy.images[FIXED], axis=None), np.sort(patient.images[FIXED], axis=None)
    )
    inside = patient.liver
    for sequence in SEQUENCES:
        pair = decoy.images[FIXED][inside], patient.images[sequence][inside]
        assert abs(np.corrcoef(*pair)[0, 1]) < 3 / np.sqrt(inside.sum())
    blind = decoy.conspicuity.set_index("sequence")["contrast_to_noise"]
    assert (blind[FIXED] == 0).all()
    assert (blind["T2"] != 0).all()


def test_single_source_shows_lesions_in_one_sequence_only():
    shown = simulate(known_answer="single_source", known_answer_sequence="T2", **IDEAL)
    healthy = simulate(known_answer="single_source", known_answer_sequence="T1-pre", **IDEAL)
    study = simulate(**IDEAL)
    contrast = shown.conspicuity.set_index("sequence")["contrast_to_noise"]
    for sequence in SEQUENCES:
        visible = sequence == "T2"
        assert (contrast[sequence] != 0).all() == visible
        if sequence != "T1-pre":
            # Nothing of the lesion is left: the image is that of another hidden study.
            same = np.array_equal(shown.images[sequence], healthy.images[sequence])
            assert same == (not visible)
        same = np.array_equal(shown.images[sequence], study.images[sequence])
        assert same == visible
    np.testing.assert_array_equal(shown.label, study.label)


def test_leaving_out_a_sequence_changes_no_label_and_not_the_fixed_sequence(patient):
    fewer = simulate(sequences=[FIXED, "T2"])
    np.testing.assert_array_equal(fewer.label, patient.label)
    np.testing.assert_array_equal(fewer.images[FIXED], patient.images[FIXED])


def test_signal_to_noise_is_the_one_asked_for():
    clean = IDEAL | {"signal_to_noise": {"T1": 20, "T2": 10}, "motion_mm": [0, 0]}
    # Voxels small enough that the median is that of parenchyma, not of vessels.
    fine = {"size": [96, 96, 40], "spacing_mm": [3.5, 3.5, 4.0]}
    patient = simulate(sequences=["T1-pre", FIXED, "T2"], **fine, **clean)
    parenchyma = ndimage.binary_erosion(patient.liver & (patient.label == 0), iterations=2)
    for sequence, expected in (("T1-pre", 20), ("T2", 10)):
        image = patient.images[sequence]
        noise = image[:, :3, :3].mean() / np.sqrt(np.pi / 2)
        assert np.median(image[parenchyma]) / noise == pytest.approx(expected, rel=0.05)


def test_files_are_those_of_the_workflow(patient, tmp_path):
    write_patient(patient, tmp_path)
    truth = tmp_path / "truth"
    for sequence in SEQUENCES:
        image = read_image(tmp_path / f"{sequence}.nii.gz")
        np.testing.assert_array_equal(to_array(image), patient.images[sequence])
        field = sitk.ReadImage(str(truth / f"displacement_{sequence}.nii.gz"))
        assert field.GetNumberOfComponentsPerPixel() == 3
        np.testing.assert_array_equal(
            sitk.GetArrayFromImage(field), patient.displacements[sequence]
        )
        np.testing.assert_allclose(image.GetOrigin(), patient.geometry.GetOrigin(), rtol=1e-5)
        np.testing.assert_allclose(field.GetSpacing(), image.GetSpacing())
    label = read_image(tmp_path / "label.nii.gz")
    assert label.GetPixelID() == sitk.sitkUInt8
    np.testing.assert_array_equal(to_array(label), patient.label)
    np.testing.assert_array_equal(to_array(read_image(truth / "liver.nii.gz")), patient.liver)
    columns = "patient lesion type volume_ml diameter_mm x_mm y_mm z_mm".split()
    assert list(read_table(tmp_path / "lesions.tsv")) == columns
    assert list(read_table(truth / "lesions.tsv")) == [*columns, "labelled"]
    landmarks = read_table(truth / "landmarks.tsv")
    assert list(landmarks) == "patient sequence landmark x_mm y_mm z_mm".split()
    assert len(landmarks) == 30 * len(SEQUENCES)
    conspicuity = read_table(truth / "conspicuity.tsv")
    assert list(conspicuity) == "patient lesion sequence contrast_to_noise".split()
    assert len(conspicuity) == len(patient.all_lesions) * len(SEQUENCES)
    assert conspicuity["patient"].unique().tolist() == ["01"]


def test_bad_settings_stop_before_anything_is_computed():
    with pytest.raises(InputError, match="motion_mm"):
        simulate(motion_mm=[15, 5])
