"""The simulated world: its rows follow the laws it states, and nothing beats the stated odds."""

import math
from functools import partial

import numpy as np
import pandas as pd
import pytest
from cases import failing, refusal, unclear
from scipy import integrate, stats
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from synthlab.dataset import Dataset
from synthlab.datasets import card_world as world
from synthlab.datasets import transactions as tx

PATTERN_NAMES = {name: name for name in world.PATTERNS}
COLUMNS = ("amount", "hour", "distance_km", "count_24h", "terminal", "disputes_28d")


@pytest.fixture(scope="module")
def bank():
    return world.draw_bank(np.random.default_rng(1))


@pytest.fixture(scope="module")
def rows(bank):
    """Many frauds, so that odds have something to be held against."""
    return tx.simulate_transactions(200_000, np.random.default_rng(2), n_fraud=20_000, bank=bank)


@pytest.fixture(scope="module")
def truth(rows):
    return tx.truth(rows)


@pytest.fixture(scope="module")
def drawn(bank):
    """20,000 transactions after each pattern."""
    rng = np.random.default_rng(3)
    customers = bank.customers.sample(20_000, replace=True, random_state=rng, ignore_index=True)
    return {
        name: world.draw_transactions(p, customers, bank, rng) for name, p in world.PATTERNS.items()
    }


def is_fraud(rows) -> np.ndarray:
    return rows.y == "fraud"


# --- what is drawn -------------------------------------------------------------------------


def test_there_are_as_many_frauds_as_asked_for(rows):
    for n, n_fraud in [(2, 0), (2, 1), (2, 2), (5_000, 7), (3_000, 3_000)]:
        found = tx.simulate_transactions(n, np.random.default_rng(0), n_fraud=n_fraud)
        assert (len(found), is_fraud(found).sum()) == (n, n_fraud)
        assert set(found.y) <= {"fraud", "clean"}
        assert set(found.origin) == {"real"}
        assert found.X.dtypes.equals(rows.X.dtypes)


def test_frauds_stand_anywhere(rows):
    places = np.flatnonzero(is_fraud(rows)) / len(rows)
    assert stats.kstest(places, "uniform").pvalue > 1e-3


def test_two_columns_are_categories_and_the_rest_numbers(rows):
    assert set(rows.X) == {*COLUMNS, "segment", "usual_amount", "usual_per_day"}
    assert list(rows.X.select_dtypes("category")) == ["segment", "terminal"]
    assert not rows.X.isna().any(axis=None)


def test_a_million_rows_would_take_less_than_150_mb(rows):
    facts = rows.origin, rows.derived_from, rows.is_edge_case
    n_bytes = rows.X.memory_usage(deep=True).sum() + rows.y.nbytes + sum(f.nbytes for f in facts)
    assert n_bytes / len(rows) < 150


def test_no_row_repeats(rows):
    assert not rows.X.duplicated().any()


def test_the_same_seed_gives_the_same_rows_and_another_others():
    sizes = {"n_train": 500, "n_fraud": 5, "n_eval": 900}
    first, again, other = (tx.load_transactions(**sizes, random_state=s) for s in (4, 4, 5))
    for side in (0, 1):
        pd.testing.assert_frame_equal(first[side].X, again[side].X)
        assert (first[side].y == again[side].y).all()
        assert not set(first[side].X["amount"]) & set(other[side].X["amount"])


def test_train_and_eval_have_the_same_share_and_customers_but_no_row_in_common():
    train, held_out = tx.load_transactions(n_train=20_000, n_fraud=40, n_eval=50_000)
    assert (is_fraud(train).sum(), is_fraud(held_out).sum()) == (40, 100)
    assert not set(train.X["amount"]) & set(held_out.X["amount"])
    either = set(train.X["usual_amount"]) | set(held_out.X["usual_amount"])
    assert either <= set(
        world.draw_bank(np.random.default_rng(0).spawn(1)[0]).customers.usual_amount
    )


