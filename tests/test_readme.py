"""The README's numbers are those that its commands print."""

import contextlib
import io
import json
import re
from pathlib import Path

import nbformat
import pytest

from synthlab.course import render
from synthlab.course.notebooks import find_notebook, list_notebooks

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def shown(stem: str) -> str:
    notebook = nbformat.read(find_notebook(stem), as_version=4)
    outputs = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    return "\n".join(o.get("text", "") for o in outputs)


def test_example_prints_what_stands_below_it():
    code, output = re.search(r"```python\n(.*?)```\s+```\n(.*?)```", README, re.DOTALL).groups()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue() == output


def test_example_is_short():
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    assert len([line for line in code.splitlines() if line.strip()]) <= 12


def test_quoted_sentences_are_the_notebooks():
    from_01, from_00 = re.findall(r"^> (.*)$", README, re.MULTILINE)
    assert from_01 in shown("01")
    assert from_00 in shown("00")


def verdicts():
    """Return number, claim and verdict of each row of the table that gives one."""
    rows = re.findall(r"^\| \[(\d\d) .*?\| (C\d) (.*?) \|[^|]*\|$", README, re.MULTILINE)
    return [row for row in rows if not row[2].startswith("is shown here")]


def test_the_table_has_a_verdict_for_every_notebook_but_the_one_without_its_own():
    listed = {p.stem[:2] for p in list_notebooks() if p.parent.name == "notebooks"}
    assert {number for number, _, _ in verdicts()} == listed - {"01"}


@pytest.mark.parametrize(("number", "claim", "verdict"), verdicts())
def test_verdict_in_the_table_is_the_notebooks(number, claim, verdict):
    assert re.search(rf"{claim}, [^:\n]*: {re.escape(verdict)}\.", shown(number))


def test_every_notebook_is_listed_and_every_link_leads_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []
    listed = {link for link in links if link.endswith(".ipynb")}
    assert listed == {
        f"notebooks/{p.name}" for p in list_notebooks() if p.parent.name == "notebooks"
    }


def test_figure_is_the_notebooks():
    notebook = nbformat.read(find_notebook("00"), as_version=4)
    figure = render.first_figure(notebook)
    assert (ROOT / "notebooks/figures/00_expensive_trap.png").read_bytes() == figure


def test_card_names_every_data_set():
    card = (ROOT / "data/README.md").read_text("utf-8")
    from synthlab.datasets import registry

    assert [name for name in registry.load_registry() if f"`{name}`" not in card] == []


def test_goldens_and_profiles_belong_to_notebooks():
    names = {p.stem for p in list_notebooks()}
    assert {p.stem for p in (ROOT / "tests/golden").iterdir()} == names
    for golden in (ROOT / "tests/golden").glob("*.json"):
        assert json.loads(golden.read_text("utf-8"))
