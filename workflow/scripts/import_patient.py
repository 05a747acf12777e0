"""Check a patient's images and label, and store them in the raw layout of the study."""

from pathlib import Path

from mrelevance.cohort.importing import import_patient, lesion_table, write_patient
from mrelevance.cohort.references import reference
from mrelevance.cohort.sources import grid_of_source
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.files import write_json
from mrelevance.runtime.logs import log_to
from mrelevance.runtime.segmentation import read_segmentation

logger = log_to(snakemake.log[0])

params, inputs = snakemake.params, snakemake.input
images = {
    sequence: reference(path, params.parts[sequence])
    for sequence, path in zip(params.sequences, inputs.images, strict=True)
}
patient = import_patient(
    snakemake.wildcards.patient,
    images,
    reference(inputs.label, params.parts["label"]),
    params.fixed_sequence,
    read_segmentation(params.segmentation),
    params.nifti_geometry,
)
lesions = lesion_table(patient.label, patient.name)
logger.info("%d lesions, %.1f mL", len(lesions), lesions["volume_ml"].sum())
what = f"patient {patient.name}, sequence {params.fixed_sequence}"
stored = grid_of_source(images[params.fixed_sequence], what, params.nifti_geometry)
# Networks may need the axes as they were, which the imported images do not keep.
write_json({"direction": list(stored.direction)}, snakemake.output.stored)
write_patient(patient, lesions, Path(snakemake.output.label).parent)
record_benchmark(snakemake.log[0])
