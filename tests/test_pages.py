"""A page needs no network, and says in words what its figures show."""

import nbformat
import pytest
from bs4 import BeautifulSoup
from small_notebooks import make_notebook

from synthlab.course.pages import check_page, export_page
from synthlab.errors import NotebookError


def page_with(tmp_path, *metadata):
    """Export a notebook that shows a picture per metadata."""
    path = make_notebook(tmp_path / "made.ipynb", "show()")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-1].outputs = [
        nbformat.v4.new_output("display_data", {"image/png": "iVBO"}, metadata=about)
        for about in metadata
    ]
    nbformat.write(notebook, path)
    return export_page(path, tmp_path / "made.html")


def described(alt):
    return {"image/png": {"alt": alt}}


def test_page_has_the_title_and_needs_no_network(tmp_path):
    page = page_with(tmp_path).read_text("utf-8")
    assert "<title>A title</title>" in page
    assert 'src="http' not in page


def test_alt_text_is_carried_into_the_page(tmp_path):
    told = 'lift > 0 & "sure" <b>'
    page = page_with(tmp_path, described(told), described("second"))
    pictures = BeautifulSoup(page.read_text("utf-8"), "html.parser").select("img")
    assert [picture["alt"] for picture in pictures] == [told, "second"]
    check_page(page)


def test_a_picture_without_words_is_found(tmp_path):
    for metadata in ({}, described(""), described("  ")):
        page = page_with(tmp_path, described("first"), metadata)
        with pytest.raises(NotebookError, match="picture 2 of 2 has no alt text") as caught:
            check_page(page)
        assert "plots.show(ax, alt)" in str(caught.value)


def test_a_page_without_pictures_is_fine(tmp_path):
    check_page(page_with(tmp_path))
