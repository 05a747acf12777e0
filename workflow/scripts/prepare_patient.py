"""Bring a patient's sequences into the space of a network that was trained elsewhere."""

from mrelevance.networks.preparation import prepare_patient
from mrelevance.networks.trained_elsewhere import (
    channels_of_sequences,
    check_files,
    deployment_of_source,
)
from mrelevance.preprocessing.patient import write_preprocessed
from mrelevance.preprocessing.registered import read_registered
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.files import read_json
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

inputs, params = snakemake.input, snakemake.params
patient, coverage = read_registered(
    snakemake.wildcards.patient,
    dict(inputs.items()),
    params.sequences,
    params.fixed_sequence,
    params.on_failure,
)
deployment = deployment_of_source(params.deployed)
check_files(read_json(inputs.card), deployment)
prepared = prepare_patient(
    patient,
    coverage,
    read_json(inputs.stored)["direction"] if inputs.stored else None,
    deployment,
    channels_of_sequences(deployment, params.sequences, params.network_channels),
)
write_preprocessed(prepared, dict(snakemake.output.items()))
record_benchmark(snakemake.log[0])
