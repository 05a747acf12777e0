"""Replace what the maps of lesions name, step by step, and measure the margin that is left."""

import pandas as pd
import torch

from mrelevance.attribution.lesion_crop import read_lesion_crops
from mrelevance.attribution.methods import attribution_map
from mrelevance.evaluation.perturbation import COLUMNS, perturb_lesion
from mrelevance.lrp import Explainer
from mrelevance.networks.precision import check_precision
from mrelevance.runtime.files import write_table
from mrelevance.runtime.logs import log_to
from mrelevance.runtime.seeds import patient_seed

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

params = snakemake.params
settings, target = params.maps, params.target
check_precision({"evaluation.precision": params.precision})
network, crops = read_lesion_crops(
    dict(snakemake.input.items()), params.sequences, params.baseline, settings, params.divisor
)
tables = [pd.DataFrame(columns=COLUMNS)]
exported = Explainer(network, crops[0].image) if crops else None
for crop in crops:
    seed = patient_seed(params.seed, crop.patient)
    maps = {
        method: attribution_map(method, network, exported, crop, target, seed)
        for method in settings["methods"]
    }
    tables.append(perturb_lesion(network, crop, maps, settings, target, params.precision, seed))
    logger.info("patient %s: perturbed lesion %d", crop.patient, crop.lesion)
write_table(pd.concat(tables), snakemake.output.curves)
