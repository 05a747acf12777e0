"""Figure 2: a lesion that the network found, in every sequence, with its relevance."""

from functools import partial

from mrelevance.figures.patient_panels import draw_lesion

draw = partial(draw_lesion, "TP")
