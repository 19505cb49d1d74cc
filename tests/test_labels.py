"""What synthetic rows are worth: planted truths, the set by hand, the words, what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats
from simulated import Copier, two_classes
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from synthlab import plots
from synthlab.control.evidence import Draw
from synthlab.control.label_result import LabelValue
from synthlab.control.labels import (
    curve_intervals,
    curve_sizes,
    draw_variance,
    kept_variance,
    label_set,
    label_value,
    stratified_order,
)
from synthlab.dataset import Dataset, fingerprint
from synthlab.errors import ContaminationError, InputError
from synthlab.stats import intervals

COLUMNS = 50


class Discriminant(ClassifierMixin, BaseEstimator):
    """Linear discriminant in closed form: a fit takes no time, and its learning curve is steep."""

    def fit(self, X, y):
        X, (self.classes_, codes) = np.asarray(X), np.unique(y, return_inverse=True)
        means = np.array([X[codes == code].mean(axis=0) for code in (0, 1)])
        within = X - means[codes]
        pooled = within.T @ within / len(X) + 0.1 * np.eye(X.shape[1])
        self.weights = np.linalg.solve(pooled, means[1] - means[0])
        self.cut = means.mean(axis=0) @ self.weights
        return self

    def decision_function(self, X):
        return np.asarray(X) @ self.weights - self.cut

    def predict(self, X):
        return self.classes_[(self.decision_function(X) > 0).astype(int)]


def rows(n, origin, seed, signal=0.5, columns=COLUMNS):
    """Two classes of equal size, without ids: cheap to make by the thousand."""
    rng, y = np.random.default_rng(seed), np.arange(n) % 2
    X = rng.normal(size=(n, columns)) + signal * np.outer(y, np.full(columns, 0.5))
    return Dataset(X, y, origin, f"{origin} {seed}")


def mislabelled(data, seed=0):
    return data.replace(y=np.random.default_rng(seed).permutation(data.y))


def value(synthetic, seed=0, n_eval=2_000, **options):
    """Value synthetic rows by 800 real ones, of which 40 are the start."""
    real_train, real_eval = rows(800, "real", [seed, 1]), rows(n_eval, "real", [seed, 2])
    options = {
        "n_start": 40,
        "grid": [60, 120, 240, 760],
        "n_repeats": 8,
        "model": Discriminant(),
    } | options
    return label_value(real_train, synthetic, real_eval, **options)


def small(synthetic=None, real_train=None, real_eval=None, **options):
    """Value a few rows of a table, quickly."""
    real_train = two_classes(80, seed=1) if real_train is None else real_train
    real_eval = two_classes(200, seed=2) if real_eval is None else real_eval
    synthetic = two_classes(40, "synthetic", seed=3) if synthetic is None else synthetic
    options = {"model": LogisticRegression(), "n_repeats": 2, "grid": [20, 60]} | options
    return label_value(real_train, synthetic, real_eval, **options)


def holds(found, m):
    low = 0 if found.low is None else found.low
    return low <= m <= (np.inf if found.high is None else found.high)


class Fresh(Copier):
    """Knows the truth: draws fresh rows of the real kind, and is worth what it writes."""

    def sample(self, n, rng, label=None):
        return rows(n, "synthetic", int(rng.integers(2**31)))


class Plain(Copier):
    """Copies rows as they are, and says which: of its start, or of what it is told to leak."""

    leaked = None

    def sample(self, n, rng, label=None):
        rows = self.rows if self.leaked is None else self.leaked
        at = rng.integers(len(rows), size=n)
        parents = None if rows.ids is None else [[id] for id in rows.ids[at]]
        copies = rows.replace(ids=None).take(at)
        return copies.replace(origin="synthetic", name="copies", derived_from=parents)


# --- planted truths ------------------------------------------------------------------------


def test_fresh_real_rows_are_worth_their_number():
    found = [value(rows(120, "synthetic", [seed, 3]), seed) for seed in range(20)]
    assert sum(holds(w, 120) for w in found) >= 19
    assert sum(w.kind == "between" for w in found) >= 14, "it must say something, too"
    assert np.median([w.high or 760 for w in found]) < 600


def test_generator_that_knows_the_truth_is_worth_what_it_writes():
    found = [value(Fresh(), seed, n_synth=120) for seed in range(4)]
    assert all(holds(w, 120) for w in found)
    assert all(w.low for w in found)


def test_noise_is_worth_less_than_none():
    for seed in range(4):
        found = value(mislabelled(rows(400, "synthetic", [seed, 3])), seed)
        assert found.kind == "less than none"
        assert (found.low, found.high) == (None, 0)


def test_copies_of_the_start_are_worth_about_none():
    found = value(Plain(), n_synth=400)
    assert found.low is None
    assert found.high is None or found.high <= 60


def test_more_rows_and_better_rows_are_worth_more():
    few, many = (value(rows(n, "synthetic", 9)) for n in (40, 600))
    poor = value(rows(600, "synthetic", 9, signal=0.1))
    assert (few.curve["difference"] > many.curve["difference"]).all()
    assert (poor.curve["difference"] > many.curve["difference"]).all()
    assert many.low > few.low
    assert many.high is None


def test_more_confidence_gives_a_wider_set():
    sure, unsure = (value(rows(120, "synthetic", 3), confidence=c) for c in (0.99, 0.8))
    assert sure.low < unsure.low
    assert sure.high is None or sure.high > unsure.high


def test_more_eval_rows_give_a_narrower_interval():
    few, many = (value(rows(120, "synthetic", 3), n_eval=n) for n in (200, 2_000))
    width = [(w.curve["difference_high"] - w.curve["difference_low"]).mean() for w in (few, many)]
    assert width[0] > 1.3 * width[1]


def test_equal_arms_tell_nothing():
    far = {"signal": 20, "columns": 3}
    found = label_value(
        rows(80, "real", 1, **far),
        rows(40, "synthetic", 2, **far),
        rows(200, "real", 3, **far),
        model=Discriminant(),
        n_repeats=2,
    )
    assert found.curve["score"].eq(1).all()
    assert found.kind == "cannot tell"


@pytest.mark.parametrize("share", [0.04, 0.5])
def test_few_eval_positives_tell_nothing_of_a_ranking(share):
    wrong = two_classes(400, "synthetic", 3, signal=2)
    wrong = wrong.replace(y=np.where(wrong.y == "yes", "no", "yes"))
    real_eval = two_classes(400, seed=2, signal=2, share=share)
    real_train = two_classes(400, seed=1, signal=2)
    found = small(wrong, real_train, real_eval, scoring="roc_auc", n_repeats=4)
    assert found.kind == ("cannot tell" if share == 0.04 else "less than none")


# --- the variances -------------------------------------------------------------------------


def subset_means(n_pool, sizes, n_repeats, rng):
    """Means of nested random subsets of one pool of standard normals, (n_repeats, n_sizes)."""
    pool = rng.normal(size=n_pool)
    orders = np.array([rng.permutation(pool) for _ in range(n_repeats)])
    return np.array([orders[:, :size].mean(axis=1) for size in sizes]).T


def test_what_means_keep_of_additive_scores_is_the_variance_of_the_pool():
    rng, sizes = np.random.default_rng(0), np.array([20, 50, 100, 160, 200])
    found = [kept_variance(subset_means(200, sizes, 10, rng), sizes / 200) for _ in range(800)]
    np.testing.assert_allclose(np.mean(found, axis=0), 1 / 200, rtol=0.1)


def test_luck_of_additive_scores_is_the_variance_of_their_mean():
    rng, n_start, n_synth, found = np.random.default_rng(0), 20, 60, []
    for _ in range(3_000):
        half = rng.normal(size=(2, n_synth // 2)).sum(axis=1) / (n_start + n_synth / 2)
        own = half + rng.normal(scale=0.02, size=(2, 2))  # what two starts add to either half
        found.append(draw_variance(own, (n_start + n_synth / 2) / (n_start + n_synth))[0].variance)
    assert np.mean(found) == pytest.approx(n_synth / (n_start + n_synth) ** 2, rel=0.1)


def test_interval_adds_eval_rows_draws_and_luck():
    values, influence = np.array([[0.1], [0.3], [0.2]]), np.array([[0.1, -0.1, 0.2, -0.2]])
    draw = Draw(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), None)
    luck = [intervals.VarianceTerm("luck", 0.5, 4, 2)]
    found = curve_intervals(values, influence, np.array([0.25]), luck, draw, 0.95)
    eval_rows = 2 * 0.02 + 2 * 0.08  # rows of a class × their variance, ddof 1
    parts = [(2 * 0.02, 1), (2 * 0.08, 1), (0.01 / 3 + 0.25, 2), (0.5, 4)]
    variance = eval_rows + 0.01 / 3 + 0.25 + 0.5
    df = variance**2 / sum(v**2 / df for v, df in parts)
    half = scipy_stats.t.ppf(0.975, df) * np.sqrt(variance)
    np.testing.assert_allclose(found.loc[0], [0.2, 0.2 - half, 0.2 + half])


# --- the order of real rows ----------------------------------------------------------------


def test_every_prefix_has_the_shares_and_every_class():
    y = np.random.default_rng(0).permutation(np.repeat(["a", "b", "c"], [150, 45, 5]))
    order = stratified_order(y, np.array([], dtype=int), np.random.default_rng(1))
    assert sorted(order) == list(range(200))
    assert set(y[order[:3]]) == {"a", "b", "c"}
    counts = np.cumsum(y[order][:, None] == ["a", "b", "c"], axis=0)
    expected = np.arange(1, 201)[:, None] * [0.75, 0.225, 0.025]
    assert np.abs(counts - expected).max() < 2


def test_orders_differ_between_repeats_but_not_between_runs():
    first, other, again = (small(random_state=seed) for seed in (0, 1, 0))
    assert first.to_json() == again.to_json()
    assert not first.curve.equals(other.curve)


def test_inputs_stay_as_they_were():
    sets = [two_classes(80, seed=1), two_classes(40, "synthetic", 3), two_classes(200, seed=2)]
    before, generator = [fingerprint(data) for data in sets], Copier()
    small(sets[1], sets[0], sets[2])
    small(generator, sets[0], sets[2], n_synth=10)
    assert before == [fingerprint(data) for data in sets]
    assert not hasattr(generator, "rows")


def with_ids(data):
    return data.replace(ids=[f"{data.name}/{row}" for row in range(len(data))])


def test_parents_of_recorded_rows_are_in_every_start():
    real = with_ids(two_classes(80, seed=1))
    parents = [[real.ids[7]], [real.ids[11], real.ids[60]]] * 20
    synthetic = two_classes(40, "synthetic", seed=3).replace(derived_from=parents)
    sizes, always = curve_sizes(real, synthetic, 10, None)
    assert always.tolist() == [7, 11, 60]
    for seed in range(5):
        order = stratified_order(real.y, always, np.random.default_rng(seed))
        assert set(order[:3]) == {7, 11, 60}
        assert len(set(real.y[order[: sizes[0]]])) == 2
    assert small(synthetic, real, with_ids(two_classes(200, seed=2))).provenance["n_start"] == 20


# --- the set -------------------------------------------------------------------------------


def curve_of(*points):
    """Make a curve of (m, low end, high end), from a start of 100."""
    frame = pd.DataFrame(points, columns=["m", "difference_low", "difference_high"])
    return frame.assign(n_real=frame["m"] + 100)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(0, -3, -1), (100, -2, 1), (300, -1, 3), (700, 1, 4)], (42, 470, False)),
        ([(0, -3, -1), (300, -2, 1)], (100, None, False)),
        ([(0, -1, 1), (300, 1, 3)], (None, 100, False)),
        ([(0, -1, 1), (300, -1, 3)], (None, None, False)),
        ([(0, 1, 2), (300, 2, 3)], (None, 0, False)),
        ([(0, -3, -2), (312, -2, -1)], (312, None, False)),
        ([(0, -3, -1), (10, -1, 1), (20, -4, -3), (30, -1, 1), (40, 1, 3)], (5, 34, True)),
        ([(0, -1, -1), (1, 1, 1)], (1, 1, False)),
    ],
)
def test_set_by_hand(points, expected):
    # The first ends: halfway in log(100 + m) lie √(100·200) − 100 = 41.4, √(400·800) − 100 = 465.7.
    assert label_set(curve_of(*points)) == expected


def test_ends_are_rounded_outward_to_two_digits_but_not_beyond_what_was_tried():
    low, high, _ = label_set(curve_of((0, -3, -2), (287, -2, 0), (604, 0, 1), (650, 2, 3)))
    assert (low, high) == (280, 610)
    assert label_set(curve_of((0, -3, -2), (287, -2, 0), (604, 0, 1)))[:2] == (280, None)


# --- the words -----------------------------------------------------------------------------


def told(low, high, label=None, rows=None, **changed):
    about = {
        "metric": "accuracy",
        "name": "llm",
        "n_synth": 50_000,
        "n_start": 1_250,
        "n_tried": 3_750,
        "n_real_eval": 885,
        "confidence": 0.95,
        "cost_per_label": label,
        "cost_of_rows": rows,
    }
    curve = pd.DataFrame({"m": [0, 3_750], "n_real": [1_250, 5_000], "score": [0.8, 0.9]})
    curve = curve.assign(low=curve["score"] - 0.01, high=curve["score"] + 0.01)
    settings = {"has_gaps": False, "synthetic": {"score": 0.85, "low": 0.8, "high": 0.9}} | changed
    return LabelValue(low=low, high=high, curve=curve, provenance=about, **settings)


KINDS = [
    (290, 610, "between", "are worth 290 to 610 real labels (accuracy"),
    (290, 290, "between", "are worth 290 real labels"),
    (3_750, None, "at least", "are worth at least 3,750 real labels (3,750 more were at hand)"),
    (None, 120, "at most", "are worth at most 120 real labels, perhaps none or less"),
    (None, 0, "less than none", "are worth less than none: the score is higher without them"),
    (None, None, "cannot tell", "less than none or over 3,750: these data cannot tell"),
]


@pytest.mark.parametrize(("low", "high", "kind", "words"), KINDS)
def test_sentence(low, high, kind, words):
    found = told(low, high)
    assert found.kind == kind
    assert found.is_open == (kind != "between")
    assert found.summary().startswith("these 50,000 synthetic rows (llm) ")
    assert words in found.summary()
    assert "±" not in found.summary()
    assert found.recommendation() == ""


def test_sentence_owns_up_to_gaps():
    assert "not every number in between fits" in told(290, 610, has_gaps=True).summary()


@pytest.mark.parametrize(
    ("low", "high", "spent", "words"),
    [
        (290, 610, 500, "labelling 290 to 610 would cost 145 to 305; the synthetic rows cost 500"),
        (290, 610, 500, ": label."),
        (290, 610, 100, ": generate."),
        (290, 610, 200, ": either may be cheaper."),
        (290, None, 100, "at least 290 would cost at least 145; the synthetic rows cost 100: gen"),
        (290, None, 900, ": either may be cheaper."),
        (None, 120, 61.5, "at most 120 would cost at most 60; the synthetic rows cost 61.5: label"),
        (None, 120, 1, ": either may be cheaper."),
        (None, 0, 1, "the synthetic rows cost 1 and lower the score: do without them."),
        (None, None, 1_000, "cost 1,000; what as good labels would cost, these data cannot tell."),
    ],
)
def test_advice(low, high, spent, words):
    assert words in told(low, high, 0.5, spent).recommendation()


def test_costs_are_those_of_all_rows():
    found = small(cost_per_label=2, cost_per_row=0.25)
    assert found.provenance["cost_of_rows"] == 10
    assert "the synthetic rows cost 10" in found.recommendation()


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_json_html_and_plot_of_every_kind(kind):
    found = told(*KINDS[kind][:2], 1, 2)
    content = json.loads(found.to_json(), parse_constant=pytest.fail)
    assert content["kind"] == KINDS[kind][2]
    assert content["curve"][1]["score"] == 0.9
    assert KINDS[kind][2] in found._repr_html_()
    spans = [patch for patch in found.plot().patches if patch.get_label() == "worth the same"]
    assert len(spans) == (KINDS[kind][2] != "less than none")


def test_real_result_is_strict_json():
    content = json.loads(small().to_json(), parse_constant=pytest.fail)
    assert content["provenance"]["n_tried"] == 60
    assert len(content["provenance"]["fingerprints"]) == 3
    assert set(content) >= {"low", "high", "has_gaps", "summary", "recommendation", "synthetic"}


def test_names_are_escaped():
    found = small(two_classes(40, "synthetic", 3).replace(name="<script>"))
    assert "<script>" not in found._repr_html_()
    assert "<script>" in found.summary()


def test_plot_draws_set_and_both_scores_on_given_axes():
    ax = plots.new_axes()
    assert told(290, 610).plot(ax) is ax
    box = next(patch for patch in ax.patches if patch.get_label() == "worth the same")
    assert (box.get_x(), box.get_x() + box.get_width()) == pytest.approx((1_540, 1_860))
    assert [list(line.get_ydata()) for line in ax.lines] == [[0.8, 0.9], [0.85, 0.85]]


# --- what can be handed in -----------------------------------------------------------------


def test_texts_and_the_default_model():
    def texts(n, origin, seed):
        rng, words = np.random.default_rng(seed), {0: "ham eggs milk bread", 1: "win cash now free"}
        y = np.arange(n) % 2
        lines = [
            " ".join([*rng.choice(words[c].split(), 3), "the", f"id{seed}{i}"])
            for i, c in enumerate(y)
        ]
        return Dataset(pd.Series(lines), y, origin, origin)

    found = small(
        texts(20, "synthetic", 2), texts(60, "real", 1), texts(60, "real", 3), model=None, grid=[30]
    )
    assert found.provenance["n_start"] == 15


@pytest.mark.parametrize("scoring", ["neg_log_loss", "balanced_accuracy"])
def test_three_classes(scoring):
    def three(n, origin, seed):
        data = two_classes(n, origin, seed)
        return data.replace(y=np.where(data.X["x0"] > 1, "third", data.y))

    found = small(
        three(60, "synthetic", 1), three(80, "real", 2), three(200, "real", 3), scoring=scoring
    )
    assert (found.curve["difference_low"] < found.curve["difference_high"]).all()


def test_default_sizes_reach_from_the_start_to_all_rows():
    found = small(real_train=two_classes(800, seed=1), grid=None)
    assert found.curve["m"].iloc[[0, -1]].tolist() == [0, 600]
    assert len(found.curve) == 9
    steps = np.diff(np.log(found.curve["n_real"]))
    assert steps.max() < 1.2 * steps.min()


REAL = two_classes(80, seed=1)
BAD = [
    ({"n_start": 21}, r"n_start=21: expected 2 .* to 20 \(a quarter of real 1\)"),
    ({"n_start": 1}, "n_start=1: expected 2"),
    ({"n_start": 10.5}, r"n_start=10\.5"),
    ({"grid": [20, 61]}, "grid: 61; expected whole numbers from 1 to 60"),
    ({"grid": [2.5]}, r"grid: 2\.5; expected whole"),
    ({"grid": [-3, 5]}, "grid: -3"),
    ({"grid": []}, "grid: no number above 0"),
    ({"grid": [0]}, "grid: no number above 0"),
    ({"n_repeats": 1}, "n_repeats=1: expected a whole number, 2 or more"),
    ({"confidence": 1.0}, "confidence=1.0"),
    ({"n_synth": 10}, "synthetic is a Dataset, n_synth=10"),
    ({"synthetic": Copier()}, "synthetic is a Copier, n_synth=None"),
    ({"synthetic": "mail", "n_synth": 3}, "synthetic is a str"),
    ({"synthetic": Copier(short=2), "n_synth": 10}, "sample returned 8 rows where 10"),
    ({"cost_per_label": -1, "cost_per_row": 1}, "cost_per_label=-1, cost_per_row=1: expected two"),
    ({"cost_per_label": 1}, "cost_per_row=None: expected two costs"),
    ({"cost_per_row": np.inf, "cost_per_label": 1}, "cost_per_row=inf"),
    ({"scoring": "rmse"}, "scoring='rmse'"),
    ({"real_train": REAL.take(REAL.y == "no")}, "expected two classes or more"),
]


@pytest.mark.parametrize(("changed", "message"), BAD)
def test_bad_input_is_told(changed, message):
    with pytest.raises(InputError, match=message):
        small(**changed)


def test_too_many_parents_for_a_start():
    real, real_eval = with_ids(REAL), with_ids(two_classes(200, seed=2))
    synthetic = two_classes(40, "synthetic", 3).replace(derived_from=[[id] for id in real.ids[:40]])
    with pytest.raises(InputError, match="and the 40 rows that the synthetic ones were made from"):
        small(synthetic, real, real_eval)


def test_parents_that_no_start_could_hold():
    real, real_eval = with_ids(REAL), with_ids(two_classes(200, seed=2))
    for stranger in ("elsewhere/1", real_eval.ids[0]):
        synthetic = two_classes(40, "synthetic", 3).replace(derived_from=[[stranger]] * 40)
        with pytest.raises(ContaminationError, match="made from real rows that"):
            small(synthetic, real, real_eval)


def test_generator_must_sample_from_its_start():
    real, real_eval = with_ids(REAL), with_ids(two_classes(200, seed=2))
    assert small(Plain(), real, real_eval, n_synth=10).provenance["name"] == "Plain"
    leaking = Plain()
    leaking.leaked = real
    with pytest.raises(ContaminationError, match=r"outside the 20 that fit\(\) was given"):
        small(leaking, real, real_eval, n_synth=30)


def test_eval_rows_may_not_train():
    real_eval = two_classes(200, seed=2)
    with pytest.raises(ContaminationError, match="have a copy among 200 of the synthetic rows"):
        small(real_eval.replace(origin="synthetic", name="copies"), real_eval=real_eval)
    with pytest.raises(ContaminationError, match="are not synthetic"):
        small(two_classes(40, "real", 3), real_eval=real_eval)
