"""Studies that explain fewer members than are deployed."""

import pandas as pd

from mrelevance.analysis.members import summarise_members


def test_rows_of_all_patients_are_kept():
    distances = pd.DataFrame({"patient": ["a", "b"], "output": "tumour", "dice": [0.9, 0.8]})
    assert summarise_members(distances)["ensemble_distance"].equals(distances)
