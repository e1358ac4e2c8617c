"""The pages in docs: links lead somewhere, examples do what they say, configurations are valid."""

import ast
import re
import subprocess

import pytest

import documents
import examples
import servers
from documents import ROOT

PAGES = documents.pages()
# Elsewhere, consoles show what cannot be repeated: other machines, endless output, figures.
REPEATABLE = [page for page in PAGES
              if page.parent.name in ("guides", "operating") or page == ROOT / "README.md"]
RUNNABLE = [page for page in REPEATABLE if any(
    (b.language in ("python", "console") and not b.title) or b.text.startswith("#!/bin/sh")
    for b in documents.blocks(page))]
NETWORK = examples.network()


def name(page):
    return str(page.relative_to(ROOT))


def blocks(*languages):
    return [pytest.param(block, id=f"{name(page)}:{block.line}") for page in PAGES
            for block in documents.blocks(page) if block.language in languages]


def test_every_page_of_docs_is_in_the_site():
    site = (ROOT / "Packaging/site/mkdocs.yml").read_text()
    listed = set(re.findall(r": (\S+\.md)$", site, re.M))
    here = {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}
    assert listed == {page for page in here if not page.startswith("decisions/")}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    wrong = []
    for link in documents.links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or not target.is_relative_to(ROOT):
            wrong.append(link)
        elif anchor and anchor not in documents.anchors(target):
            wrong.append(link)
    assert wrong == []


@pytest.mark.skipif(NETWORK is None, reason="needs a network namespace")
@pytest.mark.parametrize("page", RUNNABLE, ids=name)
def test_examples_print_what_the_page_says(page):
    wrong = examples.run(page, servers.APUS)
    assert wrong == [], "\n\n".join(wrong)


@pytest.mark.parametrize("block", blocks("python"))
def test_python_is_valid(block):
    ast.parse(block.text)


@pytest.mark.parametrize("block", blocks("sh"))
def test_shell_is_valid(block):
    done = subprocess.run(["bash", "-n"], input=block.text, text=True, capture_output=True)
    assert done.stderr == ""


@pytest.mark.parametrize("block", blocks("conf"))
def test_directives_exist(block):
    known = set(re.findall(r"^### (\S+)$", (ROOT / "docs/configuration.md").read_text(), re.M))
    used = {line.split()[0] for line in block.text.splitlines() if line.strip()}
    assert used - known == set()


def test_the_changelog_has_the_version():
    source = (ROOT / "Sources/Server/Start/Version.swift").read_text()
    version = re.search(r'apus: StaticString = "(.*)"', source)[1]
    assert (ROOT / "debian/changelog").read_text().startswith(f"apus ({version})")
