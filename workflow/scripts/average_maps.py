"""Bring the maps of all true positives to one place and size, and average them by lesion type."""

from pathlib import Path

from mrelevance.analysis.prototypes import aligned_map, mean_maps, profile_table
from mrelevance.figures.prototypes import prototypes
from mrelevance.figures.slices import radiological
from mrelevance.figures.style import method_name, save
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_table, write_table
from mrelevance.runtime.images import read_image
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

inputs, output, params = snakemake.input, snakemake.output, snakemake.params
maps = {Path(path).parent.name: Path(path) for path in inputs.maps}
regions = {Path(path).parent.name: Path(path) for path in inputs.regions}


def aligned():
    """Type and aligned map of every true positive whose map is not zero."""
    lesions = read_table(inputs.lesions)
    for row in lesions[lesions["region"] == "TP"].itertuples():
        file = maps[row.patient] / f"map_TP_{row.lesion}.nii.gz"
        relevance_map, spacing_mm = radiological(read_image(file))
        region, _ = radiological(read_image(regions[row.patient]))
        if relevance_map.any():
            yield row.type, aligned_map(relevance_map, region == row.region_id, spacing_mm)


means, counts = mean_maps(aligned())
logger.info("lesions by type: %s", counts)
write_table(profile_table(means, counts, params.sequences), output.profiles)
write_beside([output.profiles], snakemake.config, [inputs.lesions])
title = f"{method_name(params.composite)}: mean map of the true positives of each type"
save(prototypes(means, counts, params.sequences, title), Path(output.png).with_suffix(""))
