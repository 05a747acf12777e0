import copy

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from helpers.blobs import CONFIGURATION, SEQUENCES, write_patients

from mrelevance.networks.training_data import TrainingPatient, draw_batch, load_patient
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import image_like, read_image, to_array, write_image
from mrelevance.runtime.segmentation import IGNORED

PLAIN = CONFIGURATION["training"] | {
    "patch": [16, 16, 8],
    "augmentation": {
        "flip_axes": [],
        "rotation_degrees": 0,
        "intensity_scale": 0,
        "intensity_shift": 0,
    },
}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return write_patients(tmp_path_factory.mktemp("patients"))


@pytest.fixture(scope="module")
def patients(images):
    return [load_patient(name, *paths, SEQUENCES, SEQUENCES) for name, paths in images.items()]


def settings(**augmentation):
    changed = copy.deepcopy(PLAIN)
    changed["augmentation"].update(augmentation)
    return changed


def ramp(spacing=(3.0, 2.0, 1.0), size=(40, 40, 40)):
    """A patient whose three channels hold the z, y and x coordinate in mm."""
    coordinates = np.indices(size) * np.array(spacing)[:, None, None, None]
    return TrainingPatient(
        name="ramp",
        image=torch.from_numpy(coordinates).half(),
        classes=torch.from_numpy((coordinates[2] > 20).astype(np.uint8)),
        lesions=[[np.array(size)[None] // 2]],
        spacing=spacing,
    )


def test_patient_is_read_as_written(images, patients):
    image = to_array(read_image(images["01"][0]))
    label = to_array(read_image(images["01"][1]))
    patient = patients[1]
    assert np.allclose(patient.image.numpy(), image, rtol=1e-3, atol=1e-3)
    assert np.array_equal(patient.classes.numpy() > 0, label > 0)
    assert patient.spacing == (3.0, 2.0, 2.0)
    assert [len(voxels) for voxels in patient.lesions[0]] == [(label == 1).sum()]


def test_plain_patch_is_a_cut_of_the_image(patients):
    batch = draw_batch(patients, PLAIN, seed=1, step=0)
    by_name = {patient.name: patient for patient in patients}
    assert batch.images.shape == (2, 3, 8, 16, 16)
    assert batch.classes.shape == (2, 1, 8, 16, 16)
    for name, image, tumour in zip(batch.patients, batch.images, batch.classes, strict=True):
        patient = by_name[name]
        windows = patient.image.float().unfold(1, 8, 1).unfold(2, 16, 1).unfold(3, 16, 1)
        distance = (windows - image[:, None, None, None]).abs().amax(dim=(0, 4, 5, 6))
        place = np.unravel_index(int(distance.argmin()), distance.shape)
        assert distance[place] < 1e-3
        cut = tuple(slice(at, at + n) for at, n in zip(place, (8, 16, 16), strict=True))
        assert torch.equal(tumour[0].bool(), patient.classes[cut].bool())


def test_batch_depends_on_seed_and_step_alone(patients):
    first = draw_batch(patients, CONFIGURATION["training"], seed=1, step=3)
    draw_batch(patients, CONFIGURATION["training"], seed=1, step=9)
    again = draw_batch(patients, CONFIGURATION["training"], seed=1, step=3)
    assert first.patients == again.patients
    assert torch.equal(first.images, again.images)
    for seed, step in [(2, 3), (1, 4)]:
        other = draw_batch(patients, CONFIGURATION["training"], seed=seed, step=step)
        assert not torch.equal(first.images, other.images)


def test_every_patient_takes_its_turn(patients):
    drawn = [name for step in range(6) for name in draw_batch(patients, PLAIN, 1, step).patients]
    turns = [sorted(drawn[first : first + 4]) for first in (0, 4, 8)]
    assert turns == [["00", "01", "02", "03"]] * 3


def test_rotation_and_flips_keep_distances_in_mm():
    turned = settings(rotation_degrees=15, flip_axes=["x", "z"]) | {"foreground_share": 1}
    batch = draw_batch([ramp()], turned, seed=4, step=0)
    for coordinates in batch.images:  # (3, 8, 16, 16) in mm
        steps = [coordinates.diff(dim=axis).flatten(1).mean(1).double() for axis in (1, 2, 3)]
        directions = torch.stack([step / size for step, size in zip(steps, (3, 2, 1), strict=True)])
        torch.testing.assert_close(
            directions @ directions.T, torch.eye(3, dtype=torch.float64), atol=5e-3, rtol=0
        )
        angle = torch.rad2deg(torch.arccos(directions.abs().diagonal().clip(max=1)))
        assert 0.5 < angle.max() < 15 * 3**0.5


def test_tumour_turns_with_the_image():
    batch = draw_batch([ramp()], settings(rotation_degrees=15, flip_axes=["x"]), seed=2, step=0)
    x = batch.images[:, 2]
    clear = (x - 20.5).abs() > 1
    assert torch.equal(batch.classes[:, 0][clear] > 0, x[clear] > 20.5)
    assert 0 < batch.classes.mean() < 1


def test_intensities_change_per_sequence_within_the_limits():
    flat = ramp()
    flat.image[:] = 1
    batch = draw_batch([flat], settings(intensity_scale=0.1, intensity_shift=0.2), seed=2, step=0)
    values = batch.images.flatten(2)
    assert torch.equal(values.amin(2), values.amax(2))
    assert len(values[..., 0].unique()) == 6
    assert (values - 1).abs().max() <= 0.3


def test_foreground_patches_show_small_lesions_as_often_as_large_ones():
    label = np.zeros((8, 16, 200), np.uint8)
    label[:, :, 20:40] = 1
    label[4, 8, 170] = 2
    patient = TrainingPatient(
        "two",
        torch.zeros(1, *label.shape).half(),
        torch.from_numpy((label > 0).astype(np.uint8)),
        [[np.argwhere(label == lesion) for lesion in (1, 2)]],
        (1.0, 1.0, 1.0),
    )
    sizes = torch.cat(
        [draw_batch([patient], PLAIN | {"foreground_share": 1}, 5, step).classes.sum((1, 2, 3, 4))
         for step in range(100)]
    )  # fmt: skip
    assert (sizes >= 1).all()
    assert 70 < (sizes == 1).sum() < 130


def test_image_smaller_than_the_patch_is_continued():
    batch = draw_batch([ramp(size=(3, 40, 40))], PLAIN, seed=1, step=0)
    z = batch.images[:, 0, :, 0, 0] / 3
    assert batch.images.shape == (2, 3, 8, 16, 16)
    assert (z.diff(dim=1) >= 0).all()
    assert z.min() == 0
    assert z.max() == 2


def test_wrong_number_of_channels_is_refused(images):
    with pytest.raises(InputError, match=r"patient 00.*4 channels"):
        load_patient("00", *images["00"], SEQUENCES, [*SEQUENCES, "PD"])


def test_label_on_another_grid_is_refused(images, tmp_path):
    label = read_image(images["00"][1])
    label.SetOrigin((5.0, 0.0, 0.0))
    write_image(label, tmp_path / "label.nii.gz")
    with pytest.raises(InputError, match="patient 00"):
        load_patient("00", images["00"][0], tmp_path / "label.nii.gz", SEQUENCES, SEQUENCES)


def test_intensities_that_are_not_normalised_are_refused(images, tmp_path):
    grid = sitk.Image(4, 4, 4, sitk.sitkUInt8)
    write_image(grid, tmp_path / "label.nii.gz")
    write_image(image_like(np.full((3, 4, 4, 4), 1e5, np.float32), grid), tmp_path / "image.nii")
    with pytest.raises(InputError, match=r"patient 00.*normalise"):
        load_patient("00", tmp_path / "image.nii", tmp_path / "label.nii.gz", SEQUENCES, SEQUENCES)


def tissue_patient(size=(8, 16, 60)):
    """A large rim (class 1), a single voxel of core (class 2), and an ignored end."""
    classes = np.zeros(size, np.uint8)
    classes[:, :, 5:25] = 1
    classes[4, 8, 45] = 2
    classes[:, :, 56:] = IGNORED
    return TrainingPatient(
        "tissues",
        torch.zeros(1, *size).half(),
        torch.from_numpy(classes),
        [[np.argwhere(classes == one)] for one in (1, 2)],
        (1.0, 1.0, 1.0),
    )


def test_rare_classes_are_seen_as_often_as_common_ones():
    patient = tissue_patient()
    drawn = PLAIN | {"foreground_share": 1, "patch": [8, 8, 8]}
    batches = [draw_batch([patient], drawn, 5, step, outputs=3) for step in range(100)]
    found = torch.cat([(batch.classes == 2).sum((1, 2, 3, 4)) for batch in batches])
    assert 70 < (found > 0).sum() < 130  # of 200 patches


def test_patch_holds_the_classes_of_the_patient():
    drawn = PLAIN | {"foreground_share": 0, "patch": [60, 16, 8]}
    batch = draw_batch([tissue_patient()], drawn, 1, 0, outputs=3, ignores=True)
    classes = tissue_patient().classes
    expected = torch.where(classes == IGNORED, 0, classes).float()
    assert torch.equal(batch.classes[0, 0], expected)
    assert torch.equal(batch.counted[0, 0], classes != IGNORED)
    assert batch.images.shape == (2, 1, 8, 16, 60)
