import pandas as pd

from mrelevance.files import read_rows, read_table, write_table


def test_rows_are_those_of_the_table_as_text(tmp_path):
    table = pd.DataFrame({"patient": ["01", "02"], "dice": [0.5, float("nan")]})
    write_table(table, tmp_path / "table.tsv")
    assert read_rows(tmp_path / "table.tsv") == [
        {"patient": "01", "dice": "0.5"},
        {"patient": "02", "dice": "NA"},
    ]
    assert list(read_table(tmp_path / "table.tsv")["patient"]) == ["01", "02"]
