"""Segmentation of the body in an image of any contrast."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from mrelevance.runtime.images import image_like, to_array
from mrelevance.runtime.orientation import canonical, turned_like

# A background that was masked has one exact value in at least this share of the image.
MASKED_SHARE = 0.2
HISTOGRAM_BINS = 256


def body_mask(image: sitk.Image) -> np.ndarray:
    """Find the body in an image of any contrast.

    If one value fills a large part of the image, as after skull stripping, the body is all other
    voxels. Otherwise a minimum cross-entropy threshold (Li & Lee, Pattern Recognition 1993) of the
    smoothed image separates the body from air. Of either mask the largest component is kept, and
    what it encloses (lungs, gas) is filled slice by slice in all three orientations. The mask does
    not depend on the orientation in which the image is stored.

    Returns
    -------
    Boolean, (D, H, W), never empty.
    """
    turned = canonical(image)
    return to_array(turned_like(image_like(_body(turned), turned), image)) > 0


def _body(image: sitk.Image) -> np.ndarray:
    array = to_array(image)
    lowest = array.min()
    background = np.median(array[array <= np.percentile(array, 100 * MASKED_SHARE)])
    if np.mean(array == background) >= MASKED_SHARE:
        inside = array != background
    else:
        voxels = np.array(image.GetSpacing()[::-1])
        smooth = ndimage.gaussian_filter(array, 0.7 * voxels.max() / voxels)
        # Clipped, so that a few very bright voxels do not move the threshold.
        clipped = np.minimum(smooth - lowest, np.percentile(smooth - lowest, 95))
        threshold = sitk.LiThreshold(sitk.GetImageFromArray(clipped), 0, 1, HISTOGRAM_BINS)
        inside = sitk.GetArrayFromImage(threshold) > 0
    return _filled(_largest_component(inside))


def _largest_component(mask: np.ndarray) -> np.ndarray:
    # Opening cuts thin bridges to objects beside the body: arms, ghosts, specks of noise.
    opened = ndimage.binary_opening(mask, iterations=1)
    components, count = ndimage.label(opened if opened.any() else mask)
    if count == 0:
        return np.ones_like(mask)
    largest = components == 1 + np.argmax(np.bincount(components.ravel())[1:])
    return ndimage.binary_dilation(largest) & mask


def _filled(mask: np.ndarray) -> np.ndarray:
    """Fill the holes of every slice, along each of the three axes in turn."""
    for axis in range(3):
        connected = np.zeros((3, 3, 3), bool)
        connected[1, 1, :] = connected[1, :, 1] = connected[:, 1, 1] = True
        connected.swapaxes(0, axis)[[0, 2]] = False  # within a slice only
        outside, count = ndimage.label(~mask, structure=connected)
        reaches_border = np.zeros(count + 1, bool)
        for other in {0, 1, 2} - {axis}:
            for border in (0, -1):
                reaches_border[outside.take(border, axis=other)] = True
        mask = mask | ~reaches_border[outside]
    return mask
