"""Note that the network, as it is configured now, has been tried."""

from mrelevance.runtime.files import read_json, write_json
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

write_json(read_json(snakemake.input.tried), snakemake.output.accepted)
