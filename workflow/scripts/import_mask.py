"""Check the mask of a patient's organ of interest, and store it beside the images."""

from mrelevance.cohort.importing import import_mask
from mrelevance.cohort.references import reference
from mrelevance.runtime.images import read_image, write_image
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

patient, inputs = snakemake.wildcards.patient, snakemake.input
fixed = read_image(inputs.fixed, f"patient {patient}, fixed sequence")
params = snakemake.params
mask = import_mask(reference(inputs.mask, params.part), fixed, patient, params.nifti_geometry)
write_image(mask, snakemake.output.mask)
