"""Check files, headers and grids of all images of the cohort."""

from mrelevance.cohort.checking import check_cohort
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import write_json
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

params = snakemake.params
configuration = {
    "sequences": params.sequences,
    "fixed_sequence": params.fixed_sequence,
    "cohort": {"nifti_geometry": params.nifti_geometry},
    "preprocess": {"spacing_mm": params.spacing_mm},
}
problems = check_cohort(configuration, params.sheet, params.data)
if problems:
    raise InputError("\n".join(problems))
write_json({"images": len(snakemake.input.images)}, snakemake.output.checked)
