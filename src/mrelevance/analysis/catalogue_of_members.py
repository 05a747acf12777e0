"""Tables of studies that explain fewer members of a network than are deployed."""

from mrelevance.analysis.categories import NETWORK
from mrelevance.analysis.entry import Entry, Table, of_test

OF_MEMBERS = (
    Entry(
        function="mrelevance.analysis.members:summarise_members",
        message="Collecting how far the explained members are from the whole ensemble",
        inputs={"distances": of_test("prediction/{patient}/distance.tsv", "patient", "output")},
        tables=(Table("ensemble_distance", "Fewer members, table", NETWORK),),
        of_fewer_members=True,
    ),
)
