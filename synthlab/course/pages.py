"""One notebook, run once with checked parameters, into a folder: notebook, page, numbers."""

from __future__ import annotations

from pathlib import Path

import nbformat

from synthlab.paths import atomic_path


def export_page(notebook: Path, page: Path) -> Path:
    """Write a notebook as one HTML page that needs no network."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(require_js_url="", jquery_url="", mathjax_url="", mermaid_js_url="")
    content = nbformat.read(notebook, as_version=4)
    title = content.cells[0].source.splitlines()[0].lstrip("# ")
    html, _ = exporter.from_notebook_node(content, {"metadata": {"name": title}})
    with atomic_path(page) as partial:
        partial.write_text(html, "utf-8")
    return page
