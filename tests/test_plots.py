"""Pictures draw what they are handed, and say it in words too."""

import base64

import pandas as pd
import pytest

from synthlab import plots

SCORES = pd.DataFrame(
    [("real only", "real eval", 0.9, 0.85, 0.95), ("synthetic only", "real eval", 0.7, 0.6, 0.8)],
    columns=["model", "eval", "score", "low", "high"],
)
LIFTS = pd.DataFrame(
    [
        ("few", 0.08, 0.06, 0.1, "helps", 0.01),
        ("many", 0.0, -0.005, 0.004, "no useful effect", 0.01),
    ],
    columns=["label", "lift", "ci_low", "ci_high", "verdict", "margin"],
)


def test_slopes_draw_every_score_where_it_lies():
    ax = plots.eval_slopes(SCORES)
    drawn = [line.get_ydata()[0] for line in ax.lines if line.get_marker() == "o"]
    assert drawn == [0.9, 0.7]


def test_slopes_draw_intervals_to_their_ends():
    ax = plots.eval_slopes(SCORES)
    ends = [path.vertices[:, 1].tolist() for c in ax.collections for path in c.get_paths()]
    assert ends == [pytest.approx([0.85, 0.95]), pytest.approx([0.6, 0.8])]


def test_dots_draw_every_score_in_the_row_of_its_model():
    ax = plots.eval_dots(SCORES, "accuracy")
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [x for line in dots for x in line.get_xdata()] == [0.9, 0.7]
    assert [label.get_text() for label in ax.get_yticklabels()] == [*SCORES["model"]]
    assert "accuracy" in ax.get_xlabel()


def test_dots_draw_intervals_to_their_ends_and_tell_eval_sets_apart():
    ax = plots.eval_dots(pd.concat([SCORES, SCORES.assign(eval="synthetic eval")]))
    ends = [path.vertices[:, 0].tolist() for c in ax.collections for path in c.get_paths()]
    assert ends == 2 * [pytest.approx([0.85, 0.95]), pytest.approx([0.6, 0.8])]
    looks = {(line.get_marker(), line.get_color()) for line in ax.lines if len(line.get_xdata())}
    assert len({color for _, color in looks}) == 2
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["real eval", "synthetic eval"]


def test_lifts_draw_intervals_margin_and_verdicts():
    ax = plots.lift_interval(LIFTS, "accuracy")
    spans = [sorted(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2]
    assert [0.06, 0.1] in spans
    assert {text.get_text() for text in ax.texts} == {"helps", "no useful effect"}
    assert "accuracy" in ax.get_xlabel()


def test_alt_texts_tell_the_numbers():
    assert "0.900 [0.850, 0.950]" in plots.describe_slopes(SCORES)
    assert "+0.080 [+0.060, +0.100], helps" in plots.describe_lifts(LIFTS)


def test_given_axes_are_used():
    ax = plots.new_axes()
    assert plots.lift_interval(LIFTS, ax=ax) is ax


def test_shown_figure_is_a_png_with_alt_text(monkeypatch):
    shown = {}
    monkeypatch.setattr("IPython.display.display", lambda bundle, **k: shown.update(bundle, **k))
    plots.show(plots.lift_interval(LIFTS), "told in words")
    assert base64.b64decode(shown["image/png"]).startswith(b"\x89PNG")
    assert shown["metadata"]["image/png"]["alt"] == shown["text/plain"] == "told in words"


CURVES = pd.DataFrame(
    [
        ("real only", 1_000, 0.9, 0.8, 1.0),
        ("real only", 10, 0.6, 0.5, 0.7),
        ("x", 10, 0.5, 0.4, 0.6),
    ],
    columns=["label", "n", "score", "low", "high"],
)


def test_curves_run_by_size_on_a_logarithmic_axis_that_names_it():
    ax = plots.curves(CURVES)
    assert [line.get_xdata().tolist() for line in ax.lines] == [[10, 1_000], [10]]
    assert ax.get_xscale() == "log"
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["10", "1,000"]


def test_bands_of_curves_reach_to_the_ends_of_the_intervals():
    band = plots.curves(CURVES).collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (0.5, 1.0)


def test_curves_in_words():
    assert "x, 10 rows: 0.500 [0.400, 0.600]" in plots.describe_curves(CURVES)


TURNS = pd.DataFrame(
    [("real", 1, 0.8, 0.7, 0.9), ("real", 0, 0.9, 0.8, 1.0), ("own", 0, 0.9, 0.9, 0.9)],
    columns=["label", "generation", "score", "low", "high"],
)


def test_trajectories_run_by_generation_each_with_its_band():
    ax = plots.trajectories(TURNS)
    assert [line.get_xdata().tolist() for line in ax.lines] == [[0, 1], [0]]
    assert ax.lines[0].get_ydata().tolist() == [0.9, 0.8]
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (0.7, 1.0)


def test_trajectories_in_words_tell_where_each_begins_and_ends():
    told = plots.describe_trajectories(TURNS)
    assert "real: 0.900 [0.800, 1.000] in generation 0, 0.800 [0.700, 0.900] in gen" in told
    assert "own: 0.900 [0.900, 0.900] in generation 0, 0.900" in told


GRID = pd.DataFrame(
    [
        ("pima", "SMOTE", 0.03, "helps"),
        ("pima", "copula", -0.02, "inconclusive"),
        ("crx", "copula", -0.05, "hurts"),
    ],
    columns=["row", "column", "lift", "verdict"],
)


def test_a_grid_has_a_colour_a_pair_symmetric_about_zero_and_none_where_nothing_is_known():
    (mesh,) = plots.lift_grid(GRID).collections
    drawn = mesh.get_array()
    assert drawn.filled(9).tolist() == [[0.03, -0.02], [9, -0.05]]
    assert mesh.get_clim() == (-0.05, 0.05)


def test_a_grid_has_dots_where_it_is_sure_alone():
    ax = plots.lift_grid(GRID)
    assert ax.lines[0].get_xydata().tolist() == [[0.5, 0.5], [1.5, 1.5]]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["pima", "crx"]
    assert ax.get_ylim() == (2, 0)


def test_a_grid_of_nothing_but_zeros_can_be_drawn():
    (mesh,) = plots.lift_grid(GRID.assign(lift=0.0)).collections
    assert mesh.get_clim()[1] > 0


def test_a_grid_in_words():
    told = plots.describe_grid(GRID, "AP")
    assert "SMOTE: median +0.030 of 1, 1 help, 0 hurt" in told
    assert "copula: median -0.035 of 2, 0 help, 1 hurt" in told
