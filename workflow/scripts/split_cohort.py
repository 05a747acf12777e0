"""Split the cohort into patients for training, validation and test; list those left out."""

import pandas as pd

from mrelevance.cohort.split import Draw, check_lesions, split_cohort, with_incomplete
from mrelevance.registration.failures import failed_patients
from mrelevance.runtime.files import read_tables, write_table
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

params, quality = snakemake.params, snakemake.input.quality
sheet = pd.DataFrame({"patient": params.patients})
columns = {"split": params.split, "subject": params.subjects, **params.covariates}
for name, cells in columns.items():
    if cells is not None:
        sheet[name] = sheet["patient"].map(cells)
split = split_cohort(
    sheet,
    read_tables(snakemake.input.lesions),
    failed_patients(read_tables(quality)) if quality else [],
    Draw(params.validation_share, params.test_share, params.seed),
    params.needed,
)
check_lesions(split, params.needed)
logger.info("%s", split["split"].value_counts().to_dict())
split = with_incomplete(split, params.incomplete)
write_table(split, snakemake.output.split)
