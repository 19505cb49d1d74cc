"""A run is strict about its parameters, and leaves a whole result or none."""

import json
import os

import nbformat
import pytest

from synthlab.course import render
from synthlab.course.notebooks import (
    Parameter,
    check_parameters,
    find_notebook,
    profile_parameters,
    read_parameters,
    run_notebook,
)
from synthlab.errors import InputError, NotebookError

PARAMETERS = "n: int = 3\nshare: float = 0.5\nname: str = 'a'\nseeds: list[int] = [0]"
USES = "used = (n, share, name, seeds)"
SAVES = "import synthlab as sl\nsl.save_metrics('made', {'n': n, 'share': share})"


def make_notebook(path, *sources, parameters=PARAMETERS):
    first = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    cells = [nbformat.v4.new_markdown_cell("# A title"), first]
    cells += [nbformat.v4.new_code_cell(source) for source in sources]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec})
    nbformat.write(notebook, path)
    return path


def declared(tmp_path, *sources, parameters=PARAMETERS):
    path = make_notebook(tmp_path / "made.ipynb", *sources, parameters=parameters)
    return read_parameters(nbformat.read(path, as_version=4), "made")


def test_parameters_are_read_with_type_and_default(tmp_path):
    found = declared(tmp_path, USES)
    assert found["n"] == Parameter("n", "int", 3)
    assert list(found) == ["n", "share", "name", "seeds"]


def test_unused_parameter_is_an_error(tmp_path):
    with pytest.raises(InputError, match="'share' is declared but no cell uses it"):
        declared(tmp_path, "n, name, seeds")


@pytest.mark.parametrize("line", ["n = 3", "n: int = 1 + x", "n: dict = {}", "import os"])
def test_parameter_that_could_not_be_set_is_an_error(tmp_path, line):
    with pytest.raises(InputError, match="expected 'name: type = literal'"):
        declared(tmp_path, "n", parameters=line)


def test_notebook_without_parameters_cell_is_an_error():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    with pytest.raises(InputError, match="0 cells are tagged"):
        read_parameters(notebook, "made")


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [("n", "7", 7), ("share", "1", 1), ("name", "7", "7"), ("seeds", "[1, 2]", [1, 2])],
)
def test_texts_become_the_declared_type(tmp_path, key, text, value):
    assert check_parameters(declared(tmp_path, USES), {key: text}, "made") == {key: value}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("n", "3.5"),
        ("n", "many"),
        ("n", True),
        ("share", "half"),
        ("seeds", "3"),
        ("seeds", "['a']"),
    ],
)
def test_wrong_type_is_an_error(tmp_path, key, value):
    with pytest.raises(InputError, match=f"parameter {key}=.*expected"):
        check_parameters(declared(tmp_path, USES), {key: value}, "made")


def test_a_list_without_a_type_takes_any_items(tmp_path):
    parameters = declared(tmp_path, "print(grid)", parameters="grid: list = [1]")
    found = check_parameters(parameters, {"grid": "[1, 'a']"}, "made")
    assert found == {"grid": [1, "a"]}


def test_unknown_parameter_is_an_error_that_lists_the_known(tmp_path):
    with pytest.raises(InputError, match="no parameter 'm'; it has n: int, share: float"):
        check_parameters(declared(tmp_path, USES), {"m": "1"}, "made")


def test_unknown_notebook_is_an_error_that_lists_the_known():
    with pytest.raises(InputError, match="no notebook '77'; there are 00_expensive_trap"):
        find_notebook("77")


@pytest.mark.parametrize("name", ["00", "00_expensive_trap", "00_expensive_trap.ipynb"])
def test_notebook_is_found_by_number_and_name(name):
    assert find_notebook(name).name == "00_expensive_trap.ipynb"


def test_unknown_profile_is_an_error():
    with pytest.raises(InputError, match="no profile 'slow'; there are full, fast"):
        profile_parameters("slow", "00_expensive_trap")


