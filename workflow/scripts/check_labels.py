"""Check that the configuration says what every value of the cohort's labels means."""

from concurrent.futures import ThreadPoolExecutor

import pandas as pd

from mrelevance.cohort.labels import check_classes_occur, check_label_values, read_label_values
from mrelevance.runtime.files import write_table
from mrelevance.runtime.logs import log_to
from mrelevance.runtime.segmentation import read_segmentation

log_to(snakemake.log[0])

params = snakemake.params
with ThreadPoolExecutor(snakemake.threads) as pool:
    found = dict(
        zip(
            params.patients,
            pool.map(read_label_values, params.patients, snakemake.input.labels),
            strict=True,
        )
    )
segmentation = read_segmentation(params.segmentation)
check_label_values(found, segmentation)
check_classes_occur(found, segmentation)
rows = [
    (patient, value, voxels)
    for patient, values in found.items()
    for value, voxels in values.items()
]
write_table(pd.DataFrame(rows, columns=["patient", "value", "voxels"]), snakemake.output.values)
