"""Loops follow the theory, never touch the evaluation rows, and end one by one."""

from dataclasses import dataclass, field

import joblib
import numpy as np
import pandas as pd
import pytest
from cases import unclear
from simulated import Copier, two_classes, zipf_texts
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from synthlab.checks import fidelity
from synthlab.dataset import Dataset
from synthlab.errors import ContaminationError, InputError
from synthlab.generators.copula import GaussianCopula
from synthlab.generators.ngram import NgramText
from synthlab.loops import theory
from synthlab.loops.run import change_interval, loop_generations, loop_model, run_loop
from synthlab.loops.state import MODES, LoopPlan, LoopState, first_pools
from synthlab.models import default_model
from synthlab.text import CommonWords

N, HELD_OUT, GENERATIONS = 50, 10, 4
TRAIN, EVAL = two_classes(N, name="train"), two_classes(40, seed=1, name="eval")
FRESH = two_classes(60, seed=2, name="fresh").replace(ids=[f"fresh-{i}" for i in range(60)])


def loop(generator=None, train=TRAIN, held_out=EVAL, **options):
    """A short loop, by generator and classifier that take no time."""
    defaults = {"n_generations": GENERATIONS, "seeds": [0, 1, 2], "model": GaussianNB()}
    if options.get("mode") == "fresh":
        defaults["real_fresh"] = FRESH
    return run_loop(train, generator or Copier(), held_out, **{**defaults, **options})


def states_of(mode, seed=0, generator=None, n_generations=GENERATIONS, fresh_share=0.2):
    """The states of a loop, before any classifier is fitted; one object that moves on."""
    generator = generator or Copier()
    plan = LoopPlan(TRAIN, generator, EVAL, mode, n_generations, FRESH, fresh_share, HELD_OUT / N)
    state = LoopState(plan, np.random.default_rng(seed))
    for generation in range(n_generations + 1):
        if generation:
            state.advance()
        state.split()
        yield state


def share_real(rows):
    return (rows.origin == "real").mean()


# --- pools ---------------------------------------------------------------------------------

SIZES = {"replace": [N] * 5, "accumulate": [N, 2 * N, 3 * N, 4 * N, 5 * N]}
SIZES |= {"budget": SIZES["replace"], "fresh": SIZES["replace"]}
#: Exact, but for *budget*, whose rows are drawn.
REAL = {
    "replace": [1, 0, 0, 0, 0],
    "accumulate": [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5],
    "fresh": [1, 0.2, 0.2, 0.2, 0.2],
}


def test_pools_have_their_size_and_are_split_without_a_rest():
    for mode in MODES:
        for state, size in zip(states_of(mode), SIZES[mode], strict=True):
            assert len(state.pool) == size
            assert len(state.own_eval) == round(0.2 * size)
            parts = pd.concat([state.train.X, state.own_eval.X])
            assert sorted(parts["x0"]) == sorted(state.pool.X["x0"])


def test_pools_hold_their_share_of_real_rows():
    found = {mode: [share_real(state.pool) for state in states_of(mode)] for mode in REAL}
    assert found == {mode: pytest.approx(shares) for mode, shares in REAL.items()}


def test_a_budget_draws_from_all_that_was_written_so_far_none_twice():
    shares = []
    for seed in range(40):
        pools = [state.pool for state in states_of("budget", seed)]
        assert all(not pool.X.duplicated().any() for pool in pools)
        shares.append([share_real(pool) for pool in pools])
    error = np.std(shares, axis=0) / np.sqrt(40) + 1e-12
    assert (np.abs(np.mean(shares, axis=0) - REAL["accumulate"]) < 4 * error).all()


def test_accumulated_pools_keep_every_row():
    before = set()
    for state in states_of("accumulate"):
        rows = set(state.pool.X["x0"])
        assert before <= rows
        before = rows


