"""Bring a patient's sequences to one grid and comparable intensities, as channels in order."""

from mrelevance.preprocessing.patient import preprocess_patient
from mrelevance.registration.failures import refuse_failed
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.files import read_table, write_json
from mrelevance.runtime.images import read_image, write_image
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

# Images that are corrected less on purpose come without their quality.
if snakemake.params.on_failure == "stop" and "quality" in snakemake.input.keys():
    refuse_failed(read_table(snakemake.input.quality))

patient, params = snakemake.wildcards.patient, snakemake.params
images = {
    sequence: read_image(path, f"patient {patient}, sequence {sequence}")
    for sequence, path in zip(params.sequences, snakemake.input.images, strict=True)
}
image, label, channels = preprocess_patient(
    images,
    read_image(snakemake.input.label, f"patient {patient}, label"),
    params.sequences,
    params.reference,
    **params.preprocess,
    patient=patient,
)
write_image(image, snakemake.output.image)
write_image(label, snakemake.output.label)
write_json(channels, snakemake.output.channels)
record_benchmark(snakemake.log[0])
