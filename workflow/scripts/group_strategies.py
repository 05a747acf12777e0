"""Cluster all lesions by what the network looks at, and draw an example of each cluster."""

from pathlib import Path

from mrelevance.analysis.strategies import (
    find_strategies,
    strategy_features,
    strategy_summary,
    strategy_table,
    verdict,
)
from mrelevance.figures.slices import radiological
from mrelevance.figures.strategies import Example, strategies
from mrelevance.figures.style import save
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_table, write_table
from mrelevance.runtime.images import read_image
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

inputs, output, params = snakemake.input, snakemake.output, snakemake.params
found = find_strategies(
    strategy_features(read_table(inputs.context), params.composite), params.seed
)
logger.info("%s", verdict(found))
types = read_table(inputs.features)[["patient", "region", "lesion", "type"]].drop_duplicates()
table = strategy_table(found, types)
regions = read_table(inputs.lesions)


def example(row):
    """Image and region of one lesion as displayed."""
    image, region = (
        next(path for path in map(Path, paths) if path.parent.name == row.patient)
        for paths in (inputs.images, inputs.regions)
    )
    number = "region_id" if row.region == "FP" else "lesion"
    own = regions[(regions["patient"] == row.patient) & (regions["region"] == row.region)]
    region_id = own.loc[own[number] == row.lesion, "region_id"].item()
    voxels, spacing_mm = radiological(read_image(image))
    return Example(voxels, radiological(read_image(region))[0] == region_id, spacing_mm)


examples = {row.cluster: example(row) for row in table[table["medoid"] == 1].itertuples()}
figure = strategies(found, table, examples, params.sequences, params.composite)
write_table(table, output.strategies)
write_table(strategy_summary(found, types), output.summary)
tables = [inputs.context, inputs.features, inputs.lesions]
write_beside([output.strategies, output.summary], snakemake.config, tables)
save(figure, Path(output.png).with_suffix(""))