def test_without_a_bank_it_is_that_of_seed_0():
    bank = world.draw_bank(np.random.default_rng(0))
    both = [
        tx.simulate_transactions(50, np.random.default_rng(6), n_fraud=5, bank=b)
        for b in (None, bank)
    ]
    pd.testing.assert_frame_equal(both[0].X, both[1].X)


def test_every_kind_has_its_share_of_compromised_terminals(bank):
    by_kind = bank.terminals.groupby("terminal", observed=False)["compromised"]
    assert list(by_kind.sum()) == [5, 5, 5, 5]
    assert list(by_kind.mean()) == [world.COMPROMISED] * 4


def test_shares_of_honest_patterns_and_of_scenarios_sum_to_one():
    for names in (world.HONEST, world.SCENARIOS):
        assert world.SHARES[list(names)].sum(axis=1).to_numpy() == pytest.approx(np.ones(4))
    assert all(sum(pattern.kinds) == pytest.approx(1) for pattern in world.PATTERNS.values())


def test_patterns_are_followed_as_often_as_stated():
    n = 40_000
    for fraud, names in enumerate((world.HONEST, world.SCENARIOS)):
        for code, segment in enumerate(world.SEGMENTS):
            rng = np.random.default_rng([fraud, code])
            found = world.draw_patterns(np.full(n, bool(fraud)), np.full(n, code), rng)
            counts = np.bincount(found, minlength=6)
            expected = n * world.SHARES.loc[segment, list(names)].to_numpy(float)
            assert (
                counts.sum() == counts[[list(world.PATTERNS).index(name) for name in names]].sum()
            )
            assert stats.chisquare(counts[counts > 0], expected).pvalue > 1e-4


# --- the stated laws, written down once more -----------------------------------------------


def log_negative_binomial(n: float, mean: float, shape: float) -> float:
    ways = math.lgamma(n + shape) - math.lgamma(shape) - math.lgamma(n + 1)
    total = mean + shape
    return ways + shape * math.log(shape / total) + n * math.log(mean / total)


def normal(z: float) -> float:
    return math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def density(name: str, column: str, row) -> float:
    """One factor of f_j(x), as the module's docstring has it."""
    pattern = world.PATTERNS[name]
    if column == "terminal":
        return pattern.kinds[world.KINDS.index(row.terminal)]
    if column == "hour":
        day = [math.sin(math.pi * (hour - 5) / 19) for hour in range(6, 24)]
        by_day = [(1 - pattern.night) * weight / sum(day) for weight in day]
        return ([pattern.night / 6] * 6 + by_day)[int(row.hour)]
    if column == "amount":
        alpha, mu, sigma = pattern.amount
        z = (math.log(row.amount) - mu - alpha * math.log(row.usual_amount)) / sigma
        return normal(z) / (sigma * row.amount)
    if column == "distance_km":
        delta, tau = pattern.distance
        return normal((math.log(row.distance_km) - delta) / tau) / (tau * row.distance_km)
    if column == "count_24h":
        base, factor, shape = pattern.count
        return math.exp(
            log_negative_binomial(row.count_24h, base + factor * row.usual_per_day, shape)
        )
    q = 1 if name == "compromised_terminal" else 1 / 2000
    sound, compromised = (
        math.exp(log_negative_binomial(row.disputes_28d, *law)) for law in ((0.5, 0.5), (8, 2))
    )
    return (1 - q) * sound + q * compromised


def test_laws_are_those_of_the_docstring(rows):
    def holds(name):
        few = rows.X[:200]
        found = world.log_laws(world.PATTERNS[name], few)
        for column in COLUMNS:
            stated = [density(name, column, row) for row in few.itertuples()]
            assert np.exp(found[column]) == pytest.approx(np.array(stated), rel=1e-9)

    assert failing(holds, PATTERN_NAMES) == {}


