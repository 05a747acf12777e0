"""Register every sequence of a patient to the fixed one, and measure the result."""

from pathlib import Path

import SimpleITK as sitk

from mrelevance.cohort.patient import read_patient
from mrelevance.registration.correction import correct_patient
from mrelevance.registration.quality import quality_table, read_truth
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.files import write_table, written_whole
from mrelevance.runtime.images import write_image
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])
sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(snakemake.threads)

inputs, output, params = snakemake.input, snakemake.output, snakemake.params
patient = read_patient(
    snakemake.wildcards.patient,
    dict(zip(params.sequences, inputs.images, strict=True)),
    params.fixed_sequence,
    label=inputs.label,
    mask=inputs.mask[0] if inputs.mask else None,
)
corrections = correct_patient(patient, params.motion)

truth = read_truth(Path(inputs.truth[0]).parent, params.sequences) if inputs.truth else None
quality = quality_table(patient, corrections, truth)
logger.info("\n%s", quality.to_string(index=False))

for sequence, correction in corrections.items():
    write_image(correction.image, output[f"image_{sequence}"])
    for name, transform in (("transform", correction.transform), ("inverse", correction.inverse)):
        with written_whole(output[f"{name}_{sequence}"]) as beside:
            sitk.WriteTransform(transform, str(beside))
coverage = sitk.JoinSeries([correction.coverage for correction in corrections.values()])
write_image(coverage, output.coverage)
write_table(quality, output.quality)
record_benchmark(snakemake.log[0])
