"""Bring a patient's sequences to one grid and comparable intensities, as channels in order."""

from mrelevance.cohort.patient import read_patient
from mrelevance.preprocessing.grid import resample_label
from mrelevance.preprocessing.patient import preprocess_patient
from mrelevance.registration.failures import refuse_failed
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.files import read_table, write_json
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
coverage = read_image(inputs.coverage, f"patient {patient.name}, coverage")
preprocessed = preprocess_patient(patient, coverage, params.preprocess)
for name in ("image", "coverage", "label"):
    write_image(getattr(preprocessed, name), output[name])
if patient.classes is not None:
    write_image(resample_label(patient.classes, preprocessed.label), output.classes)
write_json(preprocessed.channels, output.channels)
record_benchmark(snakemake.log[0])
