"""A committed notebook is what its last run said, without what differs between two runs."""

import base64
import json

import nbformat
import pytest
from small_notebooks import PICTURE, SAVES, USES, make_notebook, tag_cell

from synthlab.course.render import headline_figure, record_golden, render_in_place
from synthlab.errors import NotebookError


def rendered(tmp_path, *sources, tag=PICTURE):
    path = make_notebook(tmp_path / "made.ipynb", USES, *sources, SAVES)
    tag_cell(path, tag, "headline")
    golden = tmp_path / "golden" / "made.ipynb"
    render_in_place(path, golden)
    return path, golden


def test_rendering_strips_what_differs_between_runs_and_keeps_numbers_and_headline(tmp_path):
    path, golden = rendered(tmp_path, PICTURE)
    first = path.read_text("utf-8"), golden.read_text("utf-8")
    render_in_place(path, golden)
    assert (path.read_text("utf-8"), golden.read_text("utf-8")) == first
    assert str(tmp_path) not in "".join(first)
    for numbers in (golden.with_suffix(".json"), tmp_path / "metrics" / "made.json"):
        assert json.loads(numbers.read_text("utf-8")) == {"n": 3, "share": 0.5}
    picture = (tmp_path / "figures" / "made.png").read_bytes()
    assert picture == headline_figure(nbformat.read(path, as_version=4), "made")
    assert picture.startswith(b"\x89PNG")


def test_a_golden_alone_leaves_the_notebook(tmp_path):
    path, golden = rendered(tmp_path, PICTURE)
    before = path.read_bytes(), golden.read_bytes()
    golden.unlink()
    path.with_name("metrics").joinpath("made.json").unlink()
    record_golden(path, golden)
    assert (path.read_bytes(), golden.read_bytes()) == before
    assert not path.with_name("metrics").joinpath("made.json").exists()


def test_rendering_is_refused_where_no_figure_has_the_tag(tmp_path):
    with pytest.raises(NotebookError, match="made: 1 cells are tagged 'headline', with 0 pictures"):
        rendered(tmp_path, PICTURE, tag=USES)
    assert not (tmp_path / "golden").exists()


def test_a_figure_without_words_is_not_rendered(tmp_path):
    silent = PICTURE.replace('"alt"', '"note"')
    with pytest.raises(NotebookError, match="picture 1 of 1 has no alt text"):
        rendered(tmp_path, silent, tag=silent)


def notebook_with(*cells):
    """Make a notebook of cells, each given as (tags, number of pictures)."""
    data = {"image/png": "iVBO"}
    return nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                outputs=n * [nbformat.v4.new_output("display_data", data)],
                metadata={"tags": tags},
            )
            for tags, n in cells
        ]
    )


def test_the_headline_is_the_tagged_picture_not_the_first():
    notebook = notebook_with(([], 1), (["headline", "NBVAL_CHECK_OUTPUT"], 1))
    notebook.cells[0].outputs[0]["data"]["image/png"] = "AAAA"
    assert headline_figure(notebook, "made") == base64.b64decode("iVBO")


def test_none_and_several_headlines_are_errors():
    wrong = [
        notebook_with(([], 1)),
        notebook_with((["headline"], 0)),
        notebook_with((["headline"], 2)),
        notebook_with((["headline"], 1), (["headline"], 1)),
    ]
    for notebook in wrong:
        with pytest.raises(NotebookError, match="expected one cell with one"):
            headline_figure(notebook, "made")
