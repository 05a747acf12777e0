"""Pages lead where they say, their snippets run, and generated pages have everything."""

import importlib.util
import json
import logging
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

import mrelevance.lrp

ROOT = Path(__file__).parents[2]
TRACKED = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
    cwd=ROOT, capture_output=True, text=True, check=True,
).stdout.splitlines()  # fmt: skip
PAGES = [path for path in TRACKED if not path.startswith((".github", "workflow/report"))]
FENCED = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def hooks():
    place = importlib.util.spec_from_file_location("hooks", ROOT / "docs/hooks.py")
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


def anchors(path: Path) -> set[str]:
    """Anchors of the headings of a page, as GitHub and the site derive them."""
    text = FENCED.sub("", path.read_text())
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower() for title in titles]
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in plain}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file_and_a_heading(page, hooks):
    text = FENCED.sub("", (ROOT / page).read_text())
    wrong = []
    for _, _, target in hooks.LINK.findall(text):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (ROOT / page).parent / path if path else ROOT / page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            wrong.append(target)
    assert wrong == []


def navigation() -> set[str]:
    """Pages in the navigation of the site."""
    # The tag names a function of the site's own environment.
    text = (ROOT / "mkdocs.yml").read_text().replace("!!python/object/apply:pymdownx", "# ")
    pages = []

    def collect(entry):
        if isinstance(entry, str):
            pages.append(entry)
        else:
            for part in entry.values() if isinstance(entry, dict) else entry:
                collect(part)

    collect(yaml.safe_load(text)["nav"])
    assert len(set(pages)) == len(pages)
    return set(pages)


def test_the_navigation_has_every_page_once(hooks):
    written = {path.name for path in (ROOT / "docs").glob("*.md")}
    made = {*hooks.PAGES.values(), "reference/configuration.md", "reference/api.md"}
    assert navigation() == written | made


def test_links_of_a_page_lead_to_pages_of_the_site(hooks, caplog):
    def rewritten(text, uri):
        return hooks.on_page_markdown(text, SimpleNamespace(file=SimpleNamespace(src_uri=uri)))

    assert (
        rewritten("[a](../config/README.md#cohort)", "lrp.md") == "[a](reference/manual.md#cohort)"
    )
    assert rewritten("[a](docs/lrp.md)", "index.md") == "[a](lrp.md)"
    assert rewritten("[`a`](../docs/cache.md)", "reference/manual.md") == "[`a`](../cache.md)"
    assert rewritten("![a](docs/figure_1.png)", "index.md") == "![a](figure_1.png)"
    assert rewritten("[`b`](../src/mrelevance/lrp/rules.py).", "lrp.md") == "`b`."
    kept = "[a](https://example.org) [b](#here)\n```\n[c](none.md)\n```\n"
    assert rewritten(kept, "lrp.md") == kept and not caplog.records
    with caplog.at_level(logging.WARNING):
        rewritten("[a](../none.md)", "lrp.md")
    assert "leads nowhere" in caplog.text


def test_the_configuration_page_has_every_key_with_its_default(hooks):
    page = hooks.configuration_page()
    default = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    schemas = ROOT / "workflow/schemas"
    for name, part in json.loads((schemas / "config.schema.json").read_text())[
        "properties"
    ].items():
        if "$ref" not in part:
            assert f"| `{name}` |" in page
            continue
        section = json.loads((schemas / part["$ref"]).read_text())
        if section.get("properties"):
            body = re.search(rf"^## `{name}`$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)[1]
            for key in section["properties"]:
                assert re.search(rf"^\| `{key}[`.]", body, re.MULTILINE), f"{name}.{key}"
    assert f"| `{default['relevance']['tau']}` |" in re.search(r"^\| `tau` .*", page, re.M)[0]
    assert "≥" in page


def test_the_interface_page_has_all_that_is_public(hooks):
    assert set(hooks.INTERFACE) == set(mrelevance.lrp.__all__)
    assert "::: mrelevance.lrp.quantus.explain" in hooks.interface_page()


def test_the_snippets_about_the_library_run(capsys):
    text = (ROOT / "docs/library.md").read_text()
    names = {}
    for snippet in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        exec(snippet, names)
    assert "tensor" in capsys.readouterr().out
    assert float(names["delta"].abs().max()) < 1e-3
