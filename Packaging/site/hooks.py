"""Changes that the site makes to the pages in docs."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A link to a file of the project that is not in docs.
OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+((?:README|ARCHITECTURE|CONTRIBUTING)\.md|LICENSE)[^)]*\)")


def on_config(config):
    """Lists the decisions, which nobody should have to list by hand."""
    pages = []
    for page in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        title = page.read_text().splitlines()[0].lstrip("# ")
        pages.append({title: f"decisions/{page.name}"})
    config.nav[-1]["Inside"].append({"Decisions": pages})
    return config


def on_page_markdown(markdown, **_):
    """Turns links that leave docs into the name of the file."""
    return OUTSIDE.sub(r"\1 (`\2`)", markdown)
