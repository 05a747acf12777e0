"""Try a network with a training step, a window and every method; one line for each problem."""

from pathlib import Path

import torch

from mrelevance.attribution.trial import in_words, try_once
from mrelevance.runtime.files import write_json
from mrelevance.runtime.logs import log_to
from mrelevance.runtime.variants import configuration_of

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

configuration = configuration_of(snakemake.config, snakemake.wildcards.results)
params = snakemake.params
tried = try_once(configuration, params.sequences, Path(params.project), Path(params.kept))
for line in in_words(tried):
    logger.info("%s", line)
write_json(tried, snakemake.output.tried)