def test_fresh_rows_come_in_order_and_never_twice():
    given = [
        [row for row in state.pool.ids if row is not None]
        for state in states_of("fresh")
        if state.pool.ids is not None
    ]
    assert [row for rows in given for row in rows] == [f"fresh-{i}" for i in range(40)]
    assert {len(rows) for rows in given} == {10}


def test_a_generator_learns_from_the_rows_that_train_alone():
    fits = []

    class Watched(Copier):
        def fit(self, rows, rng):
            fits.append(rows)
            return super().fit(rows, rng)

    before = [state.train for state in states_of("replace", generator=Watched())][:-1]
    assert all(fitted is train for fitted, train in zip(fits, before, strict=True))


# --- the frame -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def frames():
    """Loops of seeds 3, 3 and 4, by mode."""
    return {mode: loop(mode=mode, fresh_share=0.2, seeds=[3, 3, 4]) for mode in MODES}


def test_the_frame_says_what_trained(frames):
    for mode, frame in frames.items():
        assert frame["generation"].tolist() == [0, 1, 2, 3, 4] * 3
        assert frame["seed"].tolist() == [3] * 10 + [4] * 5
        assert (frame["mode"] == mode).all()
        assert (frame["ended"] == "").all()
        assert frame["n_train"].tolist() == [size - round(0.2 * size) for size in SIZES[mode]] * 3
        assert (frame["n_classes"] == 2).all()
        by_generation = frame.groupby("generation")["real_share"].mean()
        assert by_generation[0] == 1
        expected = REAL.get(mode, REAL["accumulate"])
        assert by_generation.tolist() == pytest.approx(expected, abs=0.12)
        assert (by_generation == 0).sum() == (4 if mode == "replace" else 0)


def test_the_same_seed_gives_the_same_loop_and_another_another(frames):
    for frame in frames.values():
        by_loop = frame.drop(columns="seed")
        one, same, other = (by_loop.iloc[at : at + 5].reset_index(drop=True) for at in (0, 5, 10))
        pd.testing.assert_frame_equal(one, same)
        assert not one.equals(other)


def test_inputs_are_unchanged():
    inputs = TRAIN, EVAL, FRESH
    before = joblib.hash(inputs)
    loop(mode="fresh")
    assert joblib.hash(inputs) == before


def test_two_processes_find_what_one_finds():
    train, held_out = zipf_texts(60), zipf_texts(40, seed=1)
    one, two = (
        run_loop(train, NgramText(), held_out, n_generations=2, seeds=[0, 1, 2], n_jobs=n_jobs)
        for n_jobs in (1, 2)
    )
    pd.testing.assert_frame_equal(one, two)
    assert {"vocabulary", "distinct_bigrams"} <= set(one.columns)


def generations_of(mode, random_state):
    options = {"n_generations": GENERATIONS, "model": GaussianNB(), "fresh_share": 0.2}
    options |= {"mode": mode, "real_fresh": FRESH, "random_state": random_state}
    return list(loop_generations(TRAIN, Copier(), EVAL, **options))


def test_generations_are_rows_of_the_frame_with_what_was_written(frames):
    for mode, frame in frames.items():
        found = generations_of(mode, random_state=3)
        rows = pd.DataFrame([generation.row for generation in found])
        pd.testing.assert_frame_equal(rows, frame[:5])
        assert found[0].written is None
        n_written = 40 if mode == "fresh" else N
        assert [len(one.written) for one in found[1:]] == [n_written] * GENERATIONS
        assert all(set(one.written.origin) == {"synthetic"} for one in found[1:])
        assert all(one.influence.shape == (len(EVAL),) for one in found)


def test_drift_is_that_of_as_many_rows_as_train_in_the_beginning():
    frame = loop(mode="accumulate", seeds=[1])
    for state, (_, row) in zip(states_of("accumulate", seed=1), frame.iterrows(), strict=True):
        some = state.train.take(fidelity.evenly(len(state.train), N - HELD_OUT))
        assert len(some) == 40
        found = fidelity.measure_drift(fidelity.lens_of(EVAL), some)
        assert row[list(found)].to_dict() == found


