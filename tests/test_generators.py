"""One contract for all generators; and texts of n-grams and labels of a machine, as promised."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise, product
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from cases import failing, refusal, unclear
from simulated import two_classes, zipf_texts
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from synthlab.dataset import Dataset
from synthlab.edges.aiming import aim
from synthlab.edges.labelers import HeldOutRows
from synthlab.generators.base import draw
from synthlab.generators.copula import GaussianCopula
from synthlab.generators.mixture import MixtureOfGaussians
from synthlab.generators.ngram import NgramText
from synthlab.generators.oversample import OverSample, as_copies
from synthlab.generators.perturb import Perturb
from synthlab.generators.pseudo import PseudoLabels
from synthlab.generators.smote import Smote
from synthlab.generators.trees import SequentialTrees
from synthlab.text.tokens import tokenize

TEXT_MODEL = make_pipeline(CountVectorizer(), LogisticRegression())
FOREST = RandomForestClassifier(5)  # its random_state is nobody's: each fit is another


def mixed(n=80, seed=0):
    """Numbers, counts, truth values and names, with a gap here and there, and a text label."""
    rows, rng = two_classes(n, seed=seed, columns=2), np.random.default_rng(seed)
    X = rows.X.assign(
        visits=rng.poisson(3, n),
        owner=rng.random(n) < 0.3,
        town=pd.Categorical(rng.choice(["Ulm", "Bonn"], n), categories=["Bonn", "Kiel", "Ulm"]),
        x0=rows.X["x0"].where(rng.random(n) < 0.9),
    )
    return Dataset(X, rows.y, "real", "mixed")


def gapless():
    """The same kinds of columns, without a gap."""
    rows = mixed()
    return rows.replace(X=rows.X.fillna({"x0": 0.0}))


def as_array(rows):
    return rows.replace(X=rows.X.to_numpy(np.float32), y=np.arange(len(rows)) % 3)


@dataclass
class Case:
    """A generator, and rows that it can learn from."""

    generator: Any
    rows: Dataset


CASES = {
    "2-grams": Case(NgramText(), zipf_texts(60)),
    "3-grams": Case(NgramText(n=3), zipf_texts(60)),
    "pseudo-labelled texts": Case(
        PseudoLabels(zipf_texts(200, seed=1), TEXT_MODEL, 0.5), zipf_texts(60)
    ),
    "pseudo-labelled table": Case(
        PseudoLabels(two_classes(200, seed=1), FOREST, 0.5), two_classes(60)
    ),
    "copula": Case(GaussianCopula(), mixed()),
    "copula of an array": Case(GaussianCopula(), as_array(two_classes(60))),
    "over-sampled table": Case(OverSample(), mixed()),
    "over-sampled array": Case(OverSample(), as_array(two_classes(60))),
    "over-sampled texts": Case(OverSample(), zipf_texts(60)),
    "perturbed": Case(Perturb(), mixed()),
    "perturbed array": Case(Perturb(), as_array(two_classes(60))),
    "SMOTE": Case(Smote(), two_classes(60)),
    "SMOTE-NC": Case(Smote(), gapless()),
    "SMOTE of an array": Case(Smote(), as_array(two_classes(60))),
    "Borderline-SMOTE": Case(Smote("borderline"), two_classes(120, signal=0.5)),  # borders remain
    "Borderline-SMOTE of an array": Case(Smote("borderline"), as_array(two_classes(60))),
    "ADASYN": Case(Smote("adasyn"), two_classes(60)),
    "ADASYN of an array": Case(Smote("adasyn", n_neighbors=3), as_array(two_classes(60))),
    "mixture of numbers": Case(MixtureOfGaussians(), two_classes(60)),
    "mixture with categories": Case(MixtureOfGaussians(), gapless()),
    "mixture of an array": Case(MixtureOfGaussians(), as_array(two_classes(60))),
    "copula aimed at corners": Case(aim(GaussianCopula(), share=0.3), gapless()),
    "2-grams aimed at the middle": Case(aim(NgramText(), "middle"), zipf_texts(60)),
    "mixture aimed anywhere": Case(aim(MixtureOfGaussians(), "anywhere"), two_classes(60)),
    "held-out rows": Case(HeldOutRows(two_classes(200, seed=1)), two_classes(60)),
    "sequential trees": Case(SequentialTrees(), mixed()),
    "sequential trees of an array": Case(SequentialTrees(), as_array(two_classes(60))),
}


def sample(case, n=40, label=None, seed=0, rows=None):
    """Fit and sample by one seed, from scratch."""
    rng = np.random.default_rng(seed)
    return case.generator.fit(case.rows if rows is None else rows, rng).sample(n, rng, label)


def same(one, other):
    is_equal = np.array_equal if isinstance(one.X, np.ndarray) else type(one.X).equals
    return is_equal(one.X, other.X) and np.array_equal(one.y, other.y)


# --- the contract --------------------------------------------------------------------------


def test_as_many_rows_as_asked_for_of_the_same_kind():
    def holds(case):
        rows = case.rows
        for n in (1, 7, 60):
            made = sample(case, n)
            assert len(made) == n
            assert type(made.X) is type(rows.X)
            if isinstance(rows.X, pd.DataFrame):
                pd.testing.assert_series_equal(made.X.dtypes, rows.X.dtypes)
            else:
                assert made.X.dtype == rows.X.dtype
                assert made.X.shape[1:] == rows.X.shape[1:]
            assert made.y.dtype.kind == rows.y.dtype.kind
            assert set(made.y) <= set(rows.y)

    assert failing(holds, CASES) == {}


def test_the_same_seed_gives_the_same_rows_and_another_gives_others():
    def holds(case):
        assert same(sample(case), sample(case))
        assert not same(sample(case), sample(case, seed=1))

    assert failing(holds, CASES) == {}


def test_what_was_fitted_can_be_sampled_again_and_again():
    def holds(case):
        fitted = case.generator.fit(case.rows, np.random.default_rng(0))
        once, other, again = (fitted.sample(40, np.random.default_rng(s)) for s in (1, 2, 1))
        assert same(once, again)
        assert not same(once, other)

    assert failing(holds, CASES) == {}


def test_fitting_and_sampling_change_neither_rows_nor_generator():
    def holds(case):
        before = joblib.hash((case.rows, case.generator))
        sample(case)
        assert joblib.hash((case.rows, case.generator)) == before

    assert failing(holds, CASES) == {}


def test_all_rows_are_synthetic_and_have_no_ids():
    def holds(case):
        with_ids = case.rows.replace(ids=[f"row-{i}" for i in range(len(case.rows))])
        made = sample(case, rows=with_ids)
        assert set(made.origin) == {"synthetic"}
        assert made.ids is None
        assert not made.is_edge_case.any()
        parents = {parent for row in made.derived_from for parent in row}
        assert parents <= set(with_ids.ids)
        starts_from_rows = isinstance(
            case.generator, OverSample | Perturb | SequentialTrees | Smote
        )
        assert bool(parents) == starts_from_rows
        assert all(made.derived_from) == starts_from_rows

    assert failing(holds, CASES) == {}


def test_a_label_that_is_asked_for_is_given_to_all():
    def holds(case):
        for label in case.rows.classes:
            made = sample(case, 10, label)
            assert len(made) == 10
            assert set(made.y) == {label}

    assert failing(holds, CASES) == {}


def test_its_own_rows_can_be_fitted_again_and_again():
    def holds(case):
        rows = case.rows
        for seed in range(3):
            rows = sample(case, len(rows), seed=seed, rows=rows)
        assert len(rows) == len(case.rows)
        assert set(rows.origin) == {"synthetic"}

    assert failing(holds, CASES) == {}


N_EXPECTED = "expected a whole number of rows, at least 1. Nothing would be drawn. Ask for more."
FAILS = {
    "an unknown label": (
        lambda case: sample(case, 5, "nobody"),
        ["label='nobody': expected a label of the fitted rows (", "nothing about", "Name one of"],
    ),
    "no rows asked for": (lambda case: sample(case, 0), f"n=0: {N_EXPECTED}"),
    "fewer than none": (lambda case: sample(case, -3), f"n=-3: {N_EXPECTED}"),
    "half a row": (lambda case: sample(case, 2.5), f"n=2.5: {N_EXPECTED}"),
    "a truth value": (lambda case: sample(case, True), f"n=True: {N_EXPECTED}"),
    "no data": (
        lambda case: sample(case, rows=case.rows.take([])),
        ["has no rows: expected one or more. Nothing can be learned. Pass some."],
    ),
}


def test_errors_name_offender_expectation_consequence_and_remedy():
    calls = {
        (name, what): (partial(call, case), parts)
        for name, case in CASES.items()
        for what, (call, parts) in FAILS.items()
    }
    assert unclear(calls) == []


def test_data_of_another_kind_is_refused():
    def holds(case):
        other = two_classes(20) if case.rows.is_text else zipf_texts(20)
        message = refusal(sample, case, rows=other)
        for part in ("real 0 holds ", "expected ", "cannot learn them", "Choose a generator for "):
            assert part in message

    picky = {n: case for n, case in CASES.items() if not isinstance(case.generator, OverSample)}
    assert failing(holds, picky) == {}


# --- draw: fitted, sampled and checked -------------------------------------------------------


def test_draw_gives_what_fitting_and_sampling_by_hand_give():
    def holds(case):
        label = case.rows.classes[0]
        drawn = draw(case.generator, case.rows, 20, np.random.default_rng(3), label)
        assert same(drawn, sample(case, 20, label, seed=3))

    assert failing(holds, CASES) == {}


@dataclass
class Wrong:
    """A generator that copies rows and spoils what it returns."""

    spoil: Callable
    n_fits: int = 0

    def fit(self, rows, rng):
        self.n_fits += 1
        self.rows = rows
        return self

    def sample(self, n, rng, label=None):
        return self.spoil(as_copies(self.rows.take(rng.integers(len(self.rows), size=n)), "copies"))


def test_draw_fits_a_copy():
    generator = Wrong(lambda made: made)
    draw(generator, two_classes(20), 9, np.random.default_rng(0))
    assert generator == Wrong(generator.spoil, n_fits=0)


def test_draw_lets_edge_cases_through_where_the_fitted_rows_are_some():
    rows = two_classes(20).replace(is_edge_case=True)
    assert draw(OverSample(), rows, 5, np.random.default_rng(0)).is_edge_case.all()


SPOILT = {
    "no data set": (lambda made: made.X, "returned DataFrame: expected a Dataset"),
    "nothing": (lambda made: None, "returned NoneType: expected a Dataset"),
    "fewer rows": (lambda made: made.take(range(3)), "returned 3 rows where 9 were asked for"),
    "more rows": (lambda made: made + made, "returned 18 rows where 9 were asked for"),
    "real rows": (lambda made: made.replace(origin="real"), "9 of 9 rows are not synthetic (rows"),
    "edge cases": (lambda made: made.replace(is_edge_case=True), "9 rows are edge cases"),
    "unknown labels": (
        lambda made: made.replace(y=["maybe"] * 9),
        "rows of label 'maybe': expected labels of the fitted rows",
    ),
    "another column": (
        lambda made: made.replace(X=made.X.rename(columns={"x0": "y0"})),
        "returned other columns than it was fitted on",
    ),
    "numbers as texts": (
        lambda made: made.replace(X=made.X.astype({"x0": str})),
        "column 'x0' is float64",
    ),
    "an array for a table": (lambda made: made.replace(X=made.X.to_numpy()), "other columns"),
}


def test_draw_refuses_what_a_generator_must_not_return_and_names_it():
    calls = {
        what: (
            partial(draw, Wrong(spoil), two_classes(20), 9, np.random.default_rng(0)),
            ["Wrong.sample", part],
        )
        for what, (spoil, part) in SPOILT.items()
    }
    assert unclear(calls) == []


def test_draw_refuses_rows_of_another_label_than_was_asked_for():
    message = refusal(
        draw, Wrong(lambda made: made), two_classes(20), 9, np.random.default_rng(0), "no"
    )
    assert "Wrong.sample returned rows of label 'yes': expected 'no' alone" in message


def test_draw_refuses_a_generator_whose_fit_returns_nothing():
    class Forgetful(OverSample):
        def fit(self, rows, rng):
            super().fit(rows, rng)

    message = refusal(draw, Forgetful(), two_classes(20), 9, np.random.default_rng(0))
    assert "Forgetful.fit returned NoneType: expected an object with sample" in message


# --- n-gram texts --------------------------------------------------------------------------

ODD = [
    "?!… -- ...",
    "subject : re : re : re :",
    "naïve Ünïcode 日本語 Ωmega 🎉",
    "once",
    " ".join(f"w{i}" for i in range(5_000)),
]


def mail(texts, y=None, dtype=None):
    return Dataset(pd.Series(texts, dtype=dtype), y or ["mail"] * len(texts), "real", "mail")


def write(rows, n_texts=200, label=None, **parameters):
    """Texts as tuples of words."""
    made = sample(Case(NgramText(**parameters), rows), n_texts, label)
    return [tokenize(text).words for text in made.X]


def grams(words, n):
    """All runs of n words, with the beginnings and the end that a text has."""
    padded = ("<",) * (n - 1) + words + (">",)
    return {padded[at : at + n] for at in range(len(padded) - n + 1)}


def test_no_run_of_n_words_is_new_from_beginning_to_end():
    rows = zipf_texts(80, words=30, length=8)
    for n, label in product((2, 3, 4), rows.classes):
        read = [grams(tokenize(text).words, n) for text in rows.X[rows.y == label]]
        written = [grams(words, n) for words in write(rows, 300, label, n=n)]
        assert set().union(*written) <= set().union(*read)


def test_longer_runs_are_new():
    rows = zipf_texts(80, words=30, length=8)
    read, written = (
        set().union(*(grams(words, 4) for words in texts))
        for texts in ([tokenize(text).words for text in rows.X], write(rows, n=2))
    )
    assert written - read


EXACT = {
    "2-grams cross at a word": (2, ["x a y", "z a w"], ["x a y", "x a w", "z a y", "z a w"]),
    "3-grams do not": (3, ["x a y", "z a w"], ["x a y", "z a w"]),
    "a beginning may pass for a middle with 2": (
        2,
        ["a b", "c a d"],
        ["a b", "a d", "c a b", "c a d"],
    ),
    "but not with 3": (3, ["a b", "c a d"], ["a b", "c a d"]),
    "an end may come early": (2, ["a b", "b c"], ["a b", "a b c", "b", "b c"]),
}


def test_texts_come_with_the_chances_of_the_model():
    def holds(case):
        n, read, written = case
        texts = Counter(" ".join(words) for words in write(mail(read), 4_000, n=n))
        assert set(texts) == set(written)
        expected, error = 1 / len(written), 0.5 / np.sqrt(4_000)
        assert all(abs(count / 4_000 - expected) < 4 * error for count in texts.values())

    assert failing(holds, EXACT) == {}


def test_the_next_word_comes_as_often_as_it_was_read():
    rows = zipf_texts(150, words=30, length=10)
    rows = rows.replace(y=np.repeat("mail", 150))
    read, written = (
        Counter(pair for words in texts for pair in zip(words, (*words[1:], ">"), strict=True))
        for texts in ([tokenize(text).words for text in rows.X], write(rows, 3_000))
    )
    contexts = (Counter(), Counter())
    for pairs, by_word in zip((read, written), contexts, strict=True):
        for (word, _), count in pairs.items():
            by_word[word] += count
    distances = []
    for (word, after), count in read.items():
        share, n = count / contexts[0][word], contexts[1][word]
        if n * share * (1 - share) > 20:
            distances.append((written[word, after] - n * share) / np.sqrt(n * share * (1 - share)))
    assert len(distances) > 100
    assert np.abs(distances).max() < 4.5
    assert np.std(distances) == pytest.approx(1, abs=0.25)


def test_the_first_word_comes_as_often_as_it_was_read():
    first = Counter(words[0] for words in write(mail(["a x"] * 3 + ["b x"]), 4_000))
    assert first["a"] / 4_000 == pytest.approx(0.75, abs=0.03)


def test_no_word_is_invented_and_most_are_found_again():
    rows = zipf_texts(100)
    read = {word for text in rows.X for word in tokenize(text).words}
    written = {word for words in write(rows, 1_000) for word in words}
    assert written <= read
    assert len(written) > 0.9 * len(read)


def test_classes_are_kept_apart():
    rows = zipf_texts(100)
    for label, foreign in {"ham": "s", "spam": "h"}.items():
        assert not any(word[0] == foreign for words in write(rows, label=label) for word in words)


def test_labels_come_in_their_shares():
    rows = mail(["one"] * 3 + ["two"], [0, 0, 0, 1])
    made = sample(Case(NgramText(), rows), 4_000)
    assert (made.y == 1).mean() == pytest.approx(0.25, abs=0.03)
    assert (made.X == "two").eq(made.y == 1).all()


def test_no_text_is_longer_than_allowed():
    for most in (1, 2, 15):
        assert max(len(words) for words in write(zipf_texts(60), max_tokens=most)) == most


def test_a_text_that_was_cut_off_is_the_beginning_of_the_same_text():
    rows = zipf_texts(60)
    whole, cut = (write(rows, 1, "ham", max_tokens=most) for most in (1_000, 3))
    assert cut[0] == whole[0][:3]


def test_a_text_without_a_repeat_is_the_only_one_that_follows_from_it():
    for text, n in product(ODD[2:], (2, 3)):
        assert set(write(mail([text]), 5, n=n, max_tokens=9_999)) == {tokenize(text).words}


def test_odd_texts_are_read_together():
    for n in (2, 3):
        read = {words for text in ODD for words in grams(tokenize(text).words, n)}
        for words in write(mail(ODD), 100, n=n, max_tokens=9_999):
            assert grams(words, n) <= read


def test_texts_keep_the_type_that_they_came_in():
    damaged = mail(["a \ud800 b"], dtype=object)
    made = sample(Case(NgramText(), damaged), 3)
    assert made.X.dtype == object
    assert set(made.X) == {"a \ud800 b"}


def test_a_loop_loses_words_and_never_finds_one():
    rows, known = zipf_texts(60), []
    for seed in range(6):
        known.append({word for text in rows.X for word in tokenize(text).words})
        rows = sample(Case(NgramText(), rows), 60, seed=seed)
    assert all(later < before for before, later in pairwise(known))


def test_parameters_out_of_range_are_refused():
    bad = [("n", 1), ("n", 0), ("n", 2.5), ("n", True), ("max_tokens", 0)]
    calls = {
        (name, value): (
            partial(NgramText, **{name: value}),
            [f"{name}={value}: expected a whole number, ", "No text could be written. Leave it at"],
        )
        for name, value in bad
    }
    assert unclear(calls) == []


# --- labels of a machine -------------------------------------------------------------------

POOL, LABELED = two_classes(400, seed=1), two_classes(60)


def pseudo(threshold=0.9, model=None, pool=POOL):
    return PseudoLabels(pool, LogisticRegression() if model is None else model, threshold)


def judged(threshold):
    """What the model says of the whole pool: which rows it is sure of, and what they are."""
    model = LogisticRegression().fit(LABELED.X, LABELED.y)
    probability = model.predict_proba(POOL.X)
    return probability.max(axis=1) >= threshold, model.predict(POOL.X)


def places(made):
    """Where in the pool each row stands."""
    where = {value: place for place, value in enumerate(POOL.X["x0"])}
    return np.array([where[value] for value in made.X["x0"]])


def test_labels_are_the_models_and_only_where_it_is_sure():
    for threshold in (0.5, 0.8, 0.95):
        is_sure, called = judged(threshold)
        assert 0 < is_sure.sum() <= 400
        made = sample(Case(pseudo(threshold), LABELED), int(is_sure.sum()))
        assert sorted(places(made)) == np.flatnonzero(is_sure).tolist()  # all, and none twice
        assert (made.y == called[places(made)]).all()
        assert (called != POOL.y).any()


def test_rows_are_those_of_the_pool_unchanged():
    made = sample(Case(pseudo(), LABELED), 50)
    pd.testing.assert_frame_equal(made.X, POOL.X.iloc[places(made)].reset_index(drop=True))


def test_all_rows_of_a_label_can_be_had():
    is_sure, called = judged(0.9)
    for label in ("yes", "no"):
        n = int((is_sure & (called == label)).sum())
        made = sample(Case(pseudo(), LABELED), n, label)
        assert len(set(places(made))) == n
        message = refusal(sample, Case(pseudo(), LABELED), n + 1, label)
        assert f"n={n + 1}: expected at most {n}: the classifier is sure of so many" in message
        assert f"of label '{label}'" in message


def test_a_higher_threshold_leaves_fewer_rows():
    left = [len(pseudo(t).fit(LABELED, np.random.default_rng(0)).rows) for t in (0.5, 0.8, 0.95)]
    assert left[0] == 400 > left[1] > left[2]


def test_labels_of_the_pool_are_not_looked_at():
    turned = POOL.replace(y=np.where(POOL.y == "yes", "no", "yes"))
    one, other = (sample(Case(pseudo(pool=pool), LABELED)) for pool in (POOL, turned))
    assert same(one, other)


def test_the_model_that_was_handed_in_stays_unfitted():
    model = clone(FOREST)
    pseudo(0.5, model).fit(LABELED, np.random.default_rng(0))
    assert not hasattr(model, "classes_")
    assert model.random_state is None


def test_what_cannot_be_labeled_is_refused():
    calls = {
        "more rows than it is sure of": (
            lambda: sample(Case(pseudo(0.95), LABELED), 400),
            [
                "n=400: expected at most ",
                "of the 400 rows of real 1",
                "No row is drawn twice",
                "0.95",
            ],
        ),
        "an empty pool": (lambda: pseudo(pool=POOL.take([])), "is empty: expected rows to label"),
        "never sure": (
            lambda: pseudo(model=LinearSVC()),
            "LinearSVC has no predict_proba: expected",
        ),
    }
    for threshold in (0, -0.1, 1.01, np.nan, True):
        part = f"threshold={threshold}: expected a probability above 0"
        calls[threshold] = (partial(pseudo, threshold), part)
    assert unclear(calls) == []


def test_rows_of_one_class_cannot_teach():
    only = LABELED.take(LABELED.y == "yes")
    assert "cannot be fitted on real 0" in refusal(sample, Case(pseudo(), only))


def test_rows_of_other_columns_cannot_teach():
    other = two_classes(60, columns=3)
    assert "differ in 3 column(s)" in refusal(sample, Case(pseudo(), other))
