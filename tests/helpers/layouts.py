"""Small cohorts, written in the layouts in which images come."""

import json
from collections.abc import Mapping
from pathlib import Path

import highdicom
import numpy as np
import SimpleITK as sitk
from highdicom.sr import CodedConcept
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from mrelevance.cohort.layouts.description import Description
from mrelevance.cohort.patient import PatientImages
from mrelevance.cohort.sources import read_source
from mrelevance.runtime.images import to_array

# Oblique: turned about two axes.
DIRECTION = (0.96, -0.28, 0.0, 0.28 * 0.8, 0.96 * 0.8, -0.6, 0.28 * 0.6, 0.96 * 0.6, 0.8)
SEQUENCES = ("FLAIR", "T1", "T2")


def cohort(count: int = 6, values: Mapping[int, int] | None = None) -> list[PatientImages]:
    """Patients P1, P2, ... with three sequences of noise on two grids and a label on FLAIR's.

    `values` gives the label values of the two lesions, 1 and 1 by default.
    """
    return [_patient(number, values or {0: 1, 1: 1}) for number in range(1, count + 1)]


def _patient(number: int, values: Mapping[int, int]) -> PatientImages:
    generator = np.random.default_rng(number)
    images = {}
    for sequence, size in zip(SEQUENCES, [(16, 14, 10), (12, 12, 9), (12, 12, 9)], strict=True):
        noise = generator.integers(10, 1000, size[::-1]).astype(np.int16)
        images[sequence] = _placed(noise, (1.5, 1.75, 2.5), (-12.0, 4.0, 30.0))
    drawn = np.zeros((10, 14, 16), np.uint8)
    drawn[2:4, 3:6, 3:7] = values[0]
    drawn[6:8, 8:10, 6 + number : 9 + number] = values[1]  # no two patients are the same
    label = _placed(drawn, (1.5, 1.75, 2.5), (-12.0, 4.0, 30.0))
    return PatientImages(f"P{number}", images, "FLAIR", label)


def _placed(array: np.ndarray, spacing: tuple, origin: tuple) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    image.SetDirection(DIRECTION)
    return image


def check_images(description: Description, patients: list[PatientImages]) -> None:
    """Check that a description leads to the images and labels that were written."""
    found = {patient.name: patient for patient in description.patients}
    assert list(found) == [patient.name for patient in patients]
    for patient in patients:
        for read_as, sequence in zip(description.sequences, SEQUENCES, strict=True):
            image = read_source(found[patient.name].images[read_as])
            assert (to_array(image) == to_array(patient.images[sequence])).all()
        label = read_source(found[patient.name].label, "label", fixed=patient.fixed)
        assert (to_array(label) == to_array(patient.label)).all()


