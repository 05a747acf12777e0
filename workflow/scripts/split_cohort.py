"""Write which patients train the network, which choose its best weights, which test it."""

import pandas as pd

from mrelevance.cohort.split import split_cohort
from mrelevance.files import read_tables, write_table
from mrelevance.logs import log_to

logger = log_to(snakemake.log[0])

params = snakemake.params
sheet = pd.DataFrame({"patient": params.patients})
if params.split is not None:
    sheet["split"] = sheet["patient"].map(params.split)
split = split_cohort(
    sheet,
    read_tables(snakemake.input.lesions),
    params.validation_share,
    params.test_share,
    params.seed,
)
logger.info("%s", split["split"].value_counts().to_dict())
write_table(split, snakemake.output.split)
