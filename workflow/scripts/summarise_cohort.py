"""Describe the cohort: its labelled lesions, and one row per part of the split."""

from mrelevance.analysis.cohort import cohort_lesions, cohort_table
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_table, write_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

split = read_table(snakemake.input.split)
lesions = cohort_lesions(split, [read_table(path) for path in snakemake.input.lesions])
write_table(lesions, snakemake.output.lesions)
write_table(cohort_table(split, lesions), snakemake.output.cohort)
write_beside([snakemake.output.cohort, snakemake.output.lesions], snakemake.config, snakemake.input)