def write(image: sitk.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(image, str(path))


def write_folders(patients: list[PatientImages], folder: Path) -> None:
    """P1/P1_T1.nii.gz, P1/P1_seg.nii.gz."""
    for patient in patients:
        for sequence, image in {**patient.images, "seg": patient.label}.items():
            write(image, folder / patient.name / f"{patient.name}_{sequence}.nii.gz")


def write_nnunet(patients: list[PatientImages], folder: Path, labels: dict, tested: int) -> None:
    """The last `tested` patients are in imagesTs and labelsTs; images are resampled to one grid."""
    for place, patient in enumerate(patients):
        part = "Ts" if place >= len(patients) - tested else "Tr"
        for channel, image in enumerate(on_one_grid(patient)):
            write(image, folder / f"images{part}/{patient.name}_{channel:04d}.nii.gz")
        write(patient.label, folder / f"labels{part}/{patient.name}.nii.gz")
    names = {str(channel): name for channel, name in enumerate(patients[0].images)}
    dataset = {"channel_names": names, "labels": labels, "file_ending": ".nii.gz"}
    (folder / "dataset.json").write_text(json.dumps(dataset))


def write_decathlon(patients: list[PatientImages], folder: Path, labels: dict) -> None:
    """4D images; there is an image without label for testing."""
    for patient in patients:
        write(sitk.JoinSeries(on_one_grid(patient)), folder / f"imagesTr/{patient.name}.nii.gz")
        write(patient.label, folder / f"labelsTr/{patient.name}.nii.gz")
    dataset = {
        "modality": {str(number): name for number, name in enumerate(patients[0].images)},
        "labels": labels,
        "training": [
            {"image": f"./imagesTr/{p.name}.nii.gz", "label": f"./labelsTr/{p.name}.nii.gz"}
            for p in patients
        ],
        "test": ["./imagesTs/P99.nii.gz"],
    }
    (folder / "dataset.json").write_text(json.dumps(dataset))


def on_one_grid(patient: PatientImages) -> list[sitk.Image]:
    return [
        sitk.Resample(image, patient.fixed, sitk.Transform(), sitk.sitkNearestNeighbor, 10)
        for image in patient.images.values()
    ]


def write_bids(patients: list[PatientImages], folder: Path, visits: int = 1) -> None:
    """Subjects of `visits` sessions each, with lesion masks drawn on FLAIR in derivatives."""
    folder.mkdir(parents=True)
    description = {"Name": "test", "BIDSVersion": "1.9.0"}
    (folder / "dataset_description.json").write_text(json.dumps(description))
    derivatives = folder / "derivatives/lesions"
    derivatives.mkdir(parents=True)
    description |= {"DatasetType": "derivative", "GeneratedBy": [{"Name": "hand"}]}
    (derivatives / "dataset_description.json").write_text(json.dumps(description))
    suffixes = {"FLAIR": "FLAIR", "T1": "acq-sag_T1w", "T2": "T2w"}
    rows = ["participant_id\tage"]
    for place, patient in enumerate(patients):
        subject, session = f"sub-{place // visits + 1:02d}", f"ses-{place % visits + 1}"
        if place % visits == 0:
            rows.append(f"{subject}\t{40 + place}")
        entities = [subject, session] if visits > 1 else [subject]
        inside, name = Path(*entities, "anat"), "_".join(entities)
        for sequence, image in patient.images.items():
            write(image, folder / inside / f"{name}_{suffixes[sequence]}.nii.gz")
        mask = derivatives / inside / f"{name}_space-FLAIR_label-lesion_mask.nii.gz"
        write(patient.label, mask)
    (folder / "participants.tsv").write_text("\n".join(rows) + "\n")


def slices_of(image: sitk.Image, patient: str, description: str, study: str = "") -> list[Dataset]:
    """Classic MR files of one series, one per slice."""
    series, frame = generate_uid(), generate_uid()
    direction = np.reshape(image.GetDirection(), (3, 3))
    voxels = sitk.GetArrayFromImage(image)
    found = []
    for place, voxels_of_slice in enumerate(voxels):
        one = Dataset()
        one.file_meta = FileMetaDataset()
        one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID = MRImageStorage
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID = generate_uid()
        one.PatientID = one.PatientName = patient
        one.PatientBirthDate = one.PatientSex = one.AccessionNumber = one.StudyID = ""
        one.ReferringPhysicianName = one.Manufacturer = one.PositionReferenceIndicator = ""
        one.StudyInstanceUID = study or generate_uid(entropy_srcs=[patient])
        one.StudyDate, one.StudyTime = "20200101", "120000"
        one.SeriesInstanceUID, one.FrameOfReferenceUID = series, frame
        one.SeriesDescription, one.Modality, one.SeriesNumber = description, "MR", 1
        one.BodyPartExamined, one.ImageType = "HEAD", ["ORIGINAL", "PRIMARY"]
        # Files are not in the order of places.
        one.InstanceNumber = len(voxels) - place
        one.Rows, one.Columns = voxels_of_slice.shape
        one.PixelSpacing = [image.GetSpacing()[1], image.GetSpacing()[0]]
        one.SliceThickness = image.GetSpacing()[2]
        corner = image.TransformIndexToPhysicalPoint((0, 0, place))
        one.ImagePositionPatient = [f"{value:.6f}" for value in corner]
        axes = [*direction[:, 0], *direction[:, 1]]
        one.ImageOrientationPatient = [f"{value:.8f}" for value in axes]
        one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
        one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 1
        one.PixelData = voxels_of_slice.astype(np.int16).tobytes()
        found.append(one)
    return found


def save(slices: list[Dataset], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for one in slices:
        one.save_as(folder / f"{one.SOPInstanceUID}.dcm", enforce_file_format=True)


def segmentation_of(slices: list[Dataset], label: np.ndarray, names: list[str]) -> Dataset:
    """DICOM SEG of a label (D, H, W) that was drawn on a series; value k is the k-th name."""
    described = [
        highdicom.seg.SegmentDescription(
            segment_number=number,
            segment_label=name,
            segmented_property_category=CodedConcept("M-01000", "SRT", "Morphology"),
            segmented_property_type=codes.SCT.Neoplasm,
            algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for number, name in enumerate(names, 1)
    ]
    return highdicom.seg.Segmentation(
        slices,
        label,
        highdicom.seg.SegmentationTypeValues.BINARY,
        described,
        *(generate_uid(), 9, generate_uid(), 1, "tests", "tests", "1", "1"),
        series_description="lesions",
    )


def write_dicom(patients: list[PatientImages], folder: Path, mixed: bool = False) -> None:
    """A folder per series, or one for all series of a patient; the labels are SEG objects."""
    for patient in patients:
        for sequence, image in patient.images.items():
            slices = slices_of(image, patient.name, sequence)
            save(slices, folder / patient.name / ("all" if mixed else sequence))
            if sequence == patient.fixed_sequence:
                drawn = sitk.GetArrayFromImage(patient.label)
                names = [f"tissue {value}" for value in np.unique(drawn)[1:]]
                one = segmentation_of(slices, drawn, names)
                save([one], folder / patient.name / ("all" if mixed else "labels"))
