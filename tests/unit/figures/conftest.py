import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from helpers.volumes import SHAPE, SPACING, volumes

from mrelevance.runtime.files import write_table
from mrelevance.runtime.images import image_like, write_image

PATIENTS = {"P7": 2.0, "P8": 1.0}  # volume of the lesion in mL


@pytest.fixture
def lesion():
    """Mask of a lesion in an image of `helpers.volumes`."""
    mask = np.zeros(SHAPE, bool)
    mask[1, 20:24, 30:34] = True
    mask[2, 18:26, 28:36] = True
    return mask


@pytest.fixture
def results(tmp_path, lesion):
    """Results folder of two patients, P7 and P8, with one true positive each: region 5, lesion 1.

    The sequences are T1 and T2, the composite is epsilon. The lesion of P8 is the smaller one. The
    image of P7 is that of `helpers.volumes`; P8's is brighter.
    """
    folder = tmp_path / "results"
    grid = sitk.Image(*SHAPE[::-1], sitk.sitkUInt8)
    grid.SetSpacing(SPACING[::-1])
    lesions, relevance = [], []
    for place, (patient, volume_ml) in enumerate(PATIENTS.items()):
        lesions.append([patient, "tumour", "TP", 5, 1, "cyst", volume_ml, 9.0])
        relevance += [
            [patient, "tumour", "epsilon", "TP", 1, "T1", 0.3, 0.3, 0.0],
            [patient, "tumour", "epsilon", "TP", 1, "T2", 0.7, 0.7, 0.0],
        ]
        image = volumes(2).astype(np.float32) + 10 * place
        files = {
            f"preprocessed/{patient}/image.nii": image,
            f"preprocessed/{patient}/label.nii.gz": lesion,
            f"prediction/{patient}/label.nii.gz": lesion,
            f"prediction/{patient}/regions.nii.gz": 5 * lesion.astype(np.uint8),
            f"prediction/{patient}/segmentation.nii.gz": lesion,
            f"relevance/{patient}/volumes/epsilon/map_TP_1.nii.gz": image * lesion,
            f"relevance/{patient}/volumes/epsilon/shares.nii.gz": np.full_like(image, 0.5),
            f"relevance/{patient}/volumes/epsilon/normaliser.nii.gz": np.ones(SHAPE, np.float32),
        }
        for path, voxels in files.items():
            write_image(image_like(voxels, grid), folder / path)
    columns = ["patient", "region_name", "region", "region_id", "lesion", "type"]
    columns += ["volume_ml", "diameter_mm"]
    write_table(pd.DataFrame(lesions, columns=columns), folder / "summary/lesions.tsv")
    columns = ["patient", "region_name", "method", "region", "lesion", "sequence", "relevance"]
    columns += ["relevance_pooled", "standard_error"]
    write_table(pd.DataFrame(relevance, columns=columns), folder / "summary/relevance.tsv")
    return folder


@pytest.fixture
def inputs_of(results):
    """Function that gives the inputs of an entry in the folder `results`."""

    def paths_of(entry):
        found = {}
        for name, pattern in entry.inputs.items():
            path = pattern.replace("{region}", "")
            places = [str(results / path.replace("{patient}", patient)) for patient in PATIENTS]
            first = path.replace("{first_patient}", next(iter(PATIENTS)))
            found[name] = places if "{patient}" in path else str(results / first)
        return found

    return paths_of
