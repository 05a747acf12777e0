import re

import pytest

from mrelevance.reporting.citations import CITATIONS, Bibliography


def test_works_are_cited_in_the_order_of_their_years():
    bibliography = Bibliography()
    cited = bibliography.cite("montavon2019", "bach2015")
    assert cited == "(Bach et al. 2015; Montavon et al. 2019)"


def test_each_cited_work_is_listed_once_in_alphabetical_order():
    bibliography = Bibliography()
    assert bibliography.entries() == []
    for key in ("montavon2019", "bach2015", "montavon2019"):
        bibliography.cite(key)
    assert bibliography.entries() == [CITATIONS[k].entry for k in ("bach2015", "montavon2019")]


def test_an_unknown_work_is_an_error():
    with pytest.raises(KeyError, match="nobody1900"):
        Bibliography().cite("nobody1900")


@pytest.mark.parametrize("key", CITATIONS)
def test_a_citation_is_complete(key):
    citation = CITATIONS[key]
    year = citation.short[-4:]
    assert key.endswith(year) and year in citation.entry
    assert [other.short for other in CITATIONS.values()].count(citation.short) == 1
    first_author = citation.short.split(" et al.")[0].split(" and ")[0].removesuffix(f" {year}")
    assert citation.entry.startswith(first_author)
    if "doi:" in citation.entry:
        assert re.search(r"doi:10\.\d{4,}/\S+[^.]$", citation.entry)
    if "arXiv:" in citation.entry:
        assert re.search(r"arXiv:\d{4}\.\d{4,5}$", citation.entry)


def test_keys_stand_in_alphabetical_order():
    assert list(CITATIONS) == sorted(CITATIONS)
