"""Planted lifts are found, planted nulls are not, and the interval covers the truth."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, get_scorer, make_scorer
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from synthlab.control.lift import evaluate_synthetic_lift
from synthlab.dataset import REAL, SYNTHETIC, Dataset, fingerprint
from synthlab.errors import ContaminationError, InputError
from synthlab.stats import intervals, verdicts

KEYS = (
    "real_only_score",
    "real_plus_synth",
    "lift",
    "ci_low",
    "ci_high",
    "verdict",
    "margin",
    "n_repeats",
    "n_needed",
    "beats_baselines",
)


@pytest.fixture(autouse=True)
def _one_thread():
    """Fits of so few rows only wait for their threads."""
    with threadpool_limits(1):
        yield


# --- data with a known truth ---------------------------------------------------------------


def clouds(n, seed, origin=REAL, labels=(0, 1), columns=2, flipped=0.0):
    """Gaussian clouds, one a label, two apart along the first column; some labels flipped."""
    rng = np.random.default_rng(seed)
    codes = np.arange(n) % len(labels)
    X = rng.normal(size=(n, columns))
    X[:, 0] += 2 * codes
    noisy = np.where(rng.random(n) < flipped, rng.permutation(codes), codes)
    return Dataset(X, np.array(labels)[noisy], origin, f"{origin} clouds")


def trio(n=(12, 1_000, 600), columns=20, **of_synth):
    """Few real rows in many columns, so that more rows of the same kind must help."""
    train, synth, eval = n
    return (
        clouds(train, 1, columns=columns),
        clouds(synth, 2, SYNTHETIC, columns=columns, **of_synth),
        clouds(eval, 3, columns=columns),
    )


def lift_of(*data, model=None, **options):
    model = LogisticRegression() if model is None else model
    options = {"baselines": False, **options}
    return evaluate_synthetic_lift(*(data or trio()), model=model, **options)


# --- arms whose outputs are planted --------------------------------------------------------


class Recites(ClassifierMixin, BaseEstimator):
    """Recites column 0 of eval after few training rows, column 1 after many: no learning."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.column_ = int(len(y) > 50)
        return self

    def decision_function(self, X):
        return X[:, self.column_]

    def predict(self, X):
        return X[:, self.column_].round().astype(int)


class Recalls(ClassifierMixin, BaseEstimator):
    """Gives every row the same probabilities, and remembers how many rows it was shown."""

    def fit(self, X, y):
        self.classes_, self.n_rows_ = np.unique(y), len(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)


