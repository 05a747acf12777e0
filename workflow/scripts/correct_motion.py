"""Register every sequence of a patient to the reference, and measure how well that went."""

from pathlib import Path

import SimpleITK as sitk

from mrelevance.files import write_table, written_whole
from mrelevance.images import read_image, write_image
from mrelevance.logs import log_to
from mrelevance.motion.correct import correct_patient
from mrelevance.motion.quality import quality_table, read_truth

logger = log_to(snakemake.log[0])
sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(snakemake.threads)

patient = snakemake.wildcards.patient
sequences, reference = snakemake.params.sequences, snakemake.params.reference
images = {
    sequence: read_image(path, f"patient {patient}, sequence {sequence}")
    for sequence, path in zip(sequences, snakemake.input.images, strict=True)
}
corrections = correct_patient(images, reference, snakemake.params.motion, patient)

truth = snakemake.input.truth
known = read_truth(Path(truth[0]).parent, sequences) if truth else None
quality = quality_table(patient, corrections, reference, known)
logger.info("\n%s", quality.to_string(index=False))

for sequence, image, transform in zip(
    sequences, snakemake.output.images, snakemake.output.transforms, strict=True
):
    write_image(corrections[sequence].image, image)
    with written_whole(transform) as beside:
        sitk.WriteTransform(corrections[sequence].transform, str(beside))
write_table(quality, snakemake.output.quality)
