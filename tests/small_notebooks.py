"""Notebooks of a few cells, made on the spot."""

import nbformat

PARAMETERS = "n: int = 3\nshare: float = 0.5\nname: str = 'a'\nseeds: list[int] = [0]"
USES = "used = (n, share, name, seeds)"
SAVES = "import synthlab as sl\nsl.save_metrics('made', {'n': n, 'share': share})"
#: A picture of one pixel, shown with alt text.
PICTURE = """
from IPython.display import display
dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
display({"image/png": dot}, raw=True, metadata={"image/png": {"alt": "One dot, as \\"planned\\"."}})
"""


def make_notebook(path, *sources, parameters=PARAMETERS):
    """Write a notebook: a title, a parameters cell, and a cell per source."""
    first = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    cells = [nbformat.v4.new_markdown_cell("# A title"), first]
    cells += [nbformat.v4.new_code_cell(source) for source in sources]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec})
    nbformat.write(notebook, path)
    return path


def tag_cell(path, source, tag):
    """Tag the cell that has this source."""
    notebook = nbformat.read(path, as_version=4)
    (cell,) = [c for c in notebook.cells if c.source == source]
    cell.metadata["tags"] = [tag]
    nbformat.write(notebook, path)
    return path
