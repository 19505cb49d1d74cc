"""Pictures draw what they are handed, hue means origin, and words say what is seen."""

import base64
import colorsys

import pandas as pd
import pytest
from matplotlib.figure import Figure

from synthlab import palette, plots

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
CURVES = pd.DataFrame(
    [
        ("real only", 1_000, 0.9, 0.8, 1.0),
        ("real only", 10, 0.6, 0.5, 0.7),
        ("x", 10, 0.5, 0.4, 0.6),
    ],
    columns=["label", "n", "score", "low", "high"],
)
TURNS = pd.DataFrame(
    [("real", 1, 0.8, 0.7, 0.9), ("real", 0, 0.9, 0.8, 1.0), ("own", 0, 0.9, 0.9, 0.9)],
    columns=["label", "generation", "score", "low", "high"],
)
GRID = pd.DataFrame(
    [
        ("pima", "SMOTE", 0.03, "helps"),
        ("pima", "copula", -0.02, "inconclusive"),
        ("crx", "copula", -0.05, "hurts"),
    ],
    columns=["row", "column", "lift", "verdict"],
)
DRAWN = {
    plots.eval_dots: SCORES,
    plots.lift_interval: LIFTS,
    plots.curves: CURVES,
    plots.trajectories: TURNS,
    plots.lift_grid: GRID,
}


def hue(color):
    return colorsys.rgb_to_hls(*(int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)))[0]


def points(ax):
    """Return the color and the positions of each series of points."""
    drawn = [line for line in ax.lines if line.get_marker() not in ("None", "", "_", "|")]
    return [(line.get_color(), line.get_xydata().tolist()) for line in drawn]


# --- colors --------------------------------------------------------------------------------


def test_origins_have_hues_of_their_own_and_everything_else_is_gray():
    real, synthetic, both, other = palette.series_colors(
        ["real only", "synthetic only", "real + synthetic", "another"]
    )
    assert (real, synthetic, both) == (palette.REAL, palette.SYNTHETIC, palette.BOTH)
    assert other[1:3] == other[3:5] == other[5:7]


def test_series_of_one_origin_share_the_hue_and_differ_in_lightness():
    colors = palette.series_colors(["real", None, "real", "real", None])
    blues = [colors[n] for n in (0, 2, 3)]
    assert [hue(blue) for blue in blues] == pytest.approx(3 * [hue(palette.REAL)], abs=0.01)
    assert len(set(colors)) == 5
    lightness = [sum(int(blue[at : at + 2], 16) for at in (1, 3, 5)) for blue in blues]
    assert lightness == sorted(lightness)


def test_an_origin_column_decides_over_names():
    frame = TURNS.assign(origin=TURNS["label"].map({"real": "real", "own": "synthetic"}))
    assert [color for color, _ in points(plots.trajectories(frame))] == [
        palette.REAL,
        palette.SYNTHETIC,
    ]


# --- scores --------------------------------------------------------------------------------


def test_dots_draw_every_score_in_the_row_of_its_model():
    ax = plots.eval_dots(SCORES, "accuracy")
    assert points(ax) == [(palette.REAL, [[0.9, 0.0], [0.7, 1.0]])]
    assert [label.get_text() for label in ax.get_yticklabels()] == [*SCORES["model"]]
    assert "accuracy" in ax.get_xlabel()


