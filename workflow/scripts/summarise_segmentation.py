"""Stack the test patients' scores and lesions: found, missed, invented."""

from mrelevance.files import read_table, write_table
from mrelevance.logs import log_to
from mrelevance.provenance import write_beside
from mrelevance.summary.cohort import stack

log_to(snakemake.log[0])

for kind in ("scores", "lesions"):
    tables = [read_table(path) for path in snakemake.input[kind]]
    write_table(stack(kind, tables), snakemake.output[kind])
    write_beside([snakemake.output[kind]], snakemake.config, snakemake.input[kind])