# --- theory --------------------------------------------------------------------------------


@dataclass
class Gaussian:
    """A normal law, fitted to the only column by maximum likelihood; labels are chance."""

    mean: float = field(default=0.0, init=False)
    spread: float = field(default=0.0, init=False)

    def fit(self, rows, rng):
        fitted = Gaussian()
        fitted.mean, fitted.spread = rows.X.mean(), rows.X.std()
        return fitted

    def sample(self, n, rng, label=None):
        X = self.mean + self.spread * rng.normal(size=(n, 1))
        return Dataset(X, rng.permutation(np.arange(n) % 2), "synthetic", "normal")


def test_a_gaussian_loses_variance_as_theory_says():
    """Generation 0 trains on real rows, of whose variance each later one keeps (1 − 1/n)^g."""
    n_train, generations, n_loops = 20, 3, 80
    rng = np.random.default_rng(0)
    real, held_out = (Dataset(rng.normal(size=(n, 1)), np.arange(n) % 2, "real") for n in (25, 20))
    options = {"n_generations": generations, "model": GaussianNB(), "seeds": range(n_loops)}
    frame = run_loop(real, Gaussian(), held_out, **options)
    assert set(frame["n_train"]) == {n_train}
    by_loop = frame.pivot(index="seed", columns="generation", values="variance").to_numpy()
    kept = by_loop / by_loop[:, :1]
    error = kept.std(axis=0, ddof=1) / np.sqrt(n_loops)
    law = theory.mean_variance(n_train, generations=generations)
    assert (np.abs(kept.mean(axis=0) - law)[1:] < 4 * error[1:]).all()
    assert error[-1] < 0.07 * law[-1]
    typical = theory.median_variance(n_train, generations=generations)
    below = (kept < typical)[:, 1:].mean(axis=0)
    assert below == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(n_loops))


def test_a_gaussian_that_keeps_all_rows_loses_less():
    rng = np.random.default_rng(0)
    real, held_out = (Dataset(rng.normal(size=(n, 1)), np.arange(n) % 2, "real") for n in (10, 20))
    left = {}
    for mode in ("replace", "accumulate"):
        options = {"n_generations": 6, "model": GaussianNB(), "seeds": range(12), "mode": mode}
        frame = run_loop(real, Gaussian(), held_out, **options)
        variance = frame.pivot(index="seed", columns="generation", values="variance")
        left[mode] = (variance[6] / variance[0]).median()
    assert left["replace"] < 0.5 < left["accumulate"]


def test_texts_lose_words_where_they_are_replaced_and_fewer_where_they_are_kept():
    train, held_out = zipf_texts(125), zipf_texts(60, seed=1)
    left = {}
    for mode in ("replace", "budget", "accumulate"):
        frame = run_loop(train, NgramText(), held_out, mode=mode, n_generations=6, seeds=[0, 1])
        words = frame.pivot(index="seed", columns="generation", values="vocabulary")
        left[mode] = (words[6] / words[0]).to_numpy()
    assert (left["replace"] < 0.6).all()
    assert (left["budget"] > left["replace"] + 0.1).all()
    assert (left["accumulate"] > left["replace"] + 0.2).all()


def test_a_vocabulary_only_shrinks_where_texts_are_replaced():
    train, held_out = zipf_texts(60), zipf_texts(40, seed=1)
    frame = run_loop(train, NgramText(), held_out, n_generations=5, seeds=[0, 1])
    for _, words in frame.groupby("seed")["vocabulary"]:
        assert (words.diff().iloc[1:] < 0).all()


def test_the_loop_believes_in_itself_while_the_truth_leaves_it():
    """Labels drift: whoever copies his classes a little nearer each time finds them easy."""

    class Sharper(Copier):
        def sample(self, n, rng, label=None):
            made = super().sample(n, rng, label)
            return made.replace(X=made.X + 2 * np.where(made.y == "yes", 1, -1)[:, None])

    frame = loop(Sharper(), train=two_classes(200, signal=0.5), seeds=[0])
    first, last = frame.iloc[0], frame.iloc[-1]
    assert last["self_score"] > first["self_score"] + 0.1
    assert last["real_score"] <= first["real_score"]
    assert last["log_loss"] > first["log_loss"]


