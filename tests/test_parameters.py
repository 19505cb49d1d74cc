"""Parameters have a name and a type, and nothing else can be set."""

import nbformat
import pytest
from small_notebooks import PARAMETERS, USES, make_notebook

from synthlab.course.parameters import (
    Parameter,
    check_parameters,
    profile_parameters,
    read_parameters,
)
from synthlab.errors import InputError


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


def test_texts_become_the_declared_type(tmp_path):
    texts = {"n": "7", "share": "1", "name": "7", "seeds": "[1, 2]"}
    values = {"n": 7, "share": 1, "name": "7", "seeds": [1, 2]}
    assert check_parameters(declared(tmp_path, USES), texts, "made") == values


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


def test_unknown_profile_is_an_error():
    with pytest.raises(InputError, match="no profile 'slow'; there are full, fast"):
        profile_parameters("slow", "00_expensive_trap")
