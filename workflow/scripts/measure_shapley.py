"""Contribution of each sequence to one patient's segmentation, measured by forward passes."""

import torch

from mrelevance.attribution.ablation import ablation_table
from mrelevance.attribution.inputs import read_explained_patient
from mrelevance.attribution.measurement import Sampling, measure_shapley, measurement_tables
from mrelevance.attribution.target import Target
from mrelevance.attribution.target_table import target_table
from mrelevance.networks.of_study import load_predictor
from mrelevance.networks.precision import check_precision
from mrelevance.networks.trained_elsewhere import outputs_of_region
from mrelevance.runtime.benchmark import record_benchmark
from mrelevance.runtime.columns import name_region
from mrelevance.runtime.files import read_json, write_table
from mrelevance.runtime.images import image_like, write_image
from mrelevance.runtime.logs import log_to
from mrelevance.runtime.seeds import patient_seed
from mrelevance.runtime.segmentation import read_segmentation

logger = log_to(snakemake.log[0])
torch.set_num_threads(snakemake.threads)

name, params, output = snakemake.wildcards.patient, snakemake.params, snakemake.output
check_precision({"evaluation.precision": params.precision})
paths = dict(snakemake.input.items())
patient = read_explained_patient(name, paths, params.sequences, params.baseline)
card = snakemake.input.card
predictor = load_predictor(card, params.sequences, params.deployed, params.precision)
segmentation = read_segmentation(params.segmentation)
region = segmentation.region(params.region)
outputs = outputs_of_region(read_json(card), segmentation, region)
target = Target.of_region(params.target, outputs)
sampling = Sampling(params.permutations, patient_seed(params.seed, name))
measurement = measure_shapley(patient, predictor, target, sampling)
shapley, occlusion = measurement_tables(measurement, patient, target, params.tau)
ablation = ablation_table(patient, measurement.logits, params.lesion_overlap)
logger.info("\n%s\n%s", shapley.to_string(index=False), ablation.to_string(index=False))
values = target.of_sides(measurement.shapley.transpose(0, 1)).numpy()
write_image(image_like(values, patient.grid), output.volume)
tables = {"table": shapley, "occlusion": occlusion, "ablation": ablation}
tables["targets"] = target_table(measurement.shapley.numpy(), patient)
for key, table in tables.items():
    write_table(name_region(table, region.name), output[key])
record_benchmark(snakemake.log[0])
