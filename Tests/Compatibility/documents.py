"""Markdown pages: their links, their anchors, and their blocks of code."""

import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^(\s*)(```+)(.*)$")


def pages():
    """All pages that people read."""
    found = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")]
    found += (ROOT / "docs").rglob("*.md")
    found += (ROOT / "Sources").glob("*/README.md")
    return sorted(found)


@dataclasses.dataclass
class Block:
    """A block of code: its language, title, text, line in the page, and what it should print."""

    language: str
    title: str
    text: str
    line: int
    output: str | None = None


def _split(text):
    """The lines outside blocks, and the blocks."""
    prose, blocks = [], []
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        fence = _FENCE.match(line)
        if not fence:
            prose.append(line)
            continue
        indent, ticks, info = fence.groups()
        content = []
        for _, line in lines:
            if line.strip() == ticks:
                break
            content.append(line.removeprefix(indent))
        title = re.search(r'title="([^"]*)"', info)
        blocks.append(Block(
            language=info.split()[0] if info.split() else "", title=title[1] if title else "",
            text="\n".join(content) + "\n", line=number))
    return prose, blocks


def blocks(page):
    """The blocks of a page; one titled "Output" belongs to the block before it."""
    found = []
    for block in _split(page.read_text())[1]:
        if block.title == "Output":
            found[-1].output = block.text
        else:
            found.append(block)
    return found


def anchors(page):
    """The anchors of a page's headings, as code hosts and the site make them."""
    found = set()
    for line in _split(page.read_text())[0]:
        heading = re.match(r"#+ (.*)", line)
        if heading:
            text = re.sub(r"[^\w\- ]", "", heading[1].strip().lower())
            found.add(text.replace(" ", "-"))
    return found


def links(page):
    """The targets of all links that are no addresses of the web."""
    text = "\n".join(_split(page.read_text())[0])
    text = re.sub(r"`[^`\n]*`", "", text)
    targets = re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", text)
    return [target for target in targets if not re.match(r"[a-z]+:", target)]
