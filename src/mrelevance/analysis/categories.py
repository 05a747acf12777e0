"""Sections of the report, in its order; standard library only."""

IMAGES = "1 Images"
NETWORK = "2 Network"
RELEVANCE = "3 Relevance"
AGREEMENT = "4 Agreement"
MAPS = "5 Maps"
COHORT = "6 What the relevance teaches"
PROTOCOL = "7 Which sequences can be left out"
