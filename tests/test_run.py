"""Loops do what theory says of them, never touch eval, and end where they must, one by one."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
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
from synthlab.loops.run import SeenColumns, change_interval, loop_generations, loop_model, run_loop
from synthlab.loops.state import MODES, LoopPlan, LoopState, first_pools
from synthlab.models import default_model

N, HELD_OUT, TURNS = 50, 10, 4
TRAIN, EVAL = two_classes(N, name="train"), two_classes(40, seed=1, name="eval")
FRESH = two_classes(60, seed=2, name="fresh").replace(ids=[f"fresh-{i}" for i in range(60)])


def loop(generator=None, train=TRAIN, eval=EVAL, **options):
    """A short loop, by generator and classifier that take no time."""
    defaults = {"n_generations": TURNS, "seeds": [0, 1, 2], "model": GaussianNB()}
    if options.get("mode") == "fresh":
        defaults["real_fresh"] = FRESH
    return run_loop(train, generator or Copier(), eval, **{**defaults, **options})


def pools_of(mode, seed=0, generator=None, turns=TURNS, fresh_share=0.2):
    """The pools of a loop, before anybody fits a classifier."""
    plan = LoopPlan(
        TRAIN, generator or Copier(), EVAL, mode, turns, FRESH, fresh_share, HELD_OUT / N
    )
    pools = LoopState(plan, np.random.default_rng(seed))
    for generation in range(turns + 1):
        if generation:
            pools.turn_on()
        pools.split()
        yield pools


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


@pytest.mark.parametrize("mode", MODES)
def test_pools_have_their_size_and_are_split_without_a_rest(mode):
    for pools, size in zip(pools_of(mode), SIZES[mode], strict=True):
        assert len(pools.pool) == size
        assert len(pools.own_eval) == round(0.2 * size)
        parts = pd.concat([pools.train.X, pools.own_eval.X])
        assert sorted(parts["x0"]) == sorted(pools.pool.X["x0"])


@pytest.mark.parametrize("mode", REAL)
def test_pools_hold_their_share_of_real_rows(mode):
    assert [share_real(pools.pool) for pools in pools_of(mode)] == pytest.approx(REAL[mode])


def test_a_budget_draws_from_all_that_was_written_so_far_none_twice():
    shares = []
    for seed in range(40):
        pools = [pools.pool for pools in pools_of("budget", seed)]
        assert all(not pool.X.duplicated().any() for pool in pools)
        shares.append([share_real(pool) for pool in pools])
    error = np.std(shares, axis=0) / np.sqrt(40) + 1e-12
    assert (np.abs(np.mean(shares, axis=0) - REAL["accumulate"]) < 4 * error).all()


def test_accumulated_pools_keep_every_row():
    before = set()
    for pools in pools_of("accumulate"):
        rows = set(pools.pool.X["x0"])
        assert before <= rows
        before = rows


def test_fresh_rows_come_in_order_and_never_twice():
    given = [
        [row for row in pools.pool.ids if row is not None]
        for pools in pools_of("fresh")
        if pools.pool.ids is not None
    ]
    assert [row for turn in given for row in turn] == [f"fresh-{i}" for i in range(40)]
    assert {len(turn) for turn in given} == {10}


def test_a_generator_learns_from_the_rows_that_train_alone():
    fits = []

    class Watched(Copier):
        def fit(self, rows, rng):
            fits.append(rows)
            return super().fit(rows, rng)

    before = [pools.train for pools in pools_of("replace", generator=Watched())][:-1]
    assert all(fitted is train for fitted, train in zip(fits, before, strict=True))


# --- the frame -----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_the_frame_tells_what_trained(mode):
    frame = loop(mode=mode, fresh_share=0.2)
    assert frame["generation"].tolist() == [0, 1, 2, 3, 4] * 3
    assert frame["seed"].tolist() == [0] * 5 + [1] * 5 + [2] * 5
    assert (frame["mode"] == mode).all()
    assert (frame["ended"] == "").all()
    assert frame["n_train"].tolist() == [size - round(0.2 * size) for size in SIZES[mode]] * 3
    assert (frame["n_classes"] == 2).all()
    by_generation = frame.groupby("generation")["real_share"].mean()
    assert by_generation[0] == 1
    expected = REAL.get(mode, REAL["accumulate"])
    assert by_generation.tolist() == pytest.approx(expected, abs=0.12)
    assert (by_generation == 0).sum() == (4 if mode == "replace" else 0)


@pytest.mark.parametrize("mode", MODES)
def test_the_same_seed_gives_the_same_loop_and_another_another(mode):
    frame = loop(mode=mode, seeds=[3, 3, 4]).drop(columns="seed")
    one, same, other = (frame.iloc[at : at + 5].reset_index(drop=True) for at in (0, 5, 10))
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)


def test_inputs_are_unchanged():
    before = TRAIN.X.copy(), TRAIN.y.copy(), EVAL.X.copy(), FRESH.X.copy()
    loop(mode="fresh")
    assert before[0].equals(TRAIN.X)
    assert (before[1] == TRAIN.y).all()
    assert before[2].equals(EVAL.X)
    assert before[3].equals(FRESH.X)


def test_two_processes_find_what_one_finds():
    train, eval = zipf_texts(60), zipf_texts(40, seed=1)
    one, two = (
        run_loop(train, NgramText(), eval, n_generations=2, seeds=[0, 1, 2], n_jobs=n_jobs)
        for n_jobs in (1, 2)
    )
    pd.testing.assert_frame_equal(one, two)
    assert {"vocabulary", "distinct_bigrams"} <= set(one.columns)


@pytest.mark.parametrize("mode", MODES)
def test_turns_are_rows_of_the_frame_with_what_was_written(mode):
    options = {"mode": mode, "n_generations": TURNS, "model": GaussianNB(), "real_fresh": FRESH}
    turns = list(loop_generations(TRAIN, Copier(), EVAL, seed=1, **options))
    pd.testing.assert_frame_equal(pd.DataFrame([t.row for t in turns]), loop(mode=mode, seeds=[1]))
    assert turns[0].written is None
    n_written = 45 if mode == "fresh" else N
    assert [len(turn.written) for turn in turns[1:]] == [n_written] * TURNS
    assert all(set(turn.written.origin) == {"synthetic"} for turn in turns[1:])
    assert all(turn.influence.shape == (len(EVAL),) for turn in turns)


def test_drift_is_that_of_as_many_rows_as_train_in_the_beginning():
    for pools, (_, row) in zip(
        pools_of("accumulate", seed=1), loop(mode="accumulate", seeds=[1]).iterrows(), strict=True
    ):
        some = pools.train.take(fidelity.evenly(len(pools.train), N - HELD_OUT))
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
    n_train, generations, n_loops = 20, 3, 120
    rng = np.random.default_rng(0)
    real, eval = (Dataset(rng.normal(size=(n, 1)), np.arange(n) % 2, "real") for n in (25, 20))
    options = {"n_generations": generations, "model": GaussianNB(), "seeds": range(n_loops)}
    frame = run_loop(real, Gaussian(), eval, **options)
    assert set(frame["n_train"]) == {n_train}
    by_loop = frame.pivot(index="seed", columns="generation", values="variance").to_numpy()
    kept = by_loop / by_loop[:, :1]
    error = kept.std(axis=0, ddof=1) / np.sqrt(n_loops)
    law = theory.mean_variance(n_train, generations)
    assert (np.abs(kept.mean(axis=0) - law)[1:] < 4 * error[1:]).all()
    assert error[-1] < 0.07 * law[-1]
    typical = theory.median_variance(n_train, generations)
    below = (kept < typical)[:, 1:].mean(axis=0)
    assert below == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(n_loops))


def test_a_gaussian_that_keeps_all_rows_loses_less():
    rng = np.random.default_rng(0)
    real, eval = (Dataset(rng.normal(size=(n, 1)), np.arange(n) % 2, "real") for n in (10, 20))
    left = {}
    for mode in ("replace", "accumulate"):
        options = {"n_generations": 6, "model": GaussianNB(), "seeds": range(12), "mode": mode}
        frame = run_loop(real, Gaussian(), eval, **options)
        variance = frame.pivot(index="seed", columns="generation", values="variance")
        left[mode] = (variance[6] / variance[0]).median()
    assert left["replace"] < 0.5 < left["accumulate"]


def test_texts_lose_words_where_they_are_replaced_and_fewer_where_they_are_kept():
    train, eval = zipf_texts(125), zipf_texts(60, seed=1)
    left = {}
    for mode in ("replace", "budget", "accumulate"):
        frame = run_loop(train, NgramText(), eval, mode=mode, n_generations=6, seeds=[0, 1])
        words = frame.pivot(index="seed", columns="generation", values="vocabulary")
        left[mode] = (words[6] / words[0]).to_numpy()
    assert (left["replace"] < 0.6).all()
    assert (left["budget"] > left["replace"] + 0.1).all()
    assert (left["accumulate"] > left["replace"] + 0.2).all()


def test_a_vocabulary_only_shrinks_where_texts_are_replaced():
    train, eval = zipf_texts(60), zipf_texts(40, seed=1)
    frame = run_loop(train, NgramText(), eval, n_generations=5, seeds=[0, 1])
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
    pools = next(iter(pools_of("replace")))
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


def test_a_loss_that_is_asked_for_is_the_one_that_is_always_told():
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
    eval = Dataset(np.array([[0.9], [0.2], [0.6], [0.7]] * 2), [1, 0, 1, 0] * 2, "real", "eval")
    real = Dataset(np.arange(20)[:, None] / 100 + 2, np.arange(20) % 2, "real", "train")
    row = loop(Gaussian(), real, eval, model=Recites(), seeds=[0]).iloc[0]
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
    assert "none of class 'b' is left" in reason
    assert "neg_log_loss asks for one" in reason


def test_a_class_that_only_its_own_eval_holds_is_not_mistaken_for_another():
    """One row of class b: whenever it is held out, nothing that trains can give it a chance."""
    train = three_classes(40, labels="ac") + three_classes(3).take([1])
    eval = three_classes(30, 1, labels="ac")
    frame = loop(Forgets(""), train, eval, scoring="neg_log_loss", seeds=range(10))
    first = frame[frame["generation"] == 0]
    was_held_out = first["n_classes"].isna()
    assert 0 < was_held_out.sum() < 10
    assert first["ended"][was_held_out].str.contains("none of class 'b' is left to train").all()


def test_a_class_that_eval_does_not_hold_may_be_lost():
    train, eval = three_classes(60), three_classes(30, 1, labels="ac")
    frame = loop(Forgets("b"), train, eval, scoring="neg_log_loss", seeds=[0])
    assert frame["n_classes"].tolist() == [3, 2, 2, 2, 2]


@pytest.mark.parametrize("classes", [2, 3])
def test_a_model_without_probabilities_is_not_asked_how_sure_it_is(classes):
    labels = "abc"[:classes]
    train, eval = three_classes(60, labels=labels), three_classes(30, 1, labels)
    frame = loop(Copies(), train, eval, model=LinearSVC(), seeds=[0])
    assert frame[["log_loss", "overconfidence"]].isna().all(axis=None)
    assert (frame["real_score"] > 0.6).all()


class Copies(Forgets):
    """Forgets nothing."""

    def __init__(self):
        super().__init__("")


# --- the default classifier ----------------------------------------------------------------


def test_columns_without_a_word_are_left_out_and_change_nothing():
    train, eval = zipf_texts(80), zipf_texts(200, seed=1)
    model = loop_model(train)
    without = make_pipeline(*(step for _, step in model.steps if not isinstance(step, SeenColumns)))
    by_both = [clone(m).fit(train.X, train.y).predict_proba(eval.X) for m in (model, without)]
    assert by_both[0] == pytest.approx(by_both[1], abs=1e-6)
    assert model.fit(train.X, train.y)[-1].n_features_in_ < 600


def test_texts_without_a_word_can_train():
    blank = Dataset(pd.Series(["!", "?"] * 10), ["ham", "spam"] * 10, "real")
    assert loop_model(blank).fit(blank.X, blank.y).predict_proba(blank.X) == pytest.approx(0.5)


def test_a_table_gets_the_model_that_suits_tables():
    assert type(loop_model(TRAIN)[-1]) is type(default_model(TRAIN)[-1])


# --- the change between two generations ------------------------------------------------------


def turns_at(generations, n_seeds=4):
    loops = [
        list(
            loop_generations(two_classes(N, seed=10 + seed), Copier(1.5), EVAL, model=GaussianNB())
        )
        for seed in range(n_seeds)
    ]
    return [[turns[g] for turns in loops] for g in generations]


def test_the_change_is_the_mean_over_loops_with_an_interval_around_it():
    before, after = turns_at([0, 4])
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


@pytest.mark.parametrize(("spoil", "reason"), FAILURES.values(), ids=FAILURES)
def test_what_goes_wrong_ends_that_loop_with_its_reason_and_no_other(spoil, reason):
    frame = loop(Fails(spoil))
    assert frame["seed"].tolist() == [0] * 5 + [1] * 2 + [2] * 5
    ended = frame[frame["ended"] != ""]
    assert ended[["seed", "generation"]].to_numpy().tolist() == [[1, 1]]
    assert reason in ended["ended"].iloc[0]
    assert ended[["real_score", "self_score", "log_loss", "coverage"]].isna().all(axis=None)
    others = frame[frame["seed"] != 1].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, loop(seeds=[0, 2]), check_dtype=False)


def test_an_interrupt_ends_everything():
    with pytest.raises(KeyboardInterrupt):
        loop(Fails(raising(KeyboardInterrupt())))


def test_a_loop_that_ended_yields_its_reason_last():
    spoil = raising(InputError("enough"))
    turns = list(loop_generations(TRAIN, Fails(spoil), EVAL, model=GaussianNB(), seed=1))
    assert [turn.row["ended"] for turn in turns] == ["", "enough"]
    assert turns[-1].written is None
    assert turns[-1].influence is None


def test_a_loop_that_has_one_class_left_says_so_whatever_eval_holds():
    eval = EVAL.take(EVAL.y == "yes")
    frame = loop(Fails(lambda made: made.replace(y=["yes"] * 50)), eval=eval, seeds=[1])
    assert "expected two classes or more" in frame["ended"].iloc[-1]


# --- what is refused before anything is fitted ------------------------------------------------


class Untouched(ClassifierMixin, BaseEstimator):
    """Neither a generator nor a classifier that may be fitted."""

    def fit(self, *data):
        raise AssertionError("fitted")


def refusal(error, train=TRAIN, eval=EVAL, **options):
    """The text of an error that comes before anything is fitted."""
    with pytest.raises(error) as caught:
        run_loop(train, Untouched(), eval, **{"model": Untouched(), **options})
    return str(caught.value)


def with_ids(rows, *ids):
    return rows.replace(ids=[*ids, *(f"{rows.name}-{i}" for i in range(len(rows) - len(ids)))])


SYNTHETIC = TRAIN.replace(origin=["synthetic"] + ["real"] * (N - 1))
EDGES = EVAL.replace(is_edge_case=np.arange(40) == 3)
ROLES = {
    "synthetic rows in the beginning": ({"train": SYNTHETIC}, "1 of 50 rows are not real"),
    "synthetic eval": ({"eval": EVAL.replace(origin="synthetic")}, "is an eval set"),
    "edge cases train": ({"train": TRAIN.replace(is_edge_case=True)}, "may not train"),
    "edge cases are scored": ({"eval": EDGES}, "1 rows are edge cases (rows 3)"),
    "a row trains and evaluates": (
        {"train": with_ids(TRAIN, "x"), "eval": with_ids(EVAL, "y", "x")},
        "1 of 40 eval rows of eval also stand in train, by id (rows 1)",
    ),
    "equal rows train and evaluate": (
        {"eval": EVAL + TRAIN.take(range(9))},
        "9 of 49 eval rows",
    ),
    "fresh rows evaluate": (
        {"mode": "fresh", "real_fresh": FRESH + EVAL.take(range(5)), "n_generations": 2},
        "5 of 40 eval rows",
    ),
    "fresh rows are synthetic": (
        {"mode": "fresh", "real_fresh": FRESH.replace(origin="synthetic")},
        "60 of 60 rows are not real",
    ),
}


@pytest.mark.parametrize(("options", "part"), ROLES.values(), ids=ROLES)
def test_rows_out_of_their_role_are_refused(options, part):
    assert part in refusal(ContaminationError, **options)


BAD = {
    "mode": ({"mode": "forever"}, "mode=forever: expected one of replace, accumulate, budget"),
    "no turn": ({"n_generations": 0}, "n_generations=0: expected a whole number of turns"),
    "half a turn": ({"n_generations": 2.5}, "n_generations=2.5"),
    "no seed": ({"seeds": []}, "seeds=[]: expected one or more"),
    "a negative seed": ({"seeds": [0, -1]}, "seeds=[0, -1]"),
    "half a seed": ({"seeds": [0.5]}, "seeds=[0.5]"),
    "nothing held out": ({"self_share": 0.0}, "self_share=0.0: expected between 0 and 1"),
    "all held out": ({"self_share": 1.0}, "self_share=1.0: expected between 0 and 1"),
    "no share": ({"self_share": np.nan}, "self_share=nan"),
    "less than a row held out": ({"self_share": 0.001}, "some of train's 50 rows, and not all"),
    "less than a row trains": ({"self_share": 0.999}, "some of train's 50 rows, and not all"),
    "nothing fresh": ({"fresh_share": 0.0}, "fresh_share=0.0: expected between 0 and 1"),
    "all fresh": ({"fresh_share": 1.0}, "fresh_share=1.0: expected between 0 and 1"),
    "less than a row fresh": (
        {"mode": "fresh", "fresh_share": 0.001, "real_fresh": FRESH},
        "fresh_share=0.001: expected some of a pool's 50 rows",
    ),
    "less than a row written": (
        {"mode": "fresh", "fresh_share": 0.999, "real_fresh": FRESH},
        "fresh_share=0.999: expected some of a pool's 50 rows",
    ),
    "no fresh rows": ({"mode": "fresh"}, "real_fresh=0: expected 40 rows for all turns"),
    "too few fresh rows": (
        {"mode": "fresh", "real_fresh": FRESH, "n_generations": 13},
        "real_fresh=60: expected 65 rows for all turns",
    ),
    "a fresh row that has trained": (
        {
            "mode": "fresh",
            "train": with_ids(TRAIN, "fresh-7"),
            "real_fresh": FRESH,
        },
        "1 ids repeat (first: fresh-7)",
    ),
    "fresh rows of other columns": (
        {"mode": "fresh", "real_fresh": two_classes(60, seed=2, columns=3)},
        "differ in 3 column(s)",
    ),
    "no rows": ({"train": TRAIN.take([])}, "self_share=0.2: expected some of train's 0 rows"),
    "no eval": ({"eval": EVAL.take([])}, "eval is empty"),
    "too few eval rows": ({"eval": EVAL.take(range(5))}, "expected more than 5"),
    "one class": ({"train": TRAIN.take(TRAIN.y == "yes")}, "expected two classes or more"),
    "a class that trains nobody": (
        {"eval": EVAL.replace(y=np.where(np.arange(40) < 3, "new", EVAL.y))},
        "label 'new' stands in 3 eval rows",
    ),
    "other columns": ({"eval": two_classes(40, seed=1, columns=3)}, "differ in 3 column(s)"),
    "another kind": ({"eval": zipf_texts(40)}, "rows of different kinds"),
    "no scorer": ({"scoring": "beauty"}, "scoring='beauty'"),
}


@pytest.mark.parametrize(("options", "part"), BAD.values(), ids=BAD)
def test_parameters_out_of_range_are_refused(options, part):
    assert part in refusal(InputError, **options)


def test_turns_are_refused_at_the_call_and_not_at_the_first_turn():
    with pytest.raises(InputError, match="n_generations=0"):
        loop_generations(TRAIN, Untouched(), EVAL, n_generations=0)


# --- the first turn, again and again ---------------------------------------------------------


def test_first_pools_are_written_by_generators_of_real_rows():
    train = zipf_texts(60)
    pools = first_pools(NgramText(), train, 6)
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

    first_pools(Watched(), TRAIN, 5, self_share=HELD_OUT / N)
    assert {len(set(rows)) for rows in fits} == {N - HELD_OUT}
    assert len({frozenset(rows) for rows in fits}) == 5


def test_first_pools_are_what_a_first_turn_writes():
    """The same law: mean and spread of a statistic agree with those of many loops."""
    steady = [pool.X["x0"].var() for pool in first_pools(GaussianCopula(), TRAIN, 80)]
    first = [
        next(pools.pool.X["x0"].var() for pools in pools_of_copula(seed)) for seed in range(80)
    ]
    error = np.hypot(np.std(steady), np.std(first)) / np.sqrt(80)
    assert np.mean(steady) == pytest.approx(np.mean(first), abs=4 * error)
    assert np.std(steady) == pytest.approx(np.std(first), rel=0.4)


def pools_of_copula(seed):
    pools = pools_of("replace", seed, GaussianCopula(), turns=1)
    next(pools)
    return pools


def test_first_pools_depend_on_the_seed_alone():
    one, same, other = (first_pools(Copier(), TRAIN, 2, seed=seed) for seed in (0, 0, 1))
    assert all(a.X.equals(b.X) for a, b in zip(one, same, strict=True))
    assert not one[0].X.equals(other[0].X)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"n_pools": 0}, "n_pools=0: expected a whole number, 1 or more"),
        ({"seed": -1}, "seed=-1: expected a whole number"),
        ({"self_share": 1.5}, "self_share=1.5: expected between 0 and 1"),
        ({"real_train": SYNTHETIC}, "1 of 50 rows are not real"),
    ],
)
def test_first_pools_of_nothing_are_refused(options, part):
    with pytest.raises((InputError, ContaminationError)) as caught:
        first_pools(Untouched(), **{"real_train": TRAIN, "n_pools": 3, **options})
    assert part in str(caught.value)
