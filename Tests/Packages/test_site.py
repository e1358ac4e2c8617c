"""The site: every link and anchor leads somewhere, and nothing is loaded from elsewhere."""

import html.parser
import urllib.parse

import pytest

import roots

SITE = roots.ROOT / ".build" / "site"


class Page(html.parser.HTMLParser):
    """The links, the anchors and what is loaded of one page."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links, self.loaded = {""}, [], []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        for name in ("id", "name"):
            if attributes.get(name):
                self.anchors.add(attributes[name])
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        elif tag == "link" and attributes.get("rel") in ("stylesheet", "icon", "preconnect"):
            self.loaded.append(attributes["href"])
        elif tag in ("script", "img", "iframe") and attributes.get("src"):
            self.loaded.append(attributes["src"])


@pytest.fixture(scope="module")
def pages():
    return {path: Page(path) for path in SITE.rglob("*.html")}


def test_there_is_a_page_for_every_page(pages):
    docs = roots.ROOT / "docs"
    for page in docs.rglob("*.md"):
        assert (SITE / page.relative_to(docs)).with_suffix(".html") in pages


def test_every_link_and_anchor_leads_somewhere(pages):
    wrong = []
    for path, page in pages.items():
        if path.name == "404.html":  # its links are absolute
            continue
        for link in page.links + page.loaded:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme in ("http", "https", "mailto"):
                continue
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            anchor = urllib.parse.unquote(parts.fragment)
            if not target.exists() or (target in pages and anchor not in pages[target].anchors):
                wrong.append(f"{path.relative_to(SITE)}: {link}")
    assert wrong == []


def test_nothing_is_loaded_from_elsewhere(pages):
    for path, page in pages.items():
        assert [link for link in page.loaded if "://" in link or link.startswith("//")] == [], path


def test_pages_can_be_searched():
    assert "stampede" in (SITE / "search/search_index.json").read_text()
