"""Simulate one patient of the phantom cohort, and store the truth beside the images."""

from pathlib import Path

from mrelevance.phantom.patient import simulate_patient, write_patient
from mrelevance.phantom.settings import check_settings
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

params = snakemake.params
settings = check_settings(params.phantom, params.sequences, params.fixed_sequence)
patient = simulate_patient(snakemake.wildcards.patient, settings, params.seed)
logger.info("%d of %d lesions are labelled", len(patient.lesions), len(patient.all_lesions))
write_patient(patient, Path(snakemake.output.label).parent)
record_benchmark(snakemake.log[0])
