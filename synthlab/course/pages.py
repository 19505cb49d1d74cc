"""A notebook as one HTML page: no network needed, every figure described in words."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import nbformat

from synthlab.errors import NotebookError
from synthlab.paths import atomic_path

#: nbconvert's page leaves out the alt text that a figure's metadata carry; this puts it back.
_TEMPLATE = """
{%- extends 'index.html.j2' -%}
{%- block data_png scoped -%}
{%- set alt = output | get_metadata('alt', 'image/png') -%}
{%- if alt -%}
{{ super().replace('<img ', '<img alt="%s" ' % (alt | escape_html), 1) }}
{%- else -%}
{{ super() }}
{%- endif -%}
{%- endblock data_png -%}
"""
#: What nbconvert writes where it knows nothing.
_PLACEHOLDER = "No description has been provided"


def export_page(notebook: Path, page: Path) -> Path:
    """Write a notebook as one HTML page that needs no network."""
    from nbconvert import HTMLExporter

    no_scripts = dict.fromkeys(
        ("require_js_url", "jquery_url", "mathjax_url", "mermaid_js_url"), ""
    )
    exporter = HTMLExporter(raw_template=_TEMPLATE, **no_scripts)
    content = nbformat.read(notebook, as_version=4)
    title = content.cells[0].source.splitlines()[0].lstrip("# ")
    html, _ = exporter.from_notebook_node(content, {"metadata": {"name": title}})
    with atomic_path(page) as partial:
        partial.write_text(html, "utf-8")
    return page


def check_page(page: Path) -> None:
    """Check that every picture of a page is described in words, for who can't see it.

    Raises
    ------
    NotebookError
        A picture has no alt text, an empty one, or a placeholder.
    """
    pictures = _Pictures()
    pictures.feed(page.read_text("utf-8"))
    bare = [n for n, alt in enumerate(pictures.alts, start=1) if not alt or _PLACEHOLDER in alt]
    if bare:
        raise NotebookError(
            f"{page.name}: picture {bare[0]} of {len(pictures.alts)} has no alt text; expected a "
            f"sentence that says what it shows. A reader who can't see it learns nothing. Show "
            f"figures with plots.show(ax, alt)."
        )


class _Pictures(HTMLParser):
    """Collect the alt text of every picture."""

    def __init__(self) -> None:
        super().__init__()
        self.alts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.alts.append((dict(attrs).get("alt") or "").strip())