def test_run_leaves_notebook_page_and_metrics_and_nothing_else(tmp_path):
    path = make_notebook(tmp_path / "made.ipynb", USES, SAVES)
    done = run_notebook(str(path), {"n": "5"}, out=tmp_path / "out")
    assert done.metrics == {"n": 5, "share": 0.5}
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names == {"made.ipynb", "made.html", "metrics.json"}


@pytest.mark.parametrize(("outside", "inside"), [(None, 1), ("2", 2)])
def test_a_kernel_has_one_blas_thread_unless_the_user_says_otherwise(
    tmp_path, monkeypatch, outside, inside
):
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    if outside:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", outside)
    saves = "import os\nimport synthlab as sl\n"
    saves += "sl.save_metrics('made', {'threads': int(os.environ['OPENBLAS_NUM_THREADS'])})"
    path = make_notebook(tmp_path / "made.ipynb", USES, saves)
    assert run_notebook(str(path), out=tmp_path / "out").metrics == {"threads": inside}
    assert os.environ.get("OPENBLAS_NUM_THREADS") == outside


def test_folder_may_be_relative(tmp_path, monkeypatch):
    loops = "from synthlab.progress import track\nlist(track([1], 'loop'))"
    path = make_notebook(tmp_path / "made.ipynb", USES, loops, SAVES)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert run_notebook(str(path), out="out").metrics == {"n": 3, "share": 0.5}
    assert (tmp_path / "here" / "out" / "metrics.json").exists()


def test_page_has_the_title_and_needs_no_network(tmp_path):
    path = make_notebook(tmp_path / "made.ipynb", USES, SAVES)
    page = run_notebook(str(path), out=tmp_path / "out").page.read_text("utf-8")
    assert "<title>A title</title>" in page
    assert 'src="http' not in page


def test_failed_cell_leaves_the_partial_notebook_and_no_result(tmp_path):
    path = make_notebook(tmp_path / "made.ipynb", USES, "1 / 0", SAVES)
    with pytest.raises(NotebookError, match=r"ZeroDivisionError.*\n.*partial") as caught:
        run_notebook(str(path), out=tmp_path / "out")
    assert caught.value.exit_code == 4
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"made.partial.ipynb"}


def test_failed_run_leaves_an_earlier_result_alone(tmp_path):
    good = make_notebook(tmp_path / "made.ipynb", USES, SAVES)
    before = run_notebook(str(good), out=tmp_path / "out").page.read_bytes()
    make_notebook(good, USES, "raise RuntimeError('no')")
    with pytest.raises(NotebookError):
        run_notebook(str(good), out=tmp_path / "out")
    assert (tmp_path / "out" / "made.html").read_bytes() == before


def test_contamination_inside_a_notebook_has_its_own_exit_code(tmp_path):
    source = "import synthlab as sl\nraise sl.ContaminationError('leaked')"
    path = make_notebook(tmp_path / "made.ipynb", USES, source)
    with pytest.raises(NotebookError, match="leaked") as caught:
        run_notebook(str(path), out=tmp_path / "out")
    assert caught.value.exit_code == 3


def test_notebook_without_metrics_is_an_error(tmp_path):
    path = make_notebook(tmp_path / "made.ipynb", USES)
    with pytest.raises(NotebookError, match=r"wrote no metrics\.json"):
        run_notebook(str(path), out=tmp_path / "out")


def test_bad_parameter_starts_no_kernel_and_makes_no_folder(tmp_path):
    path = make_notebook(tmp_path / "made.ipynb", USES, SAVES)
    with pytest.raises(InputError):
        run_notebook(str(path), {"n": "x"}, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_rendering_strips_what_differs_between_runs(tmp_path):
    path = make_notebook(tmp_path / "made.ipynb", USES, SAVES)
    golden = tmp_path / "golden" / "made.ipynb"
    render.render_in_place(path, golden)
    first = path.read_text("utf-8"), golden.read_text("utf-8")
    render.render_in_place(path, golden)
    assert (path.read_text("utf-8"), golden.read_text("utf-8")) == first
    assert str(tmp_path) not in "".join(first)
    assert json.loads(golden.with_suffix(".json").read_text("utf-8"))["n"] == 3
