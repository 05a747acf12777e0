"""Figure 3: a lesion that the network missed, in every sequence, with its relevance."""

from functools import partial

from mrelevance.figures.patient_panels import draw_lesion

draw = partial(draw_lesion, "FN")
