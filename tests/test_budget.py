import math

import pytest

from synthlab.errors import InputError, SpendingError
from synthlab.llm.budget import Budget, Prices, answer_tokens, estimate
from synthlab.llm.model import Request

PRICES = Prices(1.0, 2.0)
REQUEST = Request("", "x" * 300, max_tokens=50)


def test_money_is_per_million_tokens():
    assert PRICES.of(1_000_000, 500_000) == 2.0


def test_an_estimate_scales_its_sample():
    one, many = (estimate([REQUEST] * k, 100, PRICES) for k in (1, 7))
    assert one == many
    assert (one.rows, one.n_prompt, one.n_answer) == (100, 12_400, 5_000)
    assert one.money == pytest.approx((12_400 + 2 * 5_000) / 1e6)


def test_an_estimate_without_prices_says_so():
    assert "costs unknown" in estimate([REQUEST], 1, None).summary()


def test_a_choice_takes_few_tokens():
    assert answer_tokens(Request("", "", max_tokens=64, choices=("a", "b"))) == 8


def test_a_run_that_would_exceed_the_cap_does_not_start():
    budget = Budget(PRICES, cap=0.01)
    with pytest.raises(SpendingError, match=r"cap 0\.01: 100 rows.*nothing was asked"):
        budget.allow(estimate([REQUEST], 100, PRICES))


def test_a_budget_ends_before_the_next_answer_could_exceed_it():
    budget = Budget(PRICES, cap=0.001)
    budget.allow(estimate([REQUEST], 4, PRICES))  # 224 millionths a row
    n_asked = 0
    while budget.has_room(0):
        budget.spend(124, 100)  # dearer than estimated
        n_asked += 1
    assert n_asked == 3
    assert budget.spent <= 0.001
    assert "cap 0.001 reached: spent 0.0010" in str(budget.reached())


def test_answers_on_their_way_count():
    budget = Budget(PRICES, cap=0.001)
    budget.allow(estimate([REQUEST], 4, PRICES))
    assert budget.has_room(3)
    assert not budget.has_room(4)


def test_without_a_cap_the_estimate_is_the_cap():
    budget = Budget(PRICES)
    budget.allow(estimate([REQUEST], 2, PRICES))
    assert budget.has_room(1)
    assert not budget.has_room(2)


def test_no_cap_is_no_cap():
    budget = Budget(PRICES, math.inf)
    budget.allow(estimate([REQUEST], 10**6, PRICES))
    budget.spend(10**12, 10**12)
    assert budget.has_room(63)


def test_impossible_numbers_are_refused():
    for bad in (-1.0, math.nan, -math.inf, True, "2"):
        for prices, cap in ((Prices(bad, 1), None), (Prices(1, bad), None), (PRICES, bad)):
            with pytest.raises(InputError, match=f"={bad}: expected 0 or more"):
                Budget(prices, cap)


def test_no_count_of_tokens_lifts_the_cap():
    budget = Budget(PRICES, cap=0.001)
    for bad in ((-1, 5), (5, -1), (2.5, 1), (math.nan, 1), (None, 1)):
        with pytest.raises(InputError, match=r"expected 0 or more\. The cap would fail"):
            budget.spend(*bad)
    assert budget.spent == 0


def test_a_cap_needs_prices():
    with pytest.raises(InputError, match="--price-in and --price-out, or --cap none"):
        Budget(None, 1.0)
