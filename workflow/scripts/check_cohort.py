"""End with all problems of all patients' voxels, or go on if there is none."""

from mrelevance.cohort.voxels import cohort_problems
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import read_tables, write_table
from mrelevance.runtime.logs import log_to
from mrelevance.runtime.segmentation import read_segmentation

log_to(snakemake.log[0])

checked = read_tables(snakemake.input.checked)
problems = cohort_problems(checked, read_segmentation(snakemake.params.segmentation))
if problems:
    raise InputError("\n".join(problems))
write_table(checked, snakemake.output.checked)
