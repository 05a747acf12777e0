"""Acquisition of one sequence: tissue signal, motion, sampling, bias field and noise."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from mrelevance.phantom.anatomy import TISSUE_LABEL
from mrelevance.phantom.breathing import Breathing
from mrelevance.phantom.kinetics import Circulation
from mrelevance.phantom.lesions import Lesion
from mrelevance.phantom.settings import Settings
from mrelevance.phantom.shapes import Grid, waves
from mrelevance.phantom.signal import bias_field, rician_noise, tissue_signal, weighting
from mrelevance.phantom.tissues import Tissue

# Anatomy is drawn this many times finer than the images, along each axis, for partial volume.
FINER = 2


@dataclass(frozen=True)
class Subject:
    """The patient in the scanner; volumes (D, H, W) on the fine grid."""

    fine: Grid
    healthy: np.ndarray  # uint8 tissue labels without lesions
    labels: np.ndarray  # uint8 tissue labels, lesion shells after TISSUE_LABEL
    texture: np.ndarray  # float32, relative variation of the signal within tissue
    tissues: list[Tissue]  # of TISSUE_LABEL, in its order
    lesions: list[Lesion]
    circulation: Circulation


def make_grids(settings: Settings) -> tuple[Grid, Grid]:
    """Make the grid of the images, centred on the world's origin, and the finer one of the anatomy.

    The finer grid reaches further up and down, because breathing moves tissue into view.
    """
    size, spacing = np.array(settings.size[::-1]), np.array(settings.spacing_mm[::-1], float)
    margin = np.array([int(np.ceil(settings.motion_mm[1] / spacing[0])) + 1, 0, 0])

    def centred(count: np.ndarray, step: np.ndarray) -> Grid:
        axes = ((np.arange(n) - (n - 1) / 2) * s for n, s in zip(count, step, strict=True))
        return Grid(*(axis.astype(np.float32) for axis in axes))

    return centred(size, spacing), centred((size + 2 * margin) * FINER, spacing / FINER)


def make_texture(grid: Grid, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Draw the relative variation of the signal within tissue (D, H, W): grain on slow waves."""
    grain = rng.standard_normal([n // FINER for n in grid.shape], np.float32)
    grain = ndimage.gaussian_filter(grain, 0.7)
    grain *= np.float32(strength) / grain.std()
    for axis in range(3):
        grain = np.repeat(grain, FINER, axis=axis)
    return grain + np.float32(0.4 * strength) * waves(grid.coordinates(), rng, (40, 90), 2)


def acquire(
    subject: Subject,
    sequence: str,
    breathing: Breathing,
    grid: Grid,
    settings: Settings,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Acquire the image (D, H, W), int16, of one sequence.

    Also returns the contrast-to-noise ratio (n,) of each lesion: mean signal minus that of the
    liver, over the standard deviation of the noise, without bias field. It is 0 in a sequence in
    which the phantom with a known answer hides the lesions.
    """
    organs = np.array(
        [tissue_signal(t, sequence, subject.circulation, settings) for t in subject.tissues]
    )
    liver = organs[TISSUE_LABEL["liver"]]
    shells = _shell_signals(subject, liver, sequence, settings)
    table = np.concatenate([organs, *shells]).astype(np.float32)

    chosen = sequence == settings.known_answer_sequence
    hidden = settings.known_answer == "single_source" and not chosen
    labels = subject.healthy if hidden else subject.labels
    grain = 1 + np.float32(rng.uniform(-1, 1)) * subject.texture
    signal = sample(table[labels] * grain, subject.fine, breathing, grid)
    sd = _noise_sd(subject, sequence, settings)
    coil = bias_field(grid.coordinates(), rng, settings.bias_field)
    image = np.rint(rician_noise(signal * coil, rng, sd)).astype(np.int16)
    if settings.known_answer == "decoy" and chosen:
        body = subject.healthy != TISSUE_LABEL["air"]
        image = shuffle_voxels(image, sample(body, subject.fine, breathing, grid) > 0.5, rng)
        hidden = True

    if hidden:
        return image, np.zeros(len(subject.lesions))
    return image, (_mean_signals(subject, table) - liver) / sd


def sample(volume: np.ndarray, fine: Grid, breathing: Breathing, grid: Grid) -> np.ndarray:
    """Sample a `volume` of the fine grid, moved by breathing, on `grid` (D, H, W).

    The fine volume is averaged over blocks of a voxel's size first. Without motion each sample is
    therefore exactly the mean over its voxel.
    """
    blocks = volume.astype(np.float32)
    for axis in range(3):
        ahead, behind = [slice(None)] * 3, [slice(None)] * 3
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        blocks = np.float32(0.5) * (blocks[tuple(behind)] + blocks[tuple(ahead)])
    first = fine.origin + fine.spacing / 2
    index = [
        (p - np.float32(o)) / np.float32(s)
        for p, o, s in zip(breathing.undo(grid.points()), first, fine.spacing, strict=True)
    ]
    return ndimage.map_coordinates(blocks, index, order=1, mode="nearest")


def shuffle_voxels(image: np.ndarray, body: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shuffle the voxels of an image, those inside and those outside the body separately.

    The outline and the intensities stay, so preprocessing treats the decoy like any sequence.
    """
    image = image.copy()
    for region in (body, ~body):
        image[region] = rng.permutation(image[region])
    return image


def _shell_signals(
    subject: Subject, liver: float, sequence: str, settings: Settings
) -> list[np.ndarray]:
    """Signal of every shell of every lesion: a mixture of its own tissue and liver."""
    signals = []
    for lesion in subject.lesions:
        pure = np.array(
            [tissue_signal(t, sequence, subject.circulation, settings) for _, t in lesion.shells]
        )
        signals.append(lesion.share * pure + (1 - lesion.share) * liver)
    return signals


def _mean_signals(subject: Subject, table: np.ndarray) -> np.ndarray:
    """Mean signal (n,) of each lesion over its shells; `table` holds the signal of each label."""
    voxels = np.bincount(subject.labels.ravel(), minlength=len(table))
    owner = np.repeat(np.arange(len(subject.lesions)), [len(x.shells) for x in subject.lesions])
    shells = slice(len(TISSUE_LABEL), None)
    signal = np.bincount(owner, table[shells] * voxels[shells])
    return signal / np.bincount(owner, voxels[shells])


def _noise_sd(subject: Subject, sequence: str, settings: Settings) -> float:
    """Standard deviation of the noise, the same for all sequences of one weighting.

    It follows from the signal of the liver: in T1-weighted sequences from that before contrast.
    """
    kind = weighting(sequence, settings)
    before_contrast = replace(settings, times_s=settings.times_s | {sequence: None})
    liver = subject.tissues[TISSUE_LABEL["liver"]]
    signal = tissue_signal(liver, sequence, subject.circulation, before_contrast)
    return signal / settings.signal_to_noise[kind]