def test_rows_may_be_evaluation_sets_with_a_point_per_model():
    ax = plots.eval_dots(SCORES, rows="eval")
    assert [(color, xy[0][0]) for color, xy in points(ax)] == [
        (palette.REAL, 0.9),
        (palette.SYNTHETIC, 0.7),
    ]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["real eval"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [*SCORES["model"]]


def test_intervals_of_dots_reach_to_their_ends():
    ax = plots.eval_dots(SCORES)
    ends = [path.vertices[:, 0].tolist() for c in ax.collections for path in c.get_paths()]
    assert ends == [pytest.approx([0.85, 0.95]), pytest.approx([0.6, 0.8])]


def test_curves_run_by_size_on_a_logarithmic_axis_that_names_it():
    ax = plots.curves(CURVES)
    assert [line.get_xdata().tolist() for line in ax.lines] == [[10, 1_000], [10]]
    assert ax.get_xscale() == "log"
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["10", "1,000"]


def test_ticks_that_would_run_into_each_other_are_left_out():
    rows = [("x", n, 0.5, 0.4, 0.6) for n in (20, 5_000, 10_000, 50_000)]
    ax = plots.curves(pd.DataFrame(rows, columns=CURVES.columns))
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["20", "10,000", "50,000"]


def test_lines_run_by_generation_each_with_its_band_to_the_ends_of_the_intervals():
    ax = plots.trajectories(TURNS)
    assert [line.get_xdata().tolist() for line in ax.lines] == [[0, 1], [0]]
    assert ax.lines[0].get_ydata().tolist() == [0.9, 0.8]
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (0.7, 1.0)


def test_lines_are_named_where_they_end_and_names_keep_apart():
    ends = [("a", 0.5), ("b", 0.501), ("c", 0.502)]
    rows = [(name, n, y, y, y) for name, y in ends for n in (10, 100)]
    ax = plots.curves(pd.DataFrame(rows, columns=CURVES.columns))
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert [text.get_text() for text in ax.texts] == ["a", "b", "c"]
    assert not any(a.overlaps(b) for a in boxes for b in boxes if a is not b)


# --- lifts ---------------------------------------------------------------------------------


def test_lifts_draw_intervals_margin_and_verdicts():
    ax = plots.lift_interval(LIFTS, "accuracy")
    spans = [path.vertices[:, 0].tolist() for c in ax.collections for path in c.get_paths()]
    assert spans == [[0.06, 0.1], [-0.005, 0.004]]
    assert [text.get_text() for text in ax.texts] == ["helps", "no useful effect"]
    assert "accuracy" in ax.get_xlabel()
    assert "±0.01" in ax.figure.legends[0].get_texts()[0].get_text()


def test_verdicts_stand_in_ink_to_the_right_of_the_axes():
    for lift in (-0.08, 0.0, 0.08):
        frame = LIFTS.assign(lift=lift, ci_low=lift - 0.1, ci_high=lift + 0.1)
        ax = plots.lift_interval(frame)
        ax.figure.draw_without_rendering()
        right = ax.get_window_extent().x1
        assert all(text.get_window_extent().x0 > right for text in ax.texts)
        assert {text.get_color() for text in ax.texts} == {palette.INK}


def test_a_grid_has_a_color_per_pair_symmetric_about_zero_and_none_where_nothing_is_known():
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


# --- all of them ---------------------------------------------------------------------------


def test_pictures_fit_a_page_and_nothing_is_cut_off():
    for draw, frame in DRAWN.items():
        figure = draw(frame).figure
        figure.draw_without_rendering()
        box = figure.get_tightbbox()
        assert figure.get_figwidth() == plots.WIDTH, draw
        assert box.x0 >= -0.01, draw
        assert box.x1 <= plots.WIDTH + 0.01, draw


def test_given_axes_are_used():
    for draw, frame in DRAWN.items():
        ax = plots.new_axes()
        assert draw(frame, ax=ax) is ax


@pytest.fixture
def shown(monkeypatch):
    found = {}
    monkeypatch.setattr("IPython.display.display", lambda bundle, **k: found.update(bundle, **k))
    return found


def test_shown_figure_is_a_png_with_alt_text(shown):
    plots.show(plots.lift_interval(LIFTS), "told in words")
    assert base64.b64decode(shown["image/png"]).startswith(b"\x89PNG")
    assert shown["metadata"]["image/png"]["alt"] == shown["text/plain"] == "told in words"


def test_a_long_title_is_wrapped_to_the_figure(shown):
    ax = plots.lift_interval(LIFTS)
    ax.set_title("a title that is wider than any figure of this course could be, " * 2)
    plots.show(ax, "words")
    box = ax.figure.get_tightbbox()
    assert box.x1 <= plots.WIDTH + 0.01
    assert box.y1 <= ax.figure.get_figheight() + 0.01


def test_titles_of_several_panels_stay_where_they_are(shown):
    panels = Figure(layout="constrained").subplots(1, 2)
    for name, ax in zip("ab", panels, strict=True):
        ax.set_title(name)
    plots.show(panels[0], "words")
    assert [ax.get_title() for ax in panels] == ["a", "b"]


# --- in words ------------------------------------------------------------------------------


def test_dots_in_words_tell_the_best_and_the_worst_model_on_each_evaluation_set():
    assert plots.describe_dots(SCORES) == (
        "Accuracy: on real eval from 0.700 (synthetic only) to 0.900 (real only)."
    )
    alone = SCORES.iloc[:1].assign(eval="later\nmail")
    assert plots.describe_dots(alone) == "Accuracy: on later mail 0.900 (real only)."


def test_lifts_in_words_tell_the_range_and_who_gets_which_verdict():
    assert plots.describe_lifts(LIFTS, "AP") == (
        "Lift in AP, from +0.000 (many) to +0.080 (few): helps for few; no useful effect for many."
    )


def test_many_lifts_are_counted_not_listed():
    many = pd.concat([LIFTS.iloc[:1]] * 9 + [LIFTS.iloc[1:]])
    told = plots.describe_lifts(many)
    assert "helps for 9 of 10; no useful effect for many" in told
    assert len(told) < 120
    assert plots.describe_lifts(many.iloc[:9]).endswith(": helps for all 9.")


def test_lines_in_words_say_whether_they_rise_or_fall_and_nothing_where_intervals_overlap():
    rising, flat = plots.describe_curves(CURVES).split("; ")
    assert rising == "Accuracy by number of rows: real only rises from 0.600 to 0.900 at 1,000 rows"
    assert flat == "x is 0.500 at 10 rows."
    told = plots.describe_trajectories(TURNS, "share")
    assert "real shows no clear change, 0.900 to 0.800 at generation 1" in told
    falling = plots.describe_trajectories(TURNS.assign(low=TURNS["score"], high=TURNS["score"]))
    assert "real falls from 0.900 to 0.800" in falling


def test_a_grid_in_words():
    assert plots.describe_grid(GRID, "AP") == (
        "Lift in AP of 2 recipes on 2 data sets: of 3 pairs 1 help and 1 hurt; the medians of the "
        "recipes range from -0.035 (copula) to +0.030 (SMOTE)."
    )


def test_panels_fill_rows_and_share_one_score_axis():
    panels = {str(number): CURVES for number in range(3)}
    figure = plots.curve_panels(panels, "lift", "synthetic rows", n_columns=2).figure
    assert len(figure.axes) == 3
    assert [ax.get_title() for ax in figure.axes] == list(panels)
    assert {ax.get_xlabel() for ax in figure.axes} == {"synthetic rows"}
    assert [ax.get_ylabel() for ax in figure.axes] == ["lift", "", "lift"]
    assert len({ax.get_ylim() for ax in figure.axes}) == 1
