from pathlib import Path

import pytest

from mrelevance.runtime.definition import definition

RECIPE = (Path(__file__).parents[3] / "envs/Containerfile").read_text()


def test_definition_is_the_same_recipe():
    text = """\
# A comment.
FROM debian:bookworm-slim AS build
RUN one \\
    && two
# Another.
COPY list.txt /opt/list.txt
FROM debian:bookworm-slim
RUN three
COPY --from=build /opt/all /opt/all
COPY a b /opt/all/
ENV PATH=/opt/all/bin:$PATH
USER someone
"""
    assert (
        definition(text)
        == """\
Bootstrap: docker
From: debian:bookworm-slim
Stage: build

%files
    list.txt /opt/list.txt

%post
    one && two

Bootstrap: docker
From: debian:bookworm-slim

%files from build
    /opt/all /opt/all

%files
    a /opt/all/
    b /opt/all/

%post
    three
    export PATH=/opt/all/bin:$PATH

%environment
    export PATH=/opt/all/bin:$PATH
"""
    )
    assert definition(RECIPE).count("Bootstrap: docker") == 2
    with pytest.raises(ValueError, match="cannot translate WORKDIR"):
        definition("FROM a\nWORKDIR /b\n")
