"""Stack the test patients' context tables, and describe zones and evidence over the lesions."""

from mrelevance.files import read_table, write_table
from mrelevance.logs import log_to
from mrelevance.provenance import write_beside
from mrelevance.summary.cohort import stack
from mrelevance.summary.context import evidence_summary, zone_summary

log_to(snakemake.log[0])

output, settings = snakemake.output, dict(snakemake.params.summary, seed=snakemake.params.seed)
context = stack("context", [read_table(path) for path in snakemake.input.context])
write_table(context, output.context)
write_table(zone_summary(context, **settings), output.zones)
write_table(evidence_summary(context, **settings), output.evidence)
write_beside([output.context, output.zones, output.evidence], snakemake.config, snakemake.input)