# --- scores --------------------------------------------------------------------------------


def generation_0(model, **options):
    """The rows of a loop's beginning, and the model that a loop would fit on them."""
    pools = next(iter(states_of("replace")))
    return pools, clone(model).fit(pools.train.X, pools.train.y)


def test_scores_are_those_of_scikit_learn():
    model = LogisticRegression()
    pools, fitted = generation_0(model)
    row = loop(model=model, seeds=[0]).iloc[0]
    chances, predicted = fitted.predict_proba(EVAL.X), fitted.predict(EVAL.X)
    right = accuracy_score(EVAL.y, predicted)
    assert row["real_score"] == right
    assert row["self_score"] == accuracy_score(pools.own_eval.y, fitted.predict(pools.own_eval.X))
    assert row["log_loss"] == pytest.approx(log_loss(EVAL.y, chances))
    assert row["overconfidence"] == pytest.approx(chances.max(axis=1).mean() - right)


def test_other_scores_too():
    model = LogisticRegression()
    pools, fitted = generation_0(model)
    row = loop(model=model, scoring="roc_auc", seeds=[0]).iloc[0]
    assert row["real_score"] == pytest.approx(
        roc_auc_score(EVAL.y, fitted.decision_function(EVAL.X))
    )
    assert row["self_score"] == pytest.approx(
        roc_auc_score(pools.own_eval.y, fitted.decision_function(pools.own_eval.X))
    )


def test_a_loss_that_is_asked_for_is_the_one_that_is_always_given():
    frame = loop(scoring="neg_log_loss", model=LogisticRegression())
    assert frame["real_score"].to_numpy() == pytest.approx(-frame["log_loss"].to_numpy())