class OnlyPredicts(ClassifierMixin, BaseEstimator):
    """Has neither scores nor probabilities."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return (X[:, 0] > 1).astype(int)


def recited(y, control, treated, classes=2, **options):
    """Evaluate arms that give these outputs on eval rows of these labels."""
    y = np.asarray(y)
    eval = Dataset(np.column_stack([control, treated, np.arange(len(y))]), y, REAL, "eval")
    filler = np.column_stack([np.zeros((80, 2)), -1 - np.arange(80)])  # no row of eval
    labels = np.arange(80) % classes
    real = Dataset(filler[:40], labels[:40], REAL)
    synth = Dataset(filler[40:], labels[40:], SYNTHETIC)
    return lift_of(real, synth, eval, model=Recites(), **options)


def hits(y, n_wrong):
    """Predict labels 0 and 1 rightly but for the last rows."""
    wrong = np.arange(len(y)) >= len(y) - n_wrong
    return np.where(wrong, 1 - np.asarray(y), y)


def halves(n):
    return np.arange(n) % 2


# --- planted answers -----------------------------------------------------------------------


@pytest.mark.parametrize("scoring", ["accuracy", "roc_auc", "average_precision", "neg_brier_score"])
def test_informative_rows_help_a_tiny_real_set(scoring):
    result = lift_of(scoring=scoring)
    assert result["verdict"] == "helps"
    assert result["ci_low"] > result["margin"]


@pytest.mark.parametrize("scoring", ["accuracy", "roc_auc", "average_precision"])
def test_rows_with_labels_by_chance_do_not_help(scoring):
    assert lift_of(*trio(flipped=1.0), scoring=scoring)["verdict"] != "helps"


def test_rows_with_the_wrong_labels_hurt():
    assert lift_of(*trio(n=(60, 1_000, 600), labels=(1, 0)))["verdict"] == "hurts"


def test_more_label_noise_means_less_lift():
    lifts = [lift_of(*trio(flipped=share))["lift"] for share in (0.0, 0.7, 1.0)]
    assert lifts == sorted(lifts, reverse=True)


def test_more_of_the_same_rows_are_noise_where_real_rows_abound():
    result = lift_of(*trio(n=(2_000, 200, 2_000), columns=2), margin=0.01)
    assert result["verdict"] == "no useful effect"


def test_models_that_agree_on_all_rows_may_still_differ_on_others():
    """None of n rows is discordant: a share of up to about 3.84/n is not excluded at 95 %."""
    words = {}
    for n in (1, 10, 100, 900):
        y = halves(n)
        result = recited(y, hits(y, n // 5), hits(y, n // 5))
        assert result["lift"] == 0
        most = pytest.approx(3.84 / (n + 3.84), abs=0.001)
        assert (-result["ci_low"], result["ci_high"]) == (most, most)
        words[n] = result["verdict"]
    assert words.pop(900) == "no useful effect"
    assert set(words.values()) == {"inconclusive"}


def test_agreement_of_losses_without_bound_proves_nothing():
    result = lift_of(*trio(), scoring="neg_log_loss", model=Recalls())
    assert result["verdict"] == "inconclusive"
    assert "agree on all 600" in result.reason


def test_the_same_function_twice_has_no_useful_effect_however_few_rows():
    real, synth, held_out = trio(n=(40, 40, 30))
    result = lift_of(real, synth, held_out, model=DummyClassifier(strategy="constant", constant=1))
    assert (result["ci_low"], result["ci_high"]) == (0, 0)
    assert result["verdict"] == "no useful effect"


@pytest.mark.parametrize(("before", "after", "lift"), [(30, 10, 0.1), (10, 30, -0.1), (0, 200, -1)])
def test_the_lift_is_the_difference_that_was_planted(before, after, lift):
    y = halves(200)
    result = recited(y, hits(y, before), hits(y, after))
    assert result["lift"] == pytest.approx(lift)
    assert result["real_only_score"] == 1 - before / 200


@pytest.mark.parametrize("scoring", ["accuracy", "balanced_accuracy", "f1", "neg_log_loss"])
def test_both_scores_are_those_of_scikit_learn(scoring):
    real, synth, eval = trio()
    model, result = LogisticRegression(), lift_of(real, synth, eval, scoring=scoring)
    by_hand = [
        get_scorer(scoring)(clone(model).fit(train.X, train.y), eval.X, eval.y)
        for train in (real, real + synth)
    ]
    ours = [result["real_only_score"], result["real_plus_synth"]]
    assert ours == pytest.approx(by_hand, abs=1e-12)


# --- the interval --------------------------------------------------------------------------


def test_few_discordant_rows_get_tangos_interval():
    y = halves(300)
    result = recited(y, hits(y, 6), hits(y, 1))  # 5 rows gained, none lost
    tango = intervals.paired_score_interval(5, 0, 300)
    assert (result["ci_low"], result["ci_high"]) == pytest.approx((tango.low, tango.high))


def test_many_discordant_rows_get_the_interval_of_paired_differences():
    y = halves(400)
    result = recited(y, hits(y, 100), hits(y, 60))
    half = 1.966 * (0.1 - 0.1**2) ** 0.5 / 400**0.5  # t of 399 degrees of freedom
    assert result["ci_low"] == pytest.approx(0.1 - half, rel=0.01)
    assert result["ci_high"] == pytest.approx(0.1 + half, rel=0.01)


def test_more_confidence_takes_a_wider_interval():
    narrow, wide = (lift_of(confidence=confidence) for confidence in (0.8, 0.99))
    assert wide["ci_low"] < narrow["ci_low"] < narrow["ci_high"] < wide["ci_high"]


def test_more_eval_rows_give_a_narrower_interval():
    few, many = (lift_of(*trio(n=(12, 300, n))) for n in (300, 3_000))
    assert many["ci_high"] - many["ci_low"] < few["ci_high"] - few["ci_low"]


def test_an_interval_is_a_point_only_where_the_arms_are_identical():
    y = halves(100)
    result = recited(y, np.zeros(100), y)  # every positive is gained, nothing else changes
    assert result["ci_low"] < result["lift"] == 0.5


def test_both_arms_wrong_in_different_ways_are_not_certainly_equal():
    result = recited(np.zeros(90, int), np.full(90, 1), np.full(90, 2), classes=3)
    assert result["lift"] == 0
    assert result["ci_low"] < 0 < result["ci_high"]


@pytest.mark.parametrize("scoring", ["accuracy", "roc_auc"])
def test_the_interval_covers_the_true_lift_as_often_as_it_says(scoring):
    options = {"model": GaussianNB(), "scoring": scoring}
    real, synth = clouds(20, 1), clouds(100, 2, SYNTHETIC, flipped=0.4)
    truth = lift_of(real, synth, clouds(200_000, 3), **options)["lift"]
    covered = []
    for seed in range(200):
        result = lift_of(real, synth, clouds(200, 1_000 + seed), **options)
        covered.append(result["ci_low"] <= truth <= result["ci_high"])
    assert 0.90 <= np.mean(covered) <= 0.99


# --- no confident word by accident ---------------------------------------------------------


@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision", "f1"])
def test_fewer_than_20_rows_of_the_rarer_class_are_inconclusive(scoring):
    y = np.repeat([0, 1], [181, 19])
    result = recited(y, 1 - y, y, scoring=scoring)
    assert result["lift"] > 0.5
    assert result["verdict"] == "inconclusive"
    assert result.reason == "only 19 evaluation rows of the rarest class, 20 are needed"


def test_20_rows_of_the_rarer_class_are_enough():
    y, rng = np.repeat([0, 1], [180, 20]), np.random.default_rng(4)
    noise = rng.normal(size=200)
    assert recited(y, noise, y + 0.3 * noise, scoring="roc_auc")["verdict"] == "helps"


@pytest.mark.parametrize("scoring", ["balanced_accuracy", "f1"])
def test_fewer_than_10_discordant_rows_are_inconclusive(scoring):
    y = halves(2_000)
    result = recited(y, hits(y, 9), hits(y, 0), scoring=scoring)
    assert result["verdict"] == "inconclusive"
    assert result.reason == "the models differ on only 9 rows, 10 are needed"


def test_perfect_arms_are_inconclusive_for_a_reason_that_is_true():
    y = halves(100)
    result = recited(y, y, 2 * y, scoring="roc_auc")
    assert result["verdict"] == "inconclusive"
    assert "only" not in result.reason


@pytest.mark.parametrize("scoring", ["neg_log_loss", "neg_brier_score", "accuracy"])
def test_models_differ_on_no_more_rows_than_there_are(scoring):
    n_discordant = lift_of(scoring=scoring).reason.split()[-1]
    assert 0 < int(n_discordant) <= 600


def test_a_class_of_one_row_gives_no_verdict_by_balanced_accuracy():
    y = np.repeat([0, 1, 2], [100, 100, 1])
    result = recited(y, np.zeros(201, int), y, classes=3, scoring="balanced_accuracy")
    assert result["verdict"] == "inconclusive"
    assert "only 1 evaluation rows of the rarest class" in result.reason


# --- what would settle it ------------------------------------------------------------------


def open_lift(times=1.0, **options):
    """A lift of 0.05, of 35 % discordant rows, among 200 eval rows times so many."""
    y = halves(2 * int(100 * times))
    control, rank = hits(y, round(0.2 * len(y))), np.arange(len(y))
    return recited(y, control, np.where(rank < 0.15 * len(y), 1 - y, y), **options)


def test_a_settled_lift_needs_nothing():
    assert lift_of()["n_needed"] is None


def test_an_open_lift_needs_more_eval_rows_than_it_had():
    result = open_lift()
    assert result["verdict"] == "inconclusive"
    even, likely = result["n_needed"]["eval_rows"]
    assert 200 < even < likely


def test_so_many_eval_rows_settle_it_as_often_as_it_says():
    """The truth is drawn from what the first sample leaves possible, then a new sample is drawn."""
    first = open_lift().comparison
    rng, settled = np.random.default_rng(0), {}
    for n in first.n_needed["eval_rows"]:
        truths = rng.normal(0.05, (first.ci_high - first.ci_low) / 3.92, size=2_000)
        se = np.sqrt(0.35 - truths**2) / np.sqrt(n)
        found = rng.normal(truths, se)
        words = [
            verdicts.verdict(f - 1.96 * s, f + 1.96 * s, 0.005)
            for f, s in zip(found, se, strict=True)
        ]
        settled[n] = np.mean([word != "inconclusive" for word in words])
    assert list(settled.values()) == pytest.approx([0.5, 0.9], abs=0.05)


def test_too_few_rare_rows_need_as_many_more_as_are_missing():
    y, rng = np.repeat([0, 1], [90, 10]), np.random.default_rng(5)
    noise = rng.normal(size=100)
    result = recited(y, noise, y + 0.3 * noise, scoring="roc_auc")
    assert result["n_needed"]["eval_rows"][0] >= 200


def test_the_advice_names_what_is_needed():
    result = open_lift()
    even, likely = result["n_needed"]["eval_rows"]
    assert f"{even:,} evaluation rows" in result.recommendation()
    assert f"90 % chance {likely:,}" in result.recommendation()


# --- seeds ---------------------------------------------------------------------------------


def test_a_fit_that_does_not_depend_on_its_seed_is_not_repeated():
    result = lift_of(n_seeds=4)
    assert result["n_repeats"] == 1
    assert result.arms["arm"].tolist() == ["real_only", "real_plus_synth"]


def test_a_random_forest_is_fitted_with_every_seed():
    result = lift_of(model=RandomForestClassifier(3), n_seeds=4)
    assert result["n_repeats"] == 4
    assert result.arms.groupby("arm")["seed"].nunique().tolist() == [4, 4]


def test_two_equal_fits_do_not_make_a_model_seedless():
    """A stump whose first two seeds agree by chance is fitted by all seeds all the same."""
    result = lift_of(model=DecisionTreeClassifier(max_depth=1), n_seeds=5)
    assert result["n_repeats"] == 5


def test_both_arms_get_the_same_seeds():
    arms = lift_of(model=RandomForestClassifier(3), n_seeds=3).arms
    by_arm = arms.groupby("arm")["seed"].apply(tuple)
    assert by_arm["real_only"] == by_arm["real_plus_synth"]


def test_the_scores_are_the_means_over_the_seeds():
    result = lift_of(model=RandomForestClassifier(3), n_seeds=3)
    means = result.arms.groupby("arm")["score"].mean()
    assert result["real_only_score"] == pytest.approx(means["real_only"])
    assert result["lift"] == pytest.approx(means["real_plus_synth"] - means["real_only"])


def test_an_erratic_model_gets_a_wider_interval():
    erratic, steady = (lift_of(model=RandomForestClassifier(n), n_seeds=5) for n in (1, 40))
    assert erratic["ci_high"] - erratic["ci_low"] > steady["ci_high"] - steady["ci_low"]


def test_the_same_random_state_gives_the_same_result():
    forest = RandomForestClassifier(3)
    first, second = (lift_of(model=forest, n_seeds=2, random_state=7).to_json() for _ in range(2))
    assert first == second


def test_another_random_state_gives_another_fit():
    forest = RandomForestClassifier(3)
    first, second = (lift_of(model=forest, n_seeds=2, random_state=s) for s in (7, 8))
    assert first.arms["score"].tolist() != second.arms["score"].tolist()


def test_the_seed_of_the_model_itself_has_no_part_in_it():
    forests = (RandomForestClassifier(3, random_state=seed) for seed in (1, 2))
    first, second = (lift_of(model=forest, n_seeds=2).to_json() for forest in forests)
    assert first == second


# --- margin --------------------------------------------------------------------------------


def test_the_margin_is_half_a_point_where_none_is_given():
    assert lift_of()["margin"] == 0.005


@pytest.mark.parametrize("scoring", ["neg_log_loss", "neg_brier_score"])
def test_the_margin_of_a_loss_is_a_hundredth_of_the_controls(scoring):
    result = lift_of(scoring=scoring)
    assert result["margin"] == pytest.approx(-0.01 * result["real_only_score"])


def test_a_lift_below_the_margin_does_not_help():
    assert lift_of(margin=0.0)["verdict"] == "helps"
    assert lift_of(margin=0.9)["verdict"] == "no useful effect"


# --- zero-cost baselines ---------------------------------------------------------------------


def test_baselines_change_no_verdict():
    alone, beside = (lift_of(baselines=baselines).comparison for baselines in (False, True))
    assert alone == beside


def test_too_few_positives_beat_no_baseline_either():
    y, rng = np.repeat([0, 1], [194, 6]), np.random.default_rng(4)
    noise = rng.normal(size=200)
    result = recited(y, noise, y + 0.3 * noise, scoring="roc_auc", baselines=True)
    assert result["beats_baselines"] is False
    assert set(result.baselines["verdict"]) == {"inconclusive"}


def test_a_model_that_predicts_one_class_alone_gets_a_verdict_beside_baselines():
    result = open_lift(baselines=True)  # on training rows, it recites zeros
    assert result["lift"] == pytest.approx(0.05)


# --- classes -------------------------------------------------------------------------------


def three_classes():
    labels = ("bulk", "ham", "spam")
    origins = ((30, 1, REAL), (300, 2, SYNTHETIC), (300, 3, REAL))
    return [clouds(n, seed, origin, labels, columns=10) for n, seed, origin in origins]


@pytest.mark.parametrize("scoring", ["accuracy", "balanced_accuracy", "neg_log_loss"])
def test_three_classes_can_be_scored(scoring):
    result = lift_of(*three_classes(), scoring=scoring)
    assert result["ci_low"] < result["lift"] < result["ci_high"]


@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision", "f1", "neg_brier_score"])
def test_three_classes_are_refused_by_a_metric_of_two(scoring):
    with pytest.raises(InputError, match=f"scoring='{scoring}' needs two classes"):
        lift_of(*three_classes(), scoring=scoring)


def test_named_classes_give_the_lift_of_numbered_ones():
    numbered = lift_of(scoring="f1")
    named = [data.replace(y=np.array(["ham", "spam"])[data.y]) for data in trio()]
    assert lift_of(*named, scoring="f1").comparison == numbered.comparison


# --- the result ----------------------------------------------------------------------------


def test_the_result_is_a_mapping_of_the_documented_keys():
    result = lift_of()
    assert tuple(result) == KEYS
    assert len(result) == len(KEYS)


def test_the_result_cannot_be_written():
    with pytest.raises(TypeError, match="does not support item assignment"):
        lift_of()["lift"] = 1.0


def test_the_lift_is_the_second_score_less_the_first():
    result = lift_of()
    difference = result["real_plus_synth"] - result["real_only_score"]
    assert result["lift"] == pytest.approx(difference, abs=1e-15)


def test_arms_tell_how_many_rows_they_trained_on():
    arms = lift_of().arms.set_index("arm")
    assert arms["n_train"].to_dict() == {"real_only": 12, "real_plus_synth": 1_012}
    assert arms["n_synth"].to_dict() == {"real_only": 0, "real_plus_synth": 1_000}


def test_the_frame_is_one_row_of_all_keys_and_the_reason():
    result = lift_of()
    (row,) = result.to_frame().to_dict("records")
    assert row == {**result, "reason": result.reason}


def strictly(name):
    raise AssertionError(f"{name} is no JSON")


@pytest.mark.parametrize("options", [{}, {"random_state": np.int64(3), "margin": np.float32(0.5)}])
def test_json_is_strict_and_holds_everything(options):
    result = lift_of(model=RandomForestClassifier(3), n_seeds=2, **options)
    content = json.loads(result.to_json(), parse_constant=strictly)
    assert {key: content[key] for key in ("lift", "verdict")} == {
        key: result[key] for key in ("lift", "verdict")
    }
    assert content["arms"] == result.arms.to_dict("records")
    assert content["provenance"]["n_real_eval"] == 600


def test_html_escapes_what_it_shows():
    result = lift_of()
    comparison = replace(result.comparison, reason="<script>alert('x & y')</script>")
    html = replace(result, comparison=comparison)._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;alert(&#x27;x &amp; y&#x27;)" in html


# --- what it leaves alone ------------------------------------------------------------------


def test_the_data_are_not_changed():
    data = trio()
    before = [fingerprint(d) for d in data]
    lift_of(*data)
    assert [fingerprint(d) for d in data] == before


def test_the_model_is_not_fitted():
    model = LogisticRegression()
    lift_of(model=model)
    assert not hasattr(model, "classes_")


def test_equal_data_have_equal_fingerprints():
    assert fingerprint(clouds(9, 1)) == fingerprint(clouds(9, 1))


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.replace(X=d.X + 1e-9),
        lambda d: d.replace(y=1 - d.y),
        lambda d: d.replace(origin=SYNTHETIC),
        lambda d: d.take(np.arange(9)[::-1]),
    ],
    ids=["features", "labels", "origin", "order"],
)
def test_a_fingerprint_changes_with_the_data(change):
    assert fingerprint(change(clouds(9, 1))) != fingerprint(clouds(9, 1))


# --- what is refused -----------------------------------------------------------------------


def refusal(*data, **options) -> str:
    with pytest.raises(InputError) as caught:
        lift_of(*data, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("n_seeds", 1, "2 or more"),
        ("n_seeds", 0, "2 or more"),
        ("n_seeds", 2.5, "2 or more"),
        ("margin", -0.01, "0 or more"),
        ("margin", float("nan"), "0 or more"),
        ("margin", float("inf"), "0 or more"),
        ("confidence", 0, "between 0 and 1"),
        ("confidence", 1, "between 0 and 1"),
        ("confidence", 95, "between 0 and 1"),
        ("random_state", -1, "0 or more"),
    ],
)
def test_bad_settings_are_refused(name, value, expected):
    text = refusal(**{name: value})
    assert f"{name}={value}: expected" in text
    assert expected in text


def test_an_unknown_metric_is_refused():
    assert "scoring='auc': expected the name of a scorer" in refusal(scoring="auc")


@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision", "neg_brier_score"])
def test_a_model_without_scores_is_refused_by_a_metric_that_needs_them(scoring):
    text = refusal(model=OnlyPredicts(), scoring=scoring)
    assert "OnlyPredicts has no" in text
    assert "scoring='accuracy'" in text


def test_a_contaminated_comparison_is_refused():
    real, _, eval = trio()
    with pytest.raises(ContaminationError, match=r"600 evaluation rows .* have a copy"):
        lift_of(real, eval.replace(origin=SYNTHETIC), eval)


def framed(data, columns):
    return data.replace(X=pd.DataFrame(data.X[:, : len(columns)], columns=columns))


def test_eval_without_a_column_of_training_is_refused():
    real, synth, eval = trio()
    text = refusal(framed(real, ["a", "b"]), framed(synth, ["a", "b"]), framed(eval, ["a"]))
    assert "b" in text
    assert "column" in text


def test_eval_of_another_kind_than_training_is_refused():
    real, synth, eval = trio(columns=2)
    text = refusal(framed(real, ["a", "b"]), framed(synth, ["a", "b"]), eval)
    assert "DataFrame" in text


@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision"])
@pytest.mark.parametrize("label", [0, 1])
def test_an_eval_set_of_one_class_cannot_be_ranked(scoring, label):
    real, synth, eval = trio()
    text = refusal(real, synth, eval.take(eval.y == label), scoring=scoring)
    assert "one class" in text or f"{label!r}" in text


def test_labels_of_another_type_are_refused():
    real, synth, eval = trio()
    assert "label" in refusal(real, synth.replace(y=synth.y.astype(str)), eval)


def test_a_model_that_cannot_take_the_columns_is_refused():
    words = [framed(d, ["a"]) for d in trio()]
    words = [d.replace(X=d.X.astype(str) + " a") for d in words]
    assert "the model cannot be fitted on real clouds (12 rows)" in refusal(*words)


# --- any scorer ----------------------------------------------------------------------------


def test_a_bootstrapped_scorer_agrees_with_the_gradient_of_the_same_metric():
    """The same f1: once by its gradient, once as somebody's own scorer."""
    sets = trio(flipped=0.3)
    known = lift_of(*sets, scoring="f1", baselines=False)
    own = lift_of(*sets, scoring=make_scorer(f1_score, pos_label=1), baselines=False)
    assert own["lift"] == pytest.approx(known["lift"], abs=1e-12)
    assert own["ci_high"] - own["ci_low"] == pytest.approx(
        known["ci_high"] - known["ci_low"], rel=0.12
    )


