"""Record what was computed from what, by what, and the checksum of every result."""

from pathlib import Path

from mrelevance.reporting.record import study_record
from mrelevance.runtime.files import write_json
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

project = Path(snakemake.scriptdir).resolve().parents[1]
target = snakemake.wildcards.get("target", "all")
params = snakemake.params
record = study_record(
    "results",
    project,
    target,
    params.configuration,
    params.from_cache,
    params.stages,
)
logger.info("%d results", len(record["files"]))
for path, differs in record["made_otherwise"].items():
    logger.info("made otherwise: %s %s", path, differs)
write_json(record, snakemake.output.record)
