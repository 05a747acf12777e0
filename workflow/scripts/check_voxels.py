"""Read all images of a patient, and list what is wrong; the rule check_cohort reports it."""

from mrelevance.cohort.references import reference
from mrelevance.cohort.voxels import check_voxels
from mrelevance.runtime.files import write_table
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

params = snakemake.params
checked = check_voxels(
    snakemake.wildcards.patient,
    {
        column: reference(path, params.parts[column])
        for column, path in zip(params.columns, snakemake.input.images, strict=True)
    },
    params.fixed_sequence,
    params.nifti_geometry,
)
logger.info("\n%s", checked.to_string(index=False))
write_table(checked, snakemake.output.checked)
