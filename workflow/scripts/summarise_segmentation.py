"""Stack the test patients' scores and lesions: found, missed, invented."""

from mrelevance.analysis.cohort import stack
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_table, write_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

for kind in ("scores", "lesions"):
    tables = [read_table(path) for path in snakemake.input[kind]]
    write_table(stack(kind, tables), snakemake.output[kind])
    write_beside([snakemake.output[kind]], snakemake.config, snakemake.input[kind])