def test_the_bootstrap_is_drawn_by_random_state():
    ends = [
        lift_of(*trio(), scoring="f1_macro", baselines=False, random_state=state)["ci_low"]
        for state in (3, 3, 4)
    ]
    assert ends[0] == ends[1] != ends[2]


def test_a_named_scorer_has_all_baselines():
    result = lift_of(*trio(), scoring="recall", n_seeds=2, baselines=True)
    assert set(result.baselines["baseline"]) >= {"duplicated real rows", "tuned threshold"}
    assert result.provenance["metric"] == "recall"


def test_recall_can_be_had_for_free_by_a_threshold():
    """Everything called positive has recall 1: no synthetic row beats that."""
    result = lift_of(*trio(), scoring="recall", n_seeds=2, baselines=True)
    rival = result.baselines.set_index("baseline").loc["tuned threshold"]
    assert rival["score"] > 0.9
    assert rival["verdict"] != "helps"


def test_few_positives_are_too_few_for_any_scorer_of_two_classes():
    real, synth, _ = trio()
    few = Dataset(clouds(200, 8, columns=20).X, (np.arange(200) < 10).astype(int), REAL, "few")
    result = lift_of(real, synth, few, scoring="f1_macro", baselines=False)
    assert result["verdict"] == "inconclusive"
    assert "only 10 evaluation rows of the rarest class" in result.reason


def test_a_loss_by_any_name_gets_one_percent_of_the_controls():
    def neg_error_rate(estimator, X, y):
        return -float((estimator.predict(X) != y).mean())

    result = lift_of(*trio(), scoring=neg_error_rate, baselines=False)
    assert result["margin"] == pytest.approx(-0.01 * result["real_only_score"])
