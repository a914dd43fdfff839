#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""report_test.py CROSSPIKE CONFIG: the page and the SVG files that `crosspike report` makes of a run are well-formed XML,
the page refers to nothing outside itself, and threads change nothing in it."""
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

program, config = sys.argv[1:3]


def crosspike(*words):
    return subprocess.run([program, *map(str, words)], check=True, capture_output=True)


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    pages = []
    for threads in (1, 2):
        results = folder / f"threads{threads}.h5"
        crosspike("run", config, "--threads", threads, "--out", results)
        crosspike("report", results, "--out", results.with_suffix(".html"), "--plots", folder / f"plots{threads}")
        pages.append(results.with_suffix(".html").read_bytes())
    assert pages[0] == pages[1], "threads change the page"

    page = ElementTree.fromstring(pages[0])
    tags = [element.tag for element in page.iter()]
    assert tags.count("svg") >= 2, tags
    assert not {"script", "link", "iframe", "img", "object"} & set(tags), set(tags)
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids)), ids
    for element in page.iter():
        href = element.get("href", "#")
        assert href.startswith(("#", "data:")), href
        assert not href.startswith("#") or href == "#" or href[1:] in ids, href

    files = sorted((folder / "plots1").glob("*.svg"))
    assert len(files) == tags.count("svg"), files
    for path in files:
        svg = ElementTree.parse(path).getroot()
        assert svg.tag == "{http://www.w3.org/2000/svg}svg", svg.tag
        assert path.read_bytes() == (folder / "plots2" / path.name).read_bytes(), path
print(f"{len(files)} plots and a page are well-formed")