def test_odds_are_those_of_the_docstring(rows, truth):
    for place, row in enumerate(rows.X[:300].itertuples()):
        joint = {
            name: world.SHARES.loc[row.segment, name]
            * math.prod(density(name, column, row) for column in COLUMNS)
            for name in world.PATTERNS
        }
        fraud, honest = (sum(map(joint.get, names)) for names in (world.SCENARIOS, world.HONEST))
        odds = 0.1 / 0.9 * fraud / honest
        assert truth.log_odds[place] == pytest.approx(math.log(odds), abs=1e-8)
        assert truth.probability[place] == pytest.approx(odds / (1 + odds), rel=1e-8)
        for name in world.SCENARIOS:
            assert truth.scenarios[name][place] == pytest.approx(joint[name] / fraud, rel=1e-8)


def law_of_rows(name: str, column: str, X) -> np.ndarray:
    return np.exp(world.log_laws(world.PATTERNS[name], X)[column])


def law(name: str, column: str, values, row) -> np.ndarray:
    """Return the law of one column over some values, the customer being that of a row."""
    return law_of_rows(name, column, pd.DataFrame([row] * len(values)).assign(**{column: values}))


EVERYTHING = {
    "hour": range(24),
    "terminal": world.KINDS,
    "count_24h": range(2_000),
    "disputes_28d": range(2_000),
}


def test_laws_sum_to_one(rows):
    def holds(name):
        row = rows.X.iloc[0]
        for column, values in EVERYTHING.items():
            assert law(name, column, values, row).sum() == pytest.approx(1, abs=1e-9)
        log = np.linspace(-12, 20, 4_001)
        for column in ("amount", "distance_km"):
            by_log = law(name, column, np.exp(log), row) * np.exp(log)
            assert integrate.trapezoid(by_log, log) == pytest.approx(1, abs=1e-9)

    assert failing(holds, PATTERN_NAMES) == {}


def standardized(drawn, name) -> pd.DataFrame:
    """What is left of amount and distance, standard normal if they are what they should be."""
    (alpha, mu, sigma), (delta, tau) = world.PATTERNS[name].amount, world.PATTERNS[name].distance
    X = drawn[name]
    amount = np.log(X["amount"]) - mu - alpha * np.log(X["usual_amount"])
    return pd.DataFrame(
        {"amount": amount / sigma, "distance_km": (np.log(X["distance_km"]) - delta) / tau}
    )


def test_amounts_and_distances_are_drawn_from_their_laws(drawn):
    def holds(name):
        for _, values in standardized(drawn, name).items():
            assert stats.kstest(values, "norm").pvalue > 1e-3

    assert failing(holds, PATTERN_NAMES) == {}


def fit(values, levels, expected) -> float:
    """Return the p value of Pearson's test, levels expected less than ten times being pooled."""
    found = np.array([(values == level).sum() for level in levels])
    assert not found[expected == 0].any()
    is_full = expected >= 10
    cells = [np.append(c[is_full], len(values) - c[is_full].sum()) for c in (found, expected)]
    is_used = cells[1] > 5
    assert cells[0][~is_used].sum() < 20
    gap = ((cells[0] - cells[1]) ** 2)[is_used] / cells[1][is_used]
    return 1.0 if len(gap) == 1 else stats.chi2.sf(gap.sum(), len(gap) - 1)


def test_hours_kinds_and_disputes_are_drawn_from_their_laws(drawn):
    def holds(name):
        X = drawn[name]
        for column in ("hour", "terminal", "disputes_28d"):
            levels = EVERYTHING[column][:60]
            expected = len(X) * law(name, column, levels, X.iloc[0])
            assert fit(X[column], levels, expected) > 1e-3, column

    assert failing(holds, PATTERN_NAMES) == {}


def test_counts_are_drawn_from_their_law(drawn):
    def holds(name):
        X, levels = drawn[name][:2_000], range(60)
        by_level = [law_of_rows(name, "count_24h", X.assign(count_24h=n)).sum() for n in levels]
        assert fit(X["count_24h"], levels, np.array(by_level)) > 1e-3

    assert failing(holds, PATTERN_NAMES) == {}


