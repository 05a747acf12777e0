"""Studies that explain fewer members of a network than are deployed."""

import pandas as pd


def summarise_members(distances: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """How far the explained members are from the whole ensemble, in every test patient.

    `distances` has a row for each patient and output, see `networks.distance.distance_of_patient`.

    Returns
    -------
    `ensemble_distance`, the same rows.
    """
    return {"ensemble_distance": distances}
