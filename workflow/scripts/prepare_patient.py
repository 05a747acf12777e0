"""Bring a patient's sequences into the space of a network that was trained elsewhere."""

from mrelevance.cohort.patient import read_patient
from mrelevance.networks.preparation import prepare_patient
from mrelevance.networks.trained_elsewhere import (
    channels_of_sequences,
    check_files,
    load_source,
)
from mrelevance.registration.failures import refuse_failed
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.files import read_json, read_table, write_json
from mrelevance.runtime.images import read_image, write_image
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

inputs, output, params = snakemake.input, snakemake.output, snakemake.params
if params.on_failure == "stop":
    refuse_failed(read_table(inputs.quality))

patient = read_patient(
    snakemake.wildcards.patient,
    dict(zip(params.sequences, inputs.images, strict=True)),
    params.fixed_sequence,
    label=inputs.label,
    classes=inputs.classes or None,
)
deployment = load_source({**params.deployed, "mirroring": False}).deployment
check_files(read_json(inputs.card), deployment)
prepared = prepare_patient(
    patient,
    read_image(inputs.coverage, f"patient {patient.name}, coverage"),
    read_json(inputs.stored)["direction"] if inputs.stored else None,
    deployment,
    channels_of_sequences(deployment, params.sequences, params.network_channels),
)
for name in ("image", "coverage", "label"):
    write_image(getattr(prepared, name), output[name])
if prepared.classes is not None:
    write_image(prepared.classes, output.classes)
write_json(prepared.channels, output.channels)
record_benchmark(snakemake.log[0])
