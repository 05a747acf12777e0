"""Check the mask of a patient's organ of interest and store it beside the images."""

from mrelevance.cohort.importing import import_mask
from mrelevance.runtime.images import read_image, write_image
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

patient = snakemake.wildcards.patient
reference = read_image(snakemake.input.reference[0], f"patient {patient}, reference")
write_image(import_mask(snakemake.input.mask, reference, patient), snakemake.output.mask)
