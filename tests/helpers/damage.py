"""Images as files, and files damaged in the ways that real ones are."""

import gzip
from pathlib import Path

import nibabel
import numpy as np
import SimpleITK as sitk

SHAPE = (8, 10, 12)
RAS = np.diag([2.0, 1.0, 4.0, 1.0])


def noise(seed=0) -> np.ndarray:
    """Voxels (D, H, W)."""
    return np.random.default_rng(seed).normal(100, 10, SHAPE).astype(np.float32)


def image(array, origin=(10.0, -20.0, 30.0), spacing=(2.0, 1.0, 4.0)) -> sitk.Image:
    """An image of voxels (D, H, W)."""
    made = sitk.GetImageFromArray(array)
    made.SetSpacing(spacing)
    made.SetOrigin(origin)
    return made


def write(path: Path, array=None, compressed=False, **geometry) -> Path:
    """Write voxels in the format that the name asks for."""
    made = image(noise() if array is None else array, **geometry)
    sitk.WriteImage(made, str(path), compressed)
    return path


def write_nifti(path: Path, array=None, sform=RAS, qform=None, codes=(1, 1)) -> Path:
    """Write voxels (x, y, z ...) with two geometries."""
    made = nibabel.Nifti1Image(noise().T if array is None else array, sform)
    made.set_sform(sform, codes[0])
    made.set_qform(sform if qform is None else qform, codes[1])
    nibabel.save(made, path)
    return path


def cut(path: Path, share=2 / 3) -> Path:
    """Let a file end too early."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def flip_a_bit(path: Path, share=2 / 3) -> Path:
    """Damage one byte of a file."""
    content = bytearray(path.read_bytes())
    content[int(len(content) * share)] ^= 0xFF
    path.write_bytes(content)
    return path


def cut_inside(path: Path, share=2 / 3) -> Path:
    """Compress again, without fault, what an interrupted program had written."""
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content[: int(len(content) * share)]))
    return path
