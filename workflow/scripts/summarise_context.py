"""Stack the test patients' context tables, and describe zones and evidence over the lesions."""

from mrelevance.analysis.cohort import stack
from mrelevance.analysis.context import evidence_summary, zone_summary
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_table, write_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

output, settings = snakemake.output, dict(snakemake.params.summary, seed=snakemake.params.seed)
context = stack("context", [read_table(path) for path in snakemake.input.context])
write_table(context, output.context)
write_table(zone_summary(context, **settings), output.zones)
write_table(evidence_summary(context, **settings), output.evidence)
write_beside([output.context, output.zones, output.evidence], snakemake.config, snakemake.input)
