"""Simulate one patient of the phantom cohort, with the truth beside the images."""

from pathlib import Path

from mrelevance.phantom.patient import simulate_patient, write_patient
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

params = snakemake.params
patient = simulate_patient(
    snakemake.wildcards.patient, params.phantom, params.sequences, params.reference, params.seed
)
logger.info("%d labelled lesions of %d", len(patient.lesions), len(patient.all_lesions))
write_patient(patient, Path(snakemake.output.label).parent)
record_benchmark(snakemake.log[0])
