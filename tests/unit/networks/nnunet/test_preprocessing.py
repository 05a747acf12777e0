"""What the network sees, and where it lies in the patient."""

import json
from itertools import permutations

import numpy as np
import pytest
import SimpleITK as sitk
from helpers import nnunet

from mrelevance.networks.nnunet.plans import read_plans
from mrelevance.networks.nnunet.preprocessing import label_to_case, prepare
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.grids import grid_of
from mrelevance.runtime.images import to_array

NAMES = ("T1", "T2")


def plans(folder, forward=(0, 1, 2), **entries):
    reader = entries.pop("reader", "SimpleITKIO")
    content = nnunet.plans(
        {nnunet.NAME: nnunet.configuration(**entries)},
        transpose_forward=list(forward),
        transpose_backward=np.argsort(forward).tolist(),
        image_reader_writer=reader,
    )
    (folder / "plans.json").write_text(json.dumps(content))
    return read_plans(folder / "plans.json", nnunet.NAME, 2)


def images(**changes):
    return {name: nnunet.image(seed, **changes) for seed, name in enumerate(NAMES)}


def spot(at, shape=(20, 24, 28), spacing=(1.5, 2.0, 2.5), direction=None):
    """Image with a smooth spot around a voxel (z, y, x), zero far from it."""
    distances = [
        (np.arange(n) - place) * size
        for n, place, size in zip(shape, at, spacing[::-1], strict=True)
    ]
    squares = [distance**2 for distance in distances]
    total = squares[0][:, None, None] + squares[1][:, None] + squares[2]
    image = sitk.GetImageFromArray(np.exp(-total / 18).astype(np.float32) + 0.01)
    image.SetSpacing(spacing)
    image.SetOrigin((-30.0, 12.0, 7.0))
    if direction is not None:
        image.SetDirection(direction)
    return image


def centre(image):
    """Where in the patient the spot of an image lies, in mm: smooth, so that no voxel jumps."""
    weights = np.maximum(to_array(image) - 0.01, 0) ** 2
    indices = np.argwhere(weights > 0)[:, ::-1]
    return np.average(grid_of(image).points(indices), axis=0, weights=weights[weights > 0])


OBLIQUE = np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]]) @ np.diag([-1, 1, -1])


@pytest.mark.parametrize("reader", ["SimpleITKIO", "SimpleITKIOWithReorient"])
@pytest.mark.parametrize("forward", permutations(range(3)))
def test_a_landmark_stays_where_it_is_in_the_patient(tmp_path, forward, reader):
    schemes = {"normalization_schemes": ["NoNormalization"] * 2, "spacing": [2.2, 1.7, 1.9]}
    read = plans(tmp_path, forward, reader=reader, **schemes)
    image = spot((11, 9, 16), direction=OBLIQUE.ravel().tolist())
    array = to_array(image)
    # Cut something off: only the inner part is not zero.
    array[:3], array[:, -2:], array[:, :, :4] = 0, 0, 0
    cut = sitk.GetImageFromArray(array)
    cut.CopyInformation(image)
    case = prepare({name: cut for name in NAMES}, NAMES, read)
    assert case.image.shape[1:] == case.grid.GetSize()[::-1]
    seen = sitk.GetImageFromArray(case.image[0].numpy())
    seen.CopyInformation(case.grid)
    np.testing.assert_allclose(centre(seen), centre(image), atol=0.05)


def test_corners_of_the_grid_are_those_of_what_was_cut_out(tmp_path):
    read = plans(tmp_path, (2, 0, 1), spacing=[2.3, 1.1, 1.9])
    image = nnunet.image(0, rim=2, turned=30.0)
    case = prepare({name: image for name in NAMES}, NAMES, read)
    size, inner = np.array(case.grid.GetSize()), np.array(image.GetSize()) - 4
    # Axes x, y, z of the case are y, z, x of the image.
    for corner in ((0, 0, 0), (1, 1, 1), (1, 0, 1)):
        found = grid_of(case.grid).points(np.array([corner * size - 0.5]))
        in_image = np.array([corner[2], corner[0], corner[1]])
        expected = grid_of(image).points(np.array([2 + in_image * inner - 0.5]))
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_without_resampling_the_image_is_normalised_and_cropped(tmp_path):
    given = images(spacing=(2.0, 2.0, 3.0))
    array = to_array(given["T1"])
    case = prepare(given, NAMES, plans(tmp_path))
    inner = array[1:-1, 1:-1, 1:-1].astype(float)
    assert case.image.shape == (2, *inner.shape)
    expected = (inner - inner.mean()) / inner.std()
    np.testing.assert_allclose(case.image[0].numpy(), expected, atol=1e-5)
    assert case.covered.shape == case.image.shape and case.covered.all()
    assert grid_of(case.original) == grid_of(given["T1"])


