"""Register every sequence of a patient to the reference, and measure how well that went."""

from pathlib import Path

import SimpleITK as sitk

from mrelevance.registration.correct import correct_patient
from mrelevance.registration.quality import quality_table, read_truth
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.files import write_table, written_whole
from mrelevance.runtime.images import read_image, write_image
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])
sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(snakemake.threads)

patient = snakemake.wildcards.patient
sequences, reference = snakemake.params.sequences, snakemake.params.reference
images = {
    sequence: read_image(path, f"patient {patient}, sequence {sequence}")
    for sequence, path in zip(sequences, snakemake.input.images, strict=True)
}
mask = [read_image(path, f"patient {patient}, mask") for path in snakemake.input.mask]
corrections = correct_patient(
    images, reference, snakemake.params.motion, patient, mask=mask[0] if mask else None
)

truth = snakemake.input.truth
known = read_truth(Path(truth[0]).parent, sequences) if truth else None
quality = quality_table(patient, corrections, reference, known)
logger.info("\n%s", quality.to_string(index=False))

output = snakemake.output
for sequence in sequences:
    correction = corrections[sequence]
    write_image(correction.image, output[f"image_{sequence}"])
    for name, transform in (("transform", correction.transform), ("inverse", correction.inverse)):
        with written_whole(output[f"{name}_{sequence}"]) as beside:
            sitk.WriteTransform(transform, str(beside))
write_table(quality, output.quality)
record_benchmark(snakemake.log[0])
