"""How an endpoint is asked: by several workers at once, at a limited rate, with a retry policy."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool
from typing import Any

from synthlab.errors import is_number, is_whole, require


@dataclass(frozen=True)
class RequestPolicy:
    """How many requests an endpoint gets at once, how often, and when they are repeated.

    Attributes
    ----------
    parallel : int
        Requests under way at once.
    per_minute : float or None
        Most attempts per minute, repeated ones too.
    n_retries : int
        Of one request, after a busy or broken answer, a timeout or a lost connection.
    timeout : float
        Seconds until an answer is given up.
    first_wait, longest_wait : float
        Seconds before the first retry, doubled for each further one, and at most.
    longest_retry_after : float
        An endpoint that asks to wait for more seconds than these is given up.

    Raises
    ------
    InputError
        A value is out of range.
    """

    parallel: int = 4
    per_minute: float | None = None
    n_retries: int = 6
    timeout: float = 120.0
    first_wait: float = 1.0
    longest_wait: float = 60.0
    longest_retry_after: float = 600.0

    def __post_init__(self) -> None:
        ranges = {
            "parallel": (is_whole(self.parallel, 1) and self.parallel <= 64, "1 to 64"),
            "per_minute": (
                self.per_minute is None or (is_number(self.per_minute, 0) and self.per_minute > 0),
                "a number above 0",
            ),
            "n_retries": (is_whole(self.n_retries) and self.n_retries <= 20, "0 to 20"),
            "timeout": (
                is_number(self.timeout, 0, 3_600) and self.timeout > 0,
                "more than 0 seconds, at most 3,600",
            ),
        }
        for name, (is_fine, expected) in ranges.items():
            require(
                is_fine,
                f"{name}={getattr(self, name)}",
                expected,
                "No request could be sent.",
                f"Choose from that; {name}={getattr(RequestPolicy, name)} is the default.",
            )

    def wait(self, n_failed: int, jitter: float) -> float:
        """Return the seconds before the next attempt; ``jitter`` in [0, 1) takes a quarter off."""
        return min(self.first_wait * 2 ** (n_failed - 1), self.longest_wait) * (1 - jitter / 4)


class RateLimiter:
    """Lets threads begin their attempts at a common rate; `end` frees all that wait.

    Parameters
    ----------
    per_minute : float or None
        None sets no limit.
    """

    def __init__(self, per_minute: float | None = None) -> None:
        self._gap = 60 / per_minute if per_minute else 0.0
        self._next = self._held_until = 0.0
        self._lock, self._over = threading.Lock(), threading.Event()

    def wait_turn(self) -> bool:
        """Wait until the next attempt may begin; False if there will be none."""
        with self._lock:
            turn = max(time.monotonic(), self._next)
            self._next = turn + self._gap
        while not self._over.is_set():
            left = max(turn, self._held_until) - time.monotonic()
            if left <= 0:
                return True
            self._over.wait(left)
        return False

    def rest(self, seconds: float, *, all_rest: bool = False) -> None:
        """Wait for some seconds; where all shall rest, no other turn begins before either."""
        if all_rest:
            with self._lock:
                self._held_until = max(self._held_until, time.monotonic() + seconds)
        self._over.wait(seconds)

    def end(self) -> None:
        """Let no further attempt begin."""
        self._over.set()


class WorkerPool:
    """Threads that end with the process: an answer that never comes holds nobody back.

    That is why they are those of `multiprocessing.pool`; `concurrent.futures` waits for its own
    before a process may exit.

    Parameters
    ----------
    work : callable
        Takes a job, returns its result or raises.
    size : int
        How many jobs are done at once.
    """

    def __init__(self, work: Callable[[Any], Any], size: int) -> None:
        self._work, self._threads = work, ThreadPool(size)
        self._done: queue.SimpleQueue = queue.SimpleQueue()

    def assign(self, key: Hashable, job: Any) -> None:
        """Hand out a job."""

        def report(outcome: Any) -> None:
            self._done.put((key, outcome))

        self._threads.apply_async(self._work, (job,), callback=report, error_callback=report)

    def next_done(self) -> tuple[Hashable, Any]:
        """Wait for any job; return its key, and its result or the exception that it raised."""
        return self._done.get()

    def dismiss(self) -> None:
        """Let every thread end after the job it has, and wait for none of them."""
        self._threads.terminate()
