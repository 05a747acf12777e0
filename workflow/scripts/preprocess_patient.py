"""Bring a patient's sequences to one grid and comparable intensities, as channels in order."""

from mrelevance.preprocessing.patient import preprocess_patient, write_preprocessed
from mrelevance.preprocessing.registered import read_registered
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

params = snakemake.params
patient, coverage = read_registered(
    snakemake.wildcards.patient,
    dict(snakemake.input.items()),
    params.sequences,
    params.fixed_sequence,
    params.on_failure,
)
preprocessed = preprocess_patient(patient, coverage, params.preprocess)
write_preprocessed(preprocessed, dict(snakemake.output.items()))
record_benchmark(snakemake.log[0])
