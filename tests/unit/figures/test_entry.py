from mrelevance.figures.entry import Entry

INPUTS = {
    "table": "summary/table.tsv",
    "images": "preprocessed/{patient}/image.nii",
    "maps": "relevance/{patient}/{composite}",
    "first": "preprocessed/{first_patient}/image.nii",
}


def unknown_patients():
    raise AssertionError("the split is not known yet")


def test_paths_of_a_variant():
    entry = Entry("name", "Title", "1 Images", INPUTS)
    assert entry.paths("results/variants/zero", "epsilon", lambda: ["P2", "P1"]) == {
        "table": "results/variants/zero/summary/table.tsv",
        "images": [
            "results/variants/zero/preprocessed/P2/image.nii",
            "results/variants/zero/preprocessed/P1/image.nii",
        ],
        "maps": [
            "results/variants/zero/relevance/P2/epsilon",
            "results/variants/zero/relevance/P1/epsilon",
        ],
        "first": "results/variants/zero/preprocessed/P2/image.nii",
    }


def test_tables_do_not_wait_for_the_split():
    entry = Entry("name", "Title", "1 Images", {"table": "summary/table.tsv"})
    assert entry.paths("results", "epsilon", unknown_patients) == {
        "table": "results/summary/table.tsv"
    }
