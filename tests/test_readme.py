"""The README's numbers are those that its commands print."""

import contextlib
import io
import json
import re
from pathlib import Path

import nbformat

from synthlab import course
from synthlab.course import render
from synthlab.course.notebooks import find_notebook, list_notebooks

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
NOTEBOOKS = [path for path in list_notebooks() if path.parent.name == "notebooks"]

#: What the first table says, from the numbers of each notebook's full run.
MEASURED = {
    "01_real_data_control": "{draws_threshold_helps:.0f} of 10 draws help accuracy, "
    "{draws_threshold_beats_baselines:.0f} beat every zero-cost baseline",
    "02_rare_class": "average precision {lift_cards_untuned_boosting_real_only:+.2f} against "
    "the defaults, {lift_cards_gradient_boosting_real_only:+.2f} against a tuned baseline",
    "03_privacy": "AUC {auc_DP_1_0:.3f} where the real rows give {auc_real_table_0_0:.3f}",
    "05_substituting_labels": "{accuracy_synthetic_only_0_50000:.3f} on real mail from generated "
    "e-mails alone",
    "06_contaminated_eval": "{accuracy_strong_naive_same_prompt:.3f} promised, "
    "{accuracy_strong_naive_real_mail:.3f} delivered",
    "07_closing_loop": "{change_text_real_replace:+.3f} in 8 generations, "
    "{change_text_real_accumulate:+.3f} with the real messages kept",
    "12_let_it_read": "its labels: accuracy {lift_reviews_labels_human_1000:+.3f} against "
    "human labels, {lift_reviews_labels_written_1000:+.3f} against its texts",
    "09_half_the_time": "clearly on {share_helps:.0%} of sources",
}


def metrics(stem: str) -> dict:
    """Return the numbers of a notebook's full run."""
    return json.loads((ROOT / f"notebooks/metrics/{stem}.json").read_text("utf-8"))


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
    quoted = re.findall(r"^> (.*)$", README, re.MULTILINE)
    assert quoted == [metrics(f)["sentence"] for f in ("01_real_data_control", "00_expensive_trap")]


def test_the_first_table_holds_what_was_measured():
    rows = {stem: form.format(**metrics(stem)) for stem, form in MEASURED.items()}
    assert {stem: row for stem, row in rows.items() if row not in README} == {}


def test_the_table_of_the_trap_is_that_of_the_recorded_runs():
    table = course.trap_table(course.load_combinations())
    header = f"| | {' | '.join(table)} |"
    rows = [f"| {' | '.join([name, *cells])} |" for name, cells in table.iterrows()]
    assert "\n".join([header, f"|{'---|' * (len(table.columns) + 1)}", *rows]) in README


def test_the_table_of_label_values_is_that_of_the_recorded_runs():
    recorded = ROOT / "data/combinations/05_substituting_labels/reviews-strong.json"
    runs = {"e-mails": metrics("05_substituting_labels")}
    runs["reviews"] = json.loads(recorded.read_text("utf-8"))
    for texts, found in runs.items():
        for writer, style in (("strong", "naive"), ("strong", "informed"), ("weak", "naive")):
            values = [found[f"worth_{writer}_{style}_{n}"] for n in (50, 200, 1_000)]
            name = f"{texts} by the {writer} writer, {style}"
            assert f"| {' | '.join([name, *values])} |" in README


def test_every_notebook_has_a_row_with_its_verdict():
    rows = dict(
        re.findall(r"^\| \[\d\d [^\]]*\]\(notebooks/(\w+)\.ipynb\) \|(.*)\|$", README, re.M)
    )
    assert set(rows) == {path.stem for path in NOTEBOOKS}
    verdicts = {stem: f"{metrics(stem)['claim']} {metrics(stem)['verdict']}" for stem in rows}
    assert {stem: told for stem, told in verdicts.items() if told not in rows[stem]} == {}


def test_every_link_leads_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_tree_has_a_line_for_every_package_and_file():
    tree = README[README.index("synthlab/\n") :].partition("```")[0]
    parts = {path.name.removesuffix(".py") for path in (ROOT / "synthlab").iterdir()}
    parts = {part for part in parts if not part.startswith("_")}
    assert {part for part in parts if not re.search(rf"\b{part}\b", tree)} == set()


def test_figure_is_the_notebooks():
    notebook = nbformat.read(find_notebook("00"), as_version=4)
    figure = render.headline_figure(notebook, "00")
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
