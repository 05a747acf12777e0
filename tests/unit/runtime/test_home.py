from mrelevance.runtime.home import KEPT_IN_HOME, variables_without_home


def test_nothing_moves_while_the_home_folder_can_be_written(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert variables_without_home(tmp_path) == {}


def test_without_a_home_programs_keep_their_files_in_a_folder_of_the_run(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/proc/nowhere")
    for variable in KEPT_IN_HOME:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("IPYTHONDIR", "/mine")
    found = variables_without_home(tmp_path)
    assert found["MPLCONFIGDIR"] == str(tmp_path / "matplotlib")
    assert set(found) == set(KEPT_IN_HOME) - {"IPYTHONDIR"}
