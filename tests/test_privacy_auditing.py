"""An audit that can fail: it catches what leaks, and lets pass what keeps its promise."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from simulated import two_classes

from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.generators.copula import GaussianCopula
from synthlab.generators.oversample import OverSample
from synthlab.privacy import (
    PrivateMarginals,
    PublicTree,
    audit,
    audit_levels,
    audit_power,
    epsilon_bound,
    epsilon_of_rho,
    p_value,
    rho_of_epsilon,
)
from synthlab.privacy.auditing import AUDIT_COLUMN, planted
from synthlab.privacy.guesses import n_right_guesses

pytest.importorskip("opendp", reason="opendp is missing: make setup-privacy")


def counts_alone(epsilon, n_canaries=1_000):
    """Noisy counts of the audit column, and of nothing else."""
    levels = {AUDIT_COLUMN: audit_levels(n_canaries)}
    return PrivateMarginals(PublicTree(["canary"], {AUDIT_COLUMN: None}, levels), epsilon)


def binary_table(n_columns=25, n=50):
    X = np.random.default_rng(0).integers(2, size=(n, n_columns))
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(n_columns)])
    return Dataset(frame, ["person"] * n, "real", "binary")


def marginals_of(rows, epsilon, n_canaries=1_000, kind=PrivateMarginals):
    """A tree in which all columns hang off the audit column: a canary is alone in every cell."""
    parents = {AUDIT_COLUMN: None, **dict.fromkeys(rows.X.columns, AUDIT_COLUMN)}
    levels = {AUDIT_COLUMN: audit_levels(n_canaries), **dict.fromkeys(rows.X.columns, (0, 1))}
    return kind(PublicTree(["person"], parents, levels), epsilon)


class OneMarginalsNoise(PrivateMarginals):
    """Forgets √k: its noise would do for one marginal."""

    @property
    def sensitivity(self):
        return 1.0


@dataclass
class Ignorant:
    """A generator that has looked at nothing but the columns."""

    def fit(self, rows, rng):
        return replace(self)

    def sample(self, n, rng, label=None):
        levels = audit_levels(200)
        return Dataset(
            pd.DataFrame({AUDIT_COLUMN: rng.choice(levels, n)}), ["canary"] * n, "synthetic"
        )


def refusal(call, *arguments, **options):
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    return str(caught.value)


# --- the statistics -------------------------------------------------------------------------


def test_without_delta_the_p_value_is_a_binomial_tail():
    for n_right, epsilon in [(0, 0.0), (60, 0.0), (80, 1.0), (100, 3.0)]:
        chance = math.exp(epsilon) / (1 + math.exp(epsilon))
        tail = sum(binom.pmf(range(n_right, 101), 100, chance))
        assert p_value(n_right, 100, 200, epsilon, delta=0) == pytest.approx(tail)


def test_delta_makes_refuting_harder_and_more_so_with_more_canaries():
    by_canaries = [p_value(85, 100, m, 1.0, delta=1e-4) for m in (100, 1_000, 5_000)]
    assert p_value(85, 100, 100, 1.0, delta=0) < by_canaries[0] < by_canaries[1] < by_canaries[2]


def test_the_term_of_delta_is_the_steepest_mean_below():
    chance, n_right = 1 / (1 + math.exp(-0.7)), 13
    tails = [binom.cdf(12, 20, chance) - binom.cdf(12 - i, 20, chance) for i in range(1, 21)]
    most = max(tail / i for i, tail in enumerate(tails, 1))
    expected = binom.sf(12, 20, chance) + 2 * 40 * 1e-3 * most
    assert p_value(n_right, 20, 40, 0.7, delta=1e-3) == pytest.approx(expected)


def test_if_all_are_right_the_bound_has_a_closed_form():
    for r in (100, 500, 1_000):
        chance = 0.001 ** (1 / r)
        assert epsilon_bound(r, r, 2 * r, delta=1e-15) == pytest.approx(
            math.log(chance / (1 - chance)), abs=1e-4
        )


def test_half_right_is_what_guessing_gives():
    assert epsilon_bound(250, 500, 1_000) == 0
    assert epsilon_bound(0, 500, 1_000) == 0


def test_the_bound_is_where_the_p_value_crosses():
    for n_right in (320, 400, 480):
        bound = epsilon_bound(n_right, 500, 1_000)
        assert p_value(n_right, 500, 1_000, bound) <= 0.001
        assert p_value(n_right, 500, 1_000, bound + 1e-4) > 0.001


def test_the_worst_that_keeps_its_promise_is_refuted_as_seldom_as_promised():
    rng = np.random.default_rng(0)
    for epsilon in (0.5, 2.0):
        chance = 1 / (1 + math.exp(-epsilon))  # randomized response leaks all it may
        right, n_runs = np.unique(rng.binomial(300, chance, 2_000), return_counts=True)
        bounds = np.array([epsilon_bound(n, 300, 600, confidence=0.95, delta=1e-9) for n in right])
        n_refuted = n_runs[bounds > epsilon].sum()
        assert 10 < n_refuted < 2_000 * 0.05 + 30  # three standard errors; and it can refute


def test_guesses_are_right_by_hand():
    is_in = np.array([True, False, True, False, True, False])
    assert n_right_guesses([9, 0, 8, 1, 5, 4], is_in, 4) == 4
    assert n_right_guesses([0, 9, 1, 8, 5, 4], is_in, 4) == 0
    assert n_right_guesses([9, 1, 2, 8, 5, 4], is_in, 4) == 2


# --- noisy counts ---------------------------------------------------------------------------


def test_noise_that_was_forgotten_is_caught():
    for seed in range(5):
        found = audit(counts_alone(math.inf), random_state=seed)
        assert found.n_right == found.n_guesses == 500
        assert found.refutes(1.0)
        assert found.epsilon_lower == pytest.approx(4.25, abs=0.01)


def test_the_right_noise_passes():
    for seed in range(5):
        assert not audit(counts_alone(1.0), random_state=seed).refutes(1.0)


def test_noise_a_fifth_of_what_is_promised_is_caught_by_more_canaries():
    kept = counts_alone(6.0, 4_000)  # about what is left of ε = 1 with a fifth of its noise
    found = audit(kept, n_canaries=4_000, n_guesses=1_000)
    assert found.refutes(1.0)
    assert not found.refutes(6.0)


def test_a_forgotten_sqrt_k_is_caught_and_the_right_one_passes():
    rows = binary_table()
    assert not audit(marginals_of(rows, 3.0), rows).refutes(3.0)
    for seed in range(2):
        broken = marginals_of(rows, 3.0, kind=OneMarginalsNoise)
        assert audit(broken, rows, random_state=seed).refutes(3.0)


# --- any generator --------------------------------------------------------------------------


def test_a_generator_that_copies_leaks_and_so_does_a_copula():
    rows = two_classes(300, columns=2)
    for generator in (OverSample(), GaussianCopula()):
        found = audit(generator, rows, n_canaries=200)
        assert found.epsilon_lower > 2.5


def test_a_generator_that_ignores_its_rows_is_not_accused():
    for seed in range(10):
        assert audit(Ignorant(), n_canaries=200, random_state=seed).epsilon_lower < 0.5


def test_canaries_differ_in_the_audit_column_alone():
    rows = two_classes(30)
    base, canaries = planted(rows, 8)
    assert set(base.X[AUDIT_COLUMN]) == {"none"}
    assert canaries.X[AUDIT_COLUMN].is_unique
    assert len(canaries.X.drop(columns=AUDIT_COLUMN).drop_duplicates()) == 1
    assert set(canaries.y) == {rows.y[0]}
    assert AUDIT_COLUMN not in rows.X


def test_an_audit_repeats_itself_where_the_generator_does():
    rows = two_classes(100, columns=2)
    first, again, other = (
        audit(OverSample(), rows, n_canaries=100, n_sampled=100, random_state=seed)
        for seed in (0, 0, 1)
    )
    assert first == again
    assert first.n_right != other.n_right


def test_the_result_is_a_row():
    frame = audit(OverSample(), n_canaries=20).to_frame()
    assert frame.columns.tolist() == [
        "epsilon_lower",
        "n_guesses",
        "n_right",
        "n_canaries",
        "delta",
        "confidence",
    ]
    assert len(frame) == 1


# --- power ----------------------------------------------------------------------------------


def test_power_says_what_such_an_audit_can_find():
    table = audit_power(
        epsilons=(1.0, 10.0), divisors=(1, 5, math.inf), sizes=((2_000, 1_000),), n_runs=30
    )
    power = table.set_index(["epsilon", "noise_divisor"])["power"]
    assert power[1, 1] == power[10, 1] == 0
    assert power[1, math.inf] == 1
    assert power[10, math.inf] == 0  # no audit of this size reaches so far
    assert power[1, 1] < power[1, 5]
    reach = table["epsilon_reach"].unique()
    assert reach == pytest.approx([epsilon_bound(1_000, 1_000, 2_000)])
    assert (table["epsilon_reach"] < 10).all()
    assert (table["ci_low"] <= table["power"]).all()
    assert (table["power"] <= table["ci_high"]).all()


def test_simulated_audits_find_what_true_ones_find():
    for divisor, in_table in ((1, 0.0), (8, 1.0)):
        kept = counts_alone(epsilon_of_rho(rho_of_epsilon(1.0) * divisor**2))
        n_caught = sum(audit(kept, random_state=seed).refutes(1.0) for seed in range(5))
        table = audit_power(divisors=(divisor,), sizes=((1_000, 500),), n_runs=100)
        assert table["power"].iloc[0] == in_table == n_caught / 5


def test_more_canaries_find_more():
    table = audit_power(divisors=(4,), sizes=((1_000, 500), (10_000, 1_000)), n_runs=30)
    assert table["power"].iloc[0] < 0.3 < 0.9 < table["power"].iloc[1]


# --- bad input ------------------------------------------------------------------------------


def test_sizes_that_bound_nothing_are_refused():
    for n_guesses in (0, 3, 22):
        assert "an even number" in refusal(audit, OverSample(), n_canaries=20, n_guesses=n_guesses)
    assert "confidence=1" in refusal(audit, OverSample(), confidence=1)
    assert "a probability" in refusal(audit, OverSample(), delta=0)
    assert "0 to all" in refusal(epsilon_bound, 11, 10, 20)
    assert "numbers above 0" in refusal(audit_power, divisors=(0,))


def test_rows_that_can_not_hold_canaries_are_refused():
    array = two_classes(20).replace(X=np.zeros((20, 2)))
    assert "expected a DataFrame" in refusal(audit, OverSample(), array)
    taken = two_classes(20).replace(X=two_classes(20).X.assign(**{AUDIT_COLUMN: 1}))
    assert "Rename it" in refusal(audit, OverSample(), taken)


def test_scores_of_other_canaries_are_refused():
    for score in (lambda *_: np.zeros(3), lambda *_: np.full(20, np.nan)):
        assert "one number per canary" in refusal(audit, OverSample(), n_canaries=20, score=score)


def test_a_tree_that_does_not_know_the_canaries_is_told_so():
    assert "public levels" in refusal(audit, counts_alone(1.0, n_canaries=10), n_canaries=20)
