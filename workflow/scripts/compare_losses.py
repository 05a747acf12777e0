"""Relate what each sequence is worth to a network to what a network without it loses."""

import pandas as pd

from mrelevance.protocol.dropping import droppability, droppability_verdict
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_table, write_table
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

inputs, params = snakemake.input, snakemake.params
values, agreement = droppability(
    read_table(inputs.relevance),
    read_table(inputs.ablation),
    read_table(inputs.scores),
    params.sequences,
    **params.summary,
    seed=params.seed,
)
logger.info("\n%s", agreement.to_string(index=False))
verdicts = pd.DataFrame({"verdict": [droppability_verdict(values, agreement)]})
tables = {"values": values, "agreement": agreement, "verdict": verdicts}
for name, content in tables.items():
    write_table(content, snakemake.output[name])
write_beside([snakemake.output[name] for name in tables], snakemake.config, inputs)
