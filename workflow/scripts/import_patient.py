"""Check a patient's images and label and store them in the raw layout of the study."""

from pathlib import Path

from mrelevance.cohort.importing import import_patient, write_patient
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

sequences = snakemake.params.sequences
row = {
    "patient": snakemake.wildcards.patient,
    "label": snakemake.input.label,
    **dict(zip(sequences, snakemake.input.images, strict=True)),
}
images, label, lesions = import_patient(
    row, sequences, snakemake.params.reference, data_folder=Path()
)
logger.info("%d lesions, %.1f mL", len(lesions), lesions["volume_ml"].sum())
write_patient(Path(snakemake.output.label).parent, images, label, lesions)
record_benchmark(snakemake.log[0])
