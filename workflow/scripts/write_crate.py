"""Write the record of the study as the metadata of an RO-Crate."""

from pathlib import Path

from mrelevance.reporting.crate import crate_metadata
from mrelevance.runtime.files import read_json, write_json
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

path = Path(snakemake.input.record)
write_json(crate_metadata(read_json(path), path.parent), snakemake.output.crate)