def test_what_any_channel_shows_is_kept_with_its_holes(tmp_path):
    array = np.zeros((2, 9, 10, 11), np.float32)
    array[0, 2:7, 2:7, 2:7] = 5.0
    array[0, 3:6, 3:6, 3:6] = 0.0
    array[1, 4:6, 4:6, 4:9] = 3.0
    given = dict(zip(NAMES, map(sitk.GetImageFromArray, array), strict=True))
    read = plans(tmp_path, spacing=[1.0, 1.0, 1.0], use_mask_for_norm=[True, True])
    case = prepare(given, NAMES, read)
    assert case.image.shape == (2, 5, 5, 7)
    first, cut = case.image[0].numpy(), array[0, 2:7, 2:7, 2:9]
    # The hole counts for mean and deviation; outside of the body nothing changes.
    region = np.zeros(cut.shape, bool)
    region[:, :, :5], region[2:4, 2:4, 5:] = True, True
    values = cut[region].astype(float)
    np.testing.assert_allclose(first[region], (values - values.mean()) / values.std(), atol=1e-5)
    assert not first[~region].any()


def test_slices_of_networks_in_2d_keep_their_distance(tmp_path):
    read = plans(tmp_path, (1, 0, 2), patch_size=[8, 8], spacing=[1.0, 4.0])
    case = prepare(images(), NAMES, read)
    # (z, y, x) of 8 x 12 x 16 voxels of 3 x 2 x 2 mm: y first, then z to 1 mm and x to 4 mm.
    assert case.image.shape == (2, 12, 24, 8)
    np.testing.assert_allclose(case.grid.GetSpacing(), (4, 1, 2))


def test_a_label_follows_to_the_nearest_voxel(tmp_path):
    read = plans(tmp_path, (2, 0, 1), spacing=[1.0, 1.5, 1.0])
    given = images()
    label = sitk.Cast(nnunet.image(7) > 100, sitk.sitkUInt8) * 3
    label.CopyInformation(given["T1"])
    case = prepare(given, NAMES, read)
    found = label_to_case(label, case)
    assert found.GetSize() == case.grid.GetSize()
    assert set(np.unique(to_array(found))) == {0, 3}
    voxels, inner = to_array(found), to_array(label)[1:-1, 1:-1, 1:-1].transpose(2, 0, 1)
    for index in np.random.default_rng(0).integers(0, voxels.shape, (200, 3)):
        where = (index + 0.5) * inner.shape / voxels.shape - 0.5
        if np.abs(where % 1 - 0.5).min() > 1e-3:
            old = np.clip(np.rint(where).astype(int), 0, np.array(inner.shape) - 1)
            assert voxels[tuple(index)] == inner[tuple(old)]


def test_a_label_on_another_grid_is_refused(tmp_path):
    case = prepare(images(), NAMES, plans(tmp_path))
    with pytest.raises(InputError, match="label"):
        label_to_case(nnunet.image(0, spacing=(2.0, 2.0, 3.5)), case)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda given: {"T1": given["T1"]}, "channel T2 has no image, only T1"),
        (lambda given: given | {"T2": nnunet.image(1, shape=(9, 9, 9))}, "channel T2"),
        (lambda given: given | {"T2": nnunet.image(1, turned=5.0)}, "channel T2"),
        (lambda given: given | {"T1": sitk.Image(4, 4, sitk.sitkFloat32)}, "has 2 axes"),
        (lambda given: {name: image * 0 for name, image in given.items()}, "voxel of every"),
    ],
)
def test_images_that_do_not_fit_are_refused(tmp_path, change, message):
    with pytest.raises(InputError, match=message) as error:
        prepare(change(images()), NAMES, plans(tmp_path))
    assert "\n" not in str(error.value)


def test_images_thinner_than_the_spacing_are_refused(tmp_path):
    read = plans(tmp_path, spacing=[100.0, 2.0, 2.0])
    with pytest.raises(InputError, match=r"network takes \(100\.0, 2\.0, 2\.0\) mm"):
        prepare(images(), NAMES, read)