def test_columns_are_independent_given_customer_and_pattern(drawn):
    def holds(name):
        X, (base, factor, _) = drawn[name], world.PATTERNS[name].count
        left = standardized(drawn, name).assign(
            hour=X["hour"],
            count=X["count_24h"] - base - factor * X["usual_per_day"],
            disputes=X["disputes_28d"],
            kind=X["terminal"].cat.codes,
            customer=np.log(X["usual_amount"]),
        )
        left = left.loc[:, left.nunique() > 1]
        correlations = left.corr().to_numpy()[np.triu_indices(left.shape[1], 1)]
        assert np.abs(correlations).max() < 4 / np.sqrt(len(X))

    assert failing(holds, PATTERN_NAMES) == {}


# --- the truth is true ---------------------------------------------------------------------


def test_stated_probabilities_come_true(rows, truth):
    bins = np.digitize(truth.probability, [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
    for group in range(11):
        p, fraud = truth.probability[bins == group], is_fraud(rows)[bins == group]
        assert len(p) > 200
        assert abs(fraud.sum() - p.sum()) < 3.5 * np.sqrt((p * (1 - p)).sum())


def test_stated_probabilities_come_true_in_every_category(rows, truth):
    for column in ("segment", "terminal"):
        for places in rows.X.groupby(column, observed=True).indices.values():
            p, fraud = truth.probability[places], is_fraud(rows)[places]
            assert abs(fraud.sum() - p.sum()) < 3.5 * np.sqrt((p * (1 - p)).sum())


def test_scenarios_of_the_frauds_add_up_to_their_shares(rows, truth):
    scenarios = truth.scenarios[is_fraud(rows)]
    assert scenarios.sum(axis=1).to_numpy() == pytest.approx(np.ones(20_000))
    error = scenarios.std() / np.sqrt(len(scenarios))
    assert (abs(scenarios.mean() - [0.4, 0.3, 0.3]) < 3.5 * error).all()


def test_scenarios_are_recognized_as_often_as_stated(drawn):
    n = 20_000
    X = pd.concat([drawn[scenario] for scenario in world.SCENARIOS], ignore_index=True)
    origin = np.repeat(world.SCENARIOS, n)
    weights = world.SHARES.loc["student", list(world.SCENARIOS)].to_numpy(float)
    stated = tx.truth(Dataset(X, ["fraud"] * len(X), "real"), share=0.5).scenarios / weights
    for name in world.SCENARIOS:
        p = stated[name] / stated.sum(axis=1)  # the three are drawn equally often here
        for group in (p >= 0, p > 0.5):
            gap = (origin == name)[group].sum() - p[group].sum()
            assert abs(gap) < 3.5 * np.sqrt((p * (1 - p))[group].sum())


def test_another_share_moves_all_odds_alike(rows, truth):
    moved = tx.truth(rows.take(np.arange(9)), share=0.001).log_odds - truth.log_odds[:9]
    assert moved == pytest.approx(np.full(9, math.log(0.001 / 0.999 / (0.1 / 0.9))))


@pytest.fixture(scope="module")
def logs(rows):
    """The six factors of the six patterns."""
    return [world.log_laws(pattern, rows.X) for pattern in world.PATTERNS.values()]


def without(rows, logs, column) -> np.ndarray:
    """Return the odds that leave a column out."""
    shares = np.log(world.SHARES.to_numpy())[rows.X["segment"].cat.codes]
    joint = shares + np.array([sum(v for c, v in log.items() if c != column) for log in logs]).T
    honest, fraud = (np.logaddexp.reduce(joint[:, part], axis=1) for part in ([0, 1, 2], [3, 4, 5]))
    return fraud - honest + math.log(0.1 / 0.9)


def scores(rows, log_odds) -> np.ndarray:
    """Average precision, AUC and less log loss: more is better."""
    y, p = is_fraud(rows), 1 / (1 + np.exp(-log_odds))
    return np.array([average_precision_score(y, p), roc_auc_score(y, p), -log_loss(y, p)])


def test_nothing_left_out_gives_the_truth(rows, logs, truth):
    assert without(rows, logs, None) == pytest.approx(truth.log_odds, abs=1e-9)


@pytest.fixture(scope="module")
def best(rows, truth):
    return scores(rows, truth.log_odds)


def test_every_column_is_informative(rows, logs, best):
    for column in COLUMNS:
        assert (best > scores(rows, without(rows, logs, column))).all(), column


def test_a_perturbed_truth_is_worse(rows, truth, best):
    for seed in range(3):
        noise = np.random.default_rng(seed).normal(scale=0.5, size=len(rows))
        assert (best > scores(rows, truth.log_odds + noise)).all()


def test_a_miscalibrated_truth_has_more_log_loss(rows, truth, best):
    for changed in (1.1 * truth.log_odds, 0.9 * truth.log_odds, truth.log_odds + 0.1):
        assert best[2] > scores(rows, changed)[2]


def test_a_model_with_thousands_of_frauds_to_learn_from_comes_near_and_stays_below(bank):
    train, held_out = (
        tx.simulate_transactions(60_000, np.random.default_rng(seed), n_fraud=6_000, bank=bank)
        for seed in (7, 8)
    )
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0)
    p = model.fit(train.X, is_fraud(train)).predict_proba(held_out.X)[:, 1]
    best = scores(held_out, tx.truth(held_out).log_odds)
    found = scores(held_out, np.log(p / (1 - p)))
    assert (found < best).all()
    assert found[0] > 0.9 * best[0]


def test_a_hundred_frauds_leave_much_to_gain():
    train, held_out = tx.load_transactions(n_eval=200_000)
    model = HistGradientBoostingClassifier(
        learning_rate=0.1, max_iter=80, max_leaf_nodes=15, l2_regularization=1, random_state=0
    )
    found = model.fit(train.X, is_fraud(train)).predict_proba(held_out.X)[:, 1]
    truth = tx.truth(held_out).log_odds
    best, found = (average_precision_score(is_fraud(held_out), s) for s in (truth, found))
    assert 0.7 < best < 0.85
    assert 0.3 < found < best - 0.1


# --- where each scenario shows -------------------------------------------------------------


def separation(drawn, fraud: str, honest: str, value) -> float:
    """Return the AUC of a number between two patterns."""
    a, b = (value(drawn[name]) for name in (fraud, honest))
    return stats.mannwhitneyu(a, b).statistic / (len(a) * len(b))


def to_usual(X) -> pd.Series:
    return X["amount"] / X["usual_amount"]


def test_a_stolen_card_shows_in_the_amount_only_beside_the_usual_one(drawn):
    pair = ("stolen_card", "travel")
    by_ratio = separation(drawn, *pair, to_usual)
    assert by_ratio > 0.95
    assert separation(drawn, *pair, lambda X: X["amount"]) < by_ratio - 0.05
    assert separation(drawn, *pair, lambda X: X["hour"] < 6) > 0.7
    assert separation(drawn, "stolen_card", "everyday", lambda X: X["distance_km"]) > 0.95


def test_a_compromised_terminal_shows_in_its_disputes_and_hardly_in_the_amount(drawn):
    pair = ("compromised_terminal", "everyday")
    assert separation(drawn, *pair, lambda X: X["disputes_28d"]) > 0.9
    assert 0.5 < separation(drawn, *pair, to_usual) < 0.75


def test_card_testing_shows_in_its_many_small_payments_online(drawn):
    assert set(drawn["card_testing"]["terminal"]) == {"online"}
    assert separation(drawn, "card_testing", "small_online", lambda X: X["count_24h"]) > 0.9
    assert separation(drawn, "card_testing", "everyday", lambda X: -to_usual(X)) > 0.9


# --- rows from elsewhere, and what is refused ----------------------------------------------


def changed(rows, n=50, **columns) -> Dataset:
    return Dataset(rows.X[:n].assign(**columns), rows.y[:n], "synthetic", "fake")


def test_synthetic_rows_have_odds_too_whatever_the_types_of_their_columns(rows):
    few = rows.X[:50]
    texts = {column: few[column].astype(str) for column in ("segment", "terminal")}
    fake = changed(rows, hour=few["hour"].astype(float), **texts)
    again = tx.truth(fake, share=0.1).log_odds
    assert again == pytest.approx(tx.truth(rows, share=0.1).log_odds[:50])


def test_no_row_is_certain(truth):
    assert np.isfinite(truth.log_odds).all()


def bad_counts():
    calls, meaning = {}, "No such rows exist. Change either number."
    for n, n_fraud in [(1, 0), (0, 0), (-3, 0), (10, 11), (10, -1), (10.5, 1), (True, 0)]:
        parts = [f"n_fraud={n_fraud} of {n} transactions: expected whole numbers", meaning]
        rng = np.random.default_rng(0)
        simulate = partial(tx.simulate_transactions, n, rng, n_fraud=n_fraud)
        calls["simulate", n, n_fraud] = simulate, parts
        calls["load", n, n_fraud] = partial(tx.load_transactions, n_train=n, n_fraud=n_fraud), parts
    for n_eval in (499, 0, -1_000, 1e6):
        parts = [f"n_eval={n_eval} with 100 frauds in n_train=100,000", "Raise n_fraud or n_eval"]
        calls["n_eval", n_eval] = partial(tx.load_transactions, n_eval=n_eval), parts
    few = partial(tx.load_transactions, n_train=1_000, n_fraud=0)
    seed = partial(tx.load_transactions, random_state=True)
    calls["no fraud to train on"] = few, "0 frauds in n_train=1,000"
    calls["a truth value for a seed"] = seed, "random_state=True: expected a whole number"
    return calls


def test_impossible_numbers_are_an_error():
    assert unclear(bad_counts()) == []


IMPOSSIBLE = [
    ("count_24h", 2.5, "whole numbers, 0 or more"),
    ("count_24h", -1, "whole numbers, 0 or more"),
    ("disputes_28d", np.nan, "whole numbers, 0 or more"),
    ("hour", 24, "whole numbers from 0 to 23"),
    ("hour", 3.5, "whole numbers from 0 to 23"),
    ("amount", 0, "numbers above 0"),
    ("amount", np.inf, "numbers above 0"),
    ("amount", "much", "numbers above 0"),
    ("distance_km", -1.0, "numbers above 0"),
    ("usual_amount", 0, "numbers above 0"),
    ("usual_per_day", -1, "numbers above 0"),
    ("terminal", "kiosk", "one of shop, fuel, cash, online"),
    ("segment", "pirate", "one of student, family, retired, business"),
]


def test_rows_that_this_world_never_produces_are_named(rows):
    calls = {}
    for column, value, expected in IMPOSSIBLE:
        dtype = object if isinstance(value, str) else float
        kept = rows.X[column][:50].astype(dtype, errors="ignore")
        kept[[3, 40]] = value
        part = f"fake: {column} of 2 rows (first: 3, 40): expected {expected}."
        call = partial(tx.truth, changed(rows, **{column: kept}), share=0.1)
        calls[column, value] = call, [part, "Round, clip or drop them"]
    assert unclear(calls) == []


def test_other_columns_are_an_error():
    for X in (pd.DataFrame({"amount": [1.0, 2.0]}), pd.Series(["a", "b"]), np.ones((2, 9))):
        text = refusal(tx.truth, Dataset(X, ["fraud", "clean"], "real", "other"))
        assert "other lacks ['segment', 'terminal'" in text
        assert "simulate_transactions" in text


def test_an_impossible_share_is_an_error(rows):
    for share in (0, 1, -0.1, 2, np.nan, True):
        text = refusal(tx.truth, changed(rows), share=share)
        assert f"fake: share of frauds {share}: expected a share above 0 and below 1" in text


def test_one_class_alone_needs_a_share(rows):
    for label, found in [("fraud", 1.0), ("clean", 0.0), (1, 0.0)]:
        text = refusal(tx.truth, Dataset(rows.X[:9], [label] * 9, "real", "few"))
        assert f"few: share of frauds {found}" in text
        assert "share=0.001" in text