class Recites(ClassifierMixin, BaseEstimator):
    """Gives the probability of class 1 that stands in the only column."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.column_stack([1 - X[:, 0], X[:, 0]])

    def predict(self, X):
        return (X[:, 0] > 0.5).astype(int)


def test_confidence_is_held_against_accuracy():
    """Three are right at 0.9, 0.8 and 0.6, one is wrong at 0.7: as sure as it is right."""
    held_out = Dataset(np.array([[0.9], [0.2], [0.6], [0.7]] * 2), [1, 0, 1, 0] * 2, "real", "eval")
    real = Dataset(np.arange(20)[:, None] / 100 + 2, np.arange(20) % 2, "real", "train")
    row = loop(Gaussian(), real, held_out, model=Recites(), seeds=[0]).iloc[0]
    assert row["real_score"] == 0.75
    assert row["overconfidence"] == pytest.approx(0)
    assert row["log_loss"] == pytest.approx(-np.log([0.9, 0.8, 0.6, 0.3]).mean())


def three_classes(n, seed=0, labels="abc"):
    y = np.arange(n) % len(labels)
    X = np.random.default_rng(seed).normal(size=(n, 2)) + 3 * y[:, None]
    return Dataset(X, np.array(list(labels))[y], "real", f"classes {seed}")


@dataclass
class Forgets:
    """Copies rows, but for those of some classes."""

    lost: str

    def fit(self, rows, rng):
        fitted = Forgets(self.lost)
        fitted.rows = rows.take(~np.isin(rows.y, list(self.lost)))
        return fitted

    def sample(self, n, rng, label=None):
        rows = self.rows.take(rng.integers(len(self.rows), size=n))
        X = rows.X + 0.1 * rng.normal(size=rows.X.shape)
        return Dataset(X, rows.y, "synthetic", "copies")


def test_a_class_that_was_lost_is_scored_where_it_can_be():
    frame = loop(Forgets("b"), three_classes(60), three_classes(30, 1), seeds=[0])
    assert frame["n_classes"].tolist() == [3, 2, 2, 2, 2]
    assert (frame["ended"] == "").all()
    assert (frame["real_score"][1:] <= 2 / 3).all()
    assert (frame["self_score"] > 0.85).all()
    assert frame["log_loss"][1] > -np.log(np.finfo(float).eps) / 3  # a third is held impossible


def test_a_class_that_was_lost_ends_the_loop_where_its_probability_is_asked_for():
    options = {"scoring": "neg_log_loss", "seeds": [0]}
    frame = loop(Forgets("b"), three_classes(60), three_classes(30, 1), **options)
    assert frame["generation"].tolist() == [0, 1]
    reason = frame["ended"].iloc[-1]
    assert "rows is of class 'b': expected" in reason
    assert "neg_log_loss needs one" in reason


def test_a_class_that_only_its_own_eval_holds_is_not_mistaken_for_another():
    """One row of class b: whenever it is held out, nothing that trains can give it a chance."""
    train = three_classes(40, labels="ac") + three_classes(3).take([1])
    held_out = three_classes(30, 1, labels="ac")
    frame = loop(Forgets(""), train, held_out, scoring="neg_log_loss", seeds=range(10))
    first = frame[frame["generation"] == 0]
    was_held_out = first["n_classes"].isna()
    assert 0 < was_held_out.sum() < 10
    assert first["ended"][was_held_out].str.contains("rows is of class 'b'").all()


def test_a_class_that_eval_does_not_hold_may_be_lost():
    train, held_out = three_classes(60), three_classes(30, 1, labels="ac")
    frame = loop(Forgets("b"), train, held_out, scoring="neg_log_loss", seeds=[0])
    assert frame["n_classes"].tolist() == [3, 2, 2, 2, 2]


@pytest.mark.parametrize("labels", ["ab", "abc"])
def test_a_model_without_probabilities_gets_no_calibration(labels):
    train, held_out = three_classes(60, labels=labels), three_classes(30, 1, labels)
    frame = loop(Copies(), train, held_out, model=LinearSVC(), seeds=[0])
    assert frame[["log_loss", "overconfidence"]].isna().all(axis=None)
    assert (frame["real_score"] > 0.6).all()


class Copies(Forgets):
    """Forgets nothing."""

    def __init__(self):
        super().__init__("")


# --- the default classifier ----------------------------------------------------------------


def test_columns_without_a_word_are_left_out_and_change_nothing():
    train, held_out = zipf_texts(80), zipf_texts(200, seed=1)
    model = loop_model(train)
    without = make_pipeline(*(step for _, step in model.steps if not isinstance(step, CommonWords)))
    by_both = [clone(m).fit(train.X, train.y).predict_proba(held_out.X) for m in (model, without)]
    assert by_both[0] == pytest.approx(by_both[1], abs=1e-6)
    assert model.fit(train.X, train.y)[-1].n_features_in_ < 600


def test_texts_without_a_word_can_train():
    blank = Dataset(pd.Series(["!", "?"] * 10), ["ham", "spam"] * 10, "real")
    assert loop_model(blank).fit(blank.X, blank.y).predict_proba(blank.X) == pytest.approx(0.5)


def test_a_table_gets_the_model_that_suits_tables():
    assert type(loop_model(TRAIN)) is type(default_model(TRAIN))


# --- the change between two generations ------------------------------------------------------


def generations_at(numbers, n_seeds=4):
    trains = [two_classes(N, seed=10 + seed) for seed in range(n_seeds)]
    options = {"model": GaussianNB(), "n_generations": max(numbers)}
    loops = [[*loop_generations(train, Copier(1.5), EVAL, **options)] for train in trains]
    return [[generations[number] for generations in loops] for number in numbers]


def test_the_change_is_the_mean_over_loops_with_an_interval_around_it():
    before, after = generations_at([0, 4])
    interval = change_interval(before, after, EVAL)
    by_loop = [
        b.row["real_score"] - a.row["real_score"] for a, b in zip(before, after, strict=True)
    ]
    assert interval.estimate == pytest.approx(np.mean(by_loop))
    assert interval.low < interval.estimate < interval.high
    wider = change_interval(before, after, EVAL, 0.99)
    assert wider.low < interval.low < interval.high < wider.high
    back = change_interval(after, before, EVAL)
    assert (back.low, back.high) == pytest.approx((-interval.high, -interval.low))


# --- loops that end ------------------------------------------------------------------------


class Fails(Copier):
    """Copies rows, but for loops of seed 1: there it spoils what it writes."""

    def __init__(self, spoil):
        super().__init__()
        self.spoil = spoil

    def sample(self, n, rng, label=None):
        made = super().sample(n, rng, label)
        return self.spoil(made) if rng.bit_generator.seed_seq.entropy == 1 else made


def raising(error):
    def spoil(made):
        raise error

    return spoil


FAILURES = {
    "fewer rows": (lambda made: made.take(range(30)), "returned 30 rows where 50 were asked for"),
    "more rows": (lambda made: made + made, "returned 100 rows where 50 were asked for"),
    "one class": (lambda made: made.replace(y=["yes"] * 50), "rows are of class 'yes'"),
    "real rows": (lambda made: made.replace(origin="real"), "50 of 50 rows are not synthetic"),
    "edge cases": (lambda made: made.replace(is_edge_case=True), "50 rows are edge cases"),
    "an empty text": (
        lambda made: (
            zipf_texts(1)
            .X.replace(".*", "", regex=True)
            .pipe(lambda X: Dataset(X, ["yes"], "synthetic", "blank"))
        ),
        "1 of 1 texts are empty",
    ),
    "no data set": (lambda made: None, "Fails.sample returned NoneType: expected a Dataset"),
    "another column": (
        lambda made: made.replace(X=made.X.rename(columns={"x0": "y0"})),
        "x0",
    ),
    "a refusal": (raising(InputError("the tank is empty")), "the tank is empty"),
    "a failure": (raising(RuntimeError("no answer")), "RuntimeError('no answer')"),
    "a missing key": (raising(KeyError("x9")), "KeyError('x9')"),
}


def test_what_goes_wrong_ends_that_loop_with_its_reason_and_no_other():
    undisturbed = loop(seeds=[0])
    for spoil, reason in FAILURES.values():
        frame = loop(Fails(spoil), seeds=[1, 0])
        assert frame["seed"].tolist() == [1] * 2 + [0] * 5
        ended = frame[frame["ended"] != ""]
        assert ended[["seed", "generation"]].to_numpy().tolist() == [[1, 1]]
        assert reason in ended["ended"].iloc[0]
        assert ended[["real_score", "self_score", "log_loss", "coverage"]].isna().all(axis=None)
        others = frame[frame["seed"] != 1].reset_index(drop=True)
        pd.testing.assert_frame_equal(others, undisturbed, check_dtype=False)


def test_an_interrupt_ends_everything():
    with pytest.raises(KeyboardInterrupt):
        loop(Fails(raising(KeyboardInterrupt())))


def test_a_loop_that_ended_yields_its_reason_last():
    spoil = raising(InputError("enough"))
    options = {"model": GaussianNB(), "random_state": 1}
    *_, last = found = list(loop_generations(TRAIN, Fails(spoil), EVAL, **options))
    assert [generation.row["ended"] for generation in found] == ["", "enough"]
    assert (last.written, last.influence) == (None, None)


def test_a_loop_that_has_one_class_left_says_so_whatever_eval_holds():
    held_out = EVAL.take(EVAL.y == "yes")
    frame = loop(Fails(lambda made: made.replace(y=["yes"] * 50)), held_out=held_out, seeds=[1])
    assert "expected two classes or more" in frame["ended"].iloc[-1]


# --- what is refused before anything is fitted ------------------------------------------------


class Untouched(ClassifierMixin, BaseEstimator):
    """Neither a generator nor a classifier that may be fitted."""

    def fit(self, *data):
        raise AssertionError("fitted")


def case(part, train=TRAIN, held_out=EVAL, **options):
    """A call that is refused before anything is fitted, and what its error says."""
    options = {"model": Untouched(), **options}
    return lambda: run_loop(train, Untouched(), held_out, **options), part


def with_ids(rows, *ids):
    return rows.replace(ids=[*ids, *(f"{rows.name}-{i}" for i in range(len(rows) - len(ids)))])


SYNTHETIC = TRAIN.replace(origin=["synthetic"] + ["real"] * (N - 1))
EDGES = EVAL.replace(is_edge_case=np.arange(40) == 3)
ROLES = {
    "synthetic rows in the beginning": case("1 of 50 rows are not real", SYNTHETIC),
    "synthetic eval": case("is an eval set", held_out=EVAL.replace(origin="synthetic")),
    "edge cases train": case("may not train", TRAIN.replace(is_edge_case=True)),
    "edge cases are scored": case("1 rows are edge cases (rows 3)", held_out=EDGES),
    "a row trains and evaluates": case(
        "1 of 40 eval rows of eval also stand in train, by id (rows 1)",
        with_ids(TRAIN, "x"),
        with_ids(EVAL, "y", "x"),
    ),
    "equal rows train and evaluate": case("50 of 90 eval rows", TRAIN, EVAL + TRAIN),
    "fresh rows evaluate": case(
        "40 of 40 eval rows",
        mode="fresh",
        real_fresh=FRESH + EVAL,
        n_generations=2,
    ),
    "fresh rows are synthetic": case(
        "60 of 60 rows are not real", mode="fresh", real_fresh=FRESH.replace(origin="synthetic")
    ),
}


def test_rows_out_of_their_role_are_refused():
    assert unclear(ROLES, ContaminationError) == []


BAD = {
    "mode": case("mode=forever: expected one of replace, accumulate, budget", mode="forever"),
    "no generation": case("n_generations=0: expected a whole number, 1 or", n_generations=0),
    "half a generation": case("n_generations=2.5", n_generations=2.5),
    "a truth value": case("n_generations=True", n_generations=True),
    "no seed": case("seeds=[]: expected one or more", seeds=[]),
    "a negative seed": case("seeds=[0, -1]", seeds=[0, -1]),
    "half a seed": case("seeds=[0.5]", seeds=[0.5]),
    "nothing held out": case("self_share=0.0: expected between 0 and 1", self_share=0.0),
    "all held out": case("self_share=1.0: expected between 0 and 1", self_share=1.0),
    "no share": case("self_share=nan", self_share=np.nan),
    "less than a row held out": case("some of train's 50 rows, and not all", self_share=0.001),
    "less than a row trains": case("some of train's 50 rows, and not all", self_share=0.999),
    "nothing fresh": case("fresh_share=0.0: expected between 0 and 1", fresh_share=0.0),
    "all fresh": case("fresh_share=1.0: expected between 0 and 1", fresh_share=1.0),
    "less than a row fresh": case(
        "fresh_share=0.001: expected some of a pool's 50 rows",
        mode="fresh",
        fresh_share=0.001,
        real_fresh=FRESH,
    ),
    "less than a row written": case(
        "fresh_share=0.999: expected some of a pool's 50 rows",
        mode="fresh",
        fresh_share=0.999,
        real_fresh=FRESH,
    ),
    "no fresh rows": case("real_fresh=0: expected 40 rows for all generations", mode="fresh"),
    "too few fresh rows": case(
        "real_fresh=60: expected 65 rows", mode="fresh", real_fresh=FRESH, n_generations=13
    ),
    "a fresh row that has trained": case(
        "1 ids repeat (first: fresh-7)",
        with_ids(TRAIN, "fresh-7"),
        mode="fresh",
        real_fresh=FRESH,
    ),
    "fresh rows of other columns": case(
        "differ in 3 column(s)", mode="fresh", real_fresh=two_classes(60, seed=2, columns=3)
    ),
    "no rows": case("self_share=0.2: expected some of train's 0 rows", TRAIN.take([])),
    "no eval": case("eval is empty", held_out=EVAL.take([])),
    "too few eval rows": case("expected more than 5", held_out=EVAL.take(range(5))),
    "one class": case("expected two classes or more", TRAIN.take(TRAIN.y == "yes")),
    "a class that no row trains": case(
        "label 'new' stands in 3 eval rows",
        held_out=EVAL.replace(y=np.where(np.arange(40) < 3, "new", EVAL.y)),
    ),
    "other columns": case("differ in 3 column(s)", held_out=two_classes(40, seed=1, columns=3)),
    "another kind": case("rows of different kinds", held_out=zipf_texts(40)),
    "no scorer": case("scoring='beauty'", scoring="beauty"),
    "generations of no generation": (
        lambda: loop_generations(TRAIN, Untouched(), EVAL, n_generations=0),
        "n_generations=0",
    ),
}


def test_parameters_out_of_range_are_refused():
    assert unclear(BAD) == []


# --- generation 1, again and again -----------------------------------------------------------


def test_first_pools_are_written_by_generators_of_real_rows():
    train = zipf_texts(60)
    pools = first_pools(train, NgramText(), 6)
    assert [len(pool) for pool in pools] == [60] * 6
    assert all(set(pool.origin) == {"synthetic"} for pool in pools)
    words = {word for text in train.X for word in text.split()}
    assert all({word for text in pool.X for word in text.split()} < words for pool in pools)
    assert len({tuple(pool.X) for pool in pools}) == 6


def test_each_first_pool_is_fitted_on_another_share_of_the_real_rows():
    fits = []

    class Watched(Copier):
        def fit(self, rows, rng):
            fits.append(tuple(rows.X["x0"]))
            return super().fit(rows, rng)

    first_pools(TRAIN, Watched(), 5, self_share=HELD_OUT / N)
    assert {len(set(rows)) for rows in fits} == {N - HELD_OUT}
    assert len({frozenset(rows) for rows in fits}) == 5


def test_first_pools_are_what_generation_1_writes():
    """The same law: mean and spread of a statistic agree with those of many loops."""

    def written(seed):
        *_, state = states_of("replace", seed, GaussianCopula(), n_generations=1)
        return state.pool

    steady = [pool.X["x0"].var() for pool in first_pools(TRAIN, GaussianCopula(), 80)]
    first = [written(seed).X["x0"].var() for seed in range(80)]
    error = np.hypot(np.std(steady), np.std(first)) / np.sqrt(80)
    assert np.mean(steady) == pytest.approx(np.mean(first), abs=4 * error)
    assert np.std(steady) == pytest.approx(np.std(first), rel=0.4)


def test_first_pools_depend_on_the_seed_alone():
    one, same, other = (first_pools(TRAIN, Copier(), 2, random_state=s) for s in (0, 0, 1))
    assert all(a.X.equals(b.X) for a, b in zip(one, same, strict=True))
    assert not one[0].X.equals(other[0].X)


def pools(train=TRAIN, n_pools=3, **options):
    return lambda: first_pools(train, Untouched(), n_pools, **options)


NO_POOLS = {
    "none": (pools(n_pools=0), "n_pools=0: expected a whole number, 1 or more"),
    "a negative seed": (pools(random_state=-1), "random_state=-1: expected a whole number"),
    "a truth value": (pools(random_state=True), "random_state=True: expected a whole number"),
    "too large a share": (pools(self_share=1.5), "self_share=1.5: expected between 0 and 1"),
    "synthetic rows": (pools(SYNTHETIC), "1 of 50 rows are not real"),
}


def test_first_pools_of_nothing_are_refused():
    assert unclear(NO_POOLS, (InputError, ContaminationError)) == []
