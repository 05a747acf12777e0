"""Write the tables of one step of the catalogue, with their provenance."""

from pathlib import Path

from mrelevance.analysis.entry import Entry
from mrelevance.analysis.steps import compute_tables, read_inputs, write_results
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.logs import log_to
from mrelevance.runtime.result_paths import variant_of
from mrelevance.runtime.variants import configuration_of

MOST_ROWS_LOGGED = 50

logger = log_to(snakemake.log[0])

params = snakemake.params
entry = Entry.from_parameters(params.entry)
paths = {
    name: [files] if isinstance(files, str) else list(files)
    for name, files in snakemake.input.items()
}
inputs = read_inputs(entry, paths, variant_of, params.regions)
made = compute_tables(entry, inputs, params.settings, params.regions, params.parts)
for table in entry.tables:
    if len(made[table.name]) <= MOST_ROWS_LOGGED:
        logger.info("%s:\n%s", table.name, made[table.name].to_string(index=False))
summary = Path(snakemake.output[0]).parent
tables = write_results(made, summary)
read = {path for name in entry.inputs for path in paths.get(name, []) if Path(path).is_file()}
write_beside(tables, configuration_of(snakemake.config, summary.parent), read)
