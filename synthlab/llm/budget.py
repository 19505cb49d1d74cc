"""What an endpoint may cost: an estimate before a run starts, a cap, and what was spent.

Money has no currency here: that of the prices is that of the cap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from synthlab.errors import SpendingError, is_number, is_whole, require
from synthlab.llm.model import Request

#: An answer that is chosen, not written, has no more tokens than these.
CHOICE_TOKENS = 8
# English mail has 4 to 5 bytes per token; 3, and the marks around a message, guess too high.
_TOKEN_BYTES, _MARK_TOKENS = 3, 24
_MILLION = 1e6


@dataclass(frozen=True)
class Prices:
    """Money per million tokens.

    Attributes
    ----------
    prompt, answer : float
        Of what is sent, and of what is written.
    """

    prompt: float
    answer: float

    def of(self, n_prompt: float, n_answer: float) -> float:
        """Return the price of so many tokens."""
        return (n_prompt * self.prompt + n_answer * self.answer) / _MILLION


@dataclass(frozen=True)
class Estimate:
    """What a run costs at most, if no request has to be repeated and no row replaced.

    Attributes
    ----------
    rows : int
        Still to be asked.
    n_prompt, n_answer : int
        Tokens: of the prompts as estimated from their bytes, of the answers at most.
    money : float or None
        None where prices are unknown.
    """

    rows: int
    n_prompt: int
    n_answer: int
    money: float | None

    def summary(self) -> str:
        """Return the estimate in one line."""
        costs = "costs unknown" if self.money is None else f"at most about {self.money:,.4f}"
        return (
            f"{self.rows:,} rows to ask: about {self.n_prompt:,} tokens of prompts, at most "
            f"{self.n_answer:,} of answers; {costs}; dropped rows are replaced, up to the cap"
        )


def prompt_tokens(request: Request) -> int:
    """Estimate the tokens of a prompt; the guess is rather too high."""
    n_bytes = len(f"{request.system}{request.user}{request.start}".encode())
    return math.ceil(n_bytes / _TOKEN_BYTES) + _MARK_TOKENS


def answer_tokens(request: Request) -> int:
    """Return the most tokens that an answer can have."""
    return min(CHOICE_TOKENS, request.max_tokens) if request.choices else request.max_tokens


def estimate(sample: Sequence[Request], rows: int, prices: Prices | None) -> Estimate:
    """Estimate what rows take, from a sample of their requests.

    Parameters
    ----------
    sample : sequence of Request
        Empty only if there are no rows.
    rows : int
    prices : Prices or None
    """
    scale = rows / max(1, len(sample))
    n_prompt = math.ceil(scale * sum(map(prompt_tokens, sample)))
    n_answer = math.ceil(scale * sum(map(answer_tokens, sample)))
    return Estimate(rows, n_prompt, n_answer, prices and prices.of(n_prompt, n_answer))


class Budget:
    """What one command may spend, and what it has spent.

    Parameters
    ----------
    prices : Prices, optional
        Without them only tokens are counted.
    cap : float, optional
        Without one, the estimate becomes the cap; infinity is none.

    Raises
    ------
    InputError
        A number is negative or not finite, or there is a cap and no price to hold it by.
    """

    def __init__(self, prices: Prices | None = None, cap: float | None = None) -> None:
        of_prices = {"price-in": prices.prompt, "price-out": prices.answer} if prices else {}
        for name, value in {**of_prices, "cap": cap}.items():
            is_open = name == "cap" and (value is None or value == math.inf)
            require(
                is_open or is_number(value, 0),
                f"{name}={value}",
                "0 or more",
                "No costs could be computed.",
                "Give a number such as 0.15.",
            )
        require(
            cap in (None, math.inf) or prices is not None,
            f"cap={cap}",
            "prices beside it",
            "What is spent is unknown, so that no cap can be held.",
            "Give --price-in and --price-out, or --cap none.",
        )
        self.prices, self._cap = prices, cap
        self._dearest = 0.0
        self.n_prompt = self.n_answer = 0

    @property
    def spent(self) -> float:
        """Money; 0 where prices are unknown."""
        return self.prices.of(self.n_prompt, self.n_answer) if self.prices else 0.0

    def allow(self, planned: Estimate) -> None:
        """Refuse a run whose estimate exceeds the cap; without a cap, the estimate is it."""
        if planned.money is None or not planned.rows:
            return
        if self._cap is None:
            self._cap = planned.money
        elif planned.money > self._cap:
            raise SpendingError(
                f"cap {self._cap:g}: {planned.summary()}. It would not reach its end; nothing was "
                f"asked or spent. Ask for fewer rows (--n), shorter ones (--max-tokens), or raise "
                f"--cap."
            )
        self._dearest = planned.money / planned.rows

    def has_room(self, n_coming: int) -> bool:
        """Whether one more answer fits under the cap beside those that are on their way."""
        if self._cap is None or self.prices is None:
            return True
        slack = 1 + 1e-9  # a sum of answers may round up
        return self.spent + (n_coming + 1) * self._dearest <= self._cap * slack

    def spend(self, n_prompt: int, n_answer: int) -> None:
        """Count an answer; one that costs more than expected says what the next may cost.

        Raises
        ------
        InputError
            A number is no whole one, or negative: it would lift the cap.
        """
        counts = (n_prompt, n_answer)
        require(all(map(is_whole, counts)), f"tokens={counts}", "0 or more", "The cap would fail.")
        self.n_prompt += n_prompt
        self.n_answer += n_answer
        if self.prices:
            self._dearest = max(self._dearest, self.prices.of(n_prompt, n_answer))

    def reached(self) -> SpendingError:
        """Return the error that ends a run at its cap."""
        return SpendingError(
            f"cap {self._cap:g} reached: {self.summary()}. The next answer could cost more than "
            f"is left. All answers were recorded; the same command continues with a cap of its own."
        )

    def summary(self) -> str:
        """Return what was spent, in a few words."""
        tokens = f"{self.n_prompt:,} tokens of prompts and {self.n_answer:,} of answers"
        return f"spent {self.spent:,.4f} ({tokens})" if self.prices else f"used {tokens}"
