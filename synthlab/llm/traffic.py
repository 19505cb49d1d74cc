"""Threads that ask on behalf of one, and the pace they keep together."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from synthlab.errors import InputError


@dataclass(frozen=True)
class RequestPolicy:
    """How an endpoint is treated.

    Attributes
    ----------
    parallel : int
        Requests under way at once.
    per_minute : float or None
        Most attempts a minute, repeated ones too.
    n_retries : int
        Of one request, after a busy or broken answer, a timeout or a lost connection.
    timeout : float
        Seconds until an answer is given up.
    first_wait, longest_wait : float
        Seconds before the first retry, doubled for each further one, and at most.
    longest_told : float
        An endpoint that tells to wait for more seconds than these is given up.

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
    longest_told: float = 600.0

    def __post_init__(self) -> None:
        ranges = {
            "parallel": (1 <= self.parallel <= 64, "1 to 64"),
            "per_minute": (self.per_minute is None or 0 < self.per_minute < math.inf, "above 0"),
            "n_retries": (0 <= self.n_retries <= 20, "0 to 20"),
            "timeout": (0 < self.timeout <= 3_600, "more than 0 seconds, at most 3,600"),
        }
        for name, (is_fine, expected) in ranges.items():
            if not is_fine:
                raise InputError(
                    f"{name}={getattr(self, name)}: expected {expected}. No request could be sent "
                    f"so. Choose from that; {name}={getattr(RequestPolicy, name)} is the default."
                )

    def wait(self, n_failed: int, jitter: float) -> float:
        """Return the seconds before the next attempt; ``jitter`` in [0, 1) takes a quarter off."""
        return min(self.first_wait * 2 ** (n_failed - 1), self.longest_wait) * (1 - jitter / 4)


class RateLimiter:
    """Waits that several threads share, and that end at once when it is over.

    Parameters
    ----------
    per_minute : float or None
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
    """Threads, at most ``size``, that end with the process: a hung answer holds nobody back.

    Parameters
    ----------
    work : callable
        Takes a job, returns its result or raises.
    size : int
    """

    def __init__(self, work: Callable[[Any], Any], size: int) -> None:
        self._work, self._size, self._n_threads = work, size, 0
        self._jobs: queue.SimpleQueue = queue.SimpleQueue()
        self._done: queue.SimpleQueue = queue.SimpleQueue()

    def assign(self, key: Hashable, job: Any) -> None:
        """Hand out a job."""
        if self._n_threads < self._size:
            self._n_threads += 1
            threading.Thread(target=self._serve, daemon=True).start()
        self._jobs.put((key, job))

    def next_done(self) -> tuple[Hashable, Any]:
        """Wait for any job; return its key, and its result or what it raised."""
        return self._done.get()

    def dismiss(self) -> None:
        """Let every thread end after the job it has."""
        for _ in range(self._n_threads):
            self._jobs.put(None)

    def _serve(self) -> None:
        while (assigned := self._jobs.get()) is not None:
            key, job = assigned
            try:
                self._done.put((key, self._work(job)))
            except Exception as error:  # raised again where the result is taken
                self._done.put((key, error))
