"""Read a network that was trained elsewhere, and write its card."""

from mrelevance.networks.trained_elsewhere import card_of_source, load_source
from mrelevance.runtime.files import write_json
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

params = snakemake.params
whole = {**params.deployed, "folds": None, "mirroring": True}
members = len(load_source(whole).ensemble.members)
predictor = load_source(params.deployed)
card = card_of_source(predictor, members, params.sequences, params.channels)
logger.info("%s %s: %s", card["format"], card["path"], card["members"])
write_json(card, snakemake.output.card)
