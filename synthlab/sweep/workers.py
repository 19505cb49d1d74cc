"""What goes on where a cell runs: one numerical thread, plain records, an end with the parent."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from threading import Lock, Thread
from typing import Any

import joblib
from threadpoolctl import threadpool_limits

from synthlab.errors import InputError
from synthlab.sweep.cells import Failure, Value, plain

_WATCH_SECONDS = 0.5


def attempt(number: int, function: Any, arguments: dict[str, Value]) -> tuple[int, Any]:
    """Run one cell; what it raises is its outcome, and so is a name that a worker can't find."""
    end_with_parent()
    try:
        call = function_named(function) if isinstance(function, str) else function
        threadpool_limits(1)  # for good in a worker; the sweep restores its own process
        with joblib.parallel_config("sequential"):
            return number, _records(call(**arguments), set(arguments))
    except Exception as error:
        return number, Failure(type(error).__name__, str(error), traceback.format_exc())


def function_named(name: str) -> Callable:
    """Return the function that ``module:function`` names."""
    return getattr(import_module(name.partition(":")[0]), name.partition(":")[2])


@cache
def end_with_parent() -> None:
    """Let this process, if it is a worker, end soon after the one that started it.

    A parent that is killed can't end its workers: they would finish their cells for nobody, and
    then wait minutes for the next.
    """
    parent = multiprocessing.parent_process()
    if parent is not None and os.name == "posix":  # Windows tells neither of these
        Thread(target=_watch, args=(parent.pid, os.getppid()), daemon=True).start()


class OneThread:
    """Limit numerical libraries: those loaded, and by settings those that load later.

    Sweeps in several threads share their process's settings: the first to enter makes them, the
    last to leave restores what was before.
    """

    def __init__(self) -> None:
        self._lock, self._n_inside, self._settings = Lock(), 0, ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if not self._n_inside:
                self._settings.enter_context(_thread_settings())
                self._settings.enter_context(threadpool_limits(1))
            self._n_inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._n_inside -= 1
            if not self._n_inside:
                self._settings.close()


one_thread = OneThread()


@contextmanager
def _thread_settings() -> Iterator[None]:
    names = joblib.parallel.ParallelBackendBase.MAX_NUM_THREADS_VARS
    before = {name: os.environ[name] for name in names if name in os.environ}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name in names:
            os.environ.pop(name, None)
        os.environ.update(before)


def _watch(creator: int, parent: int) -> None:
    """End the process once its parent is another; the creator may have gone before we looked."""
    while os.getppid() == parent and _exists(creator):
        time.sleep(_WATCH_SECONDS)
    os._exit(1)


def _exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, but there
        return True
    return True


def _records(answer: Any, taken: set[str]) -> list[dict[str, Value]]:
    """Check what a cell returned, and return it in plain values."""
    records = [answer] if isinstance(answer, Mapping) else answer
    whole = isinstance(records, list) and all(isinstance(one, Mapping) and one for one in records)
    if not whole or not records:
        raise InputError(
            f"The cell returned {answer!r:.80}: expected a dict of names to values, or a list of "
            f"such, none empty. No row can be made of it. Return one, or raise an error."
        )
    bad = [name for name in itertools.chain(*records) if type(name) is not str or name in taken]
    if bad:
        told = f"expected a str other than {', '.join(sorted(taken))}"
        raise InputError(f"The cell returned a value under {bad[0]!r}: {told}. Rename it.")
    return [{name: plain(value, name) for name, value in one.items()} for one in records]
