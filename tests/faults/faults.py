"""What is left when a run is killed, the disk fills up, or two runs meet in one folder?

Run from the repository's root (some three minutes; a small file system is mounted, where that is
allowed)::

    OMP_NUM_THREADS=1 PYTHONPATH=tests python tests/faults/faults.py

It prints a table and writes ``data/faults.md``; it fails where anything was lost, doubled or
silent.  The table counts, over all rounds of a fault:

lost
    parts of the work that were kept, and then were gone or had to be done again
doubled
    results that stand there twice
silent
    results that differ from those of an undisturbed run, though no error was raised
unclear
    rounds that ended in another error than one of synthlab's own, which name a remedy
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from subjects import SUBJECTS, TRACES, Outcome, Subject

from synthlab.errors import SynthlabError
from synthlab.progress import CHANNEL

SEED, N_KILLS, N_MEETINGS = 14, 20, 5
UNCLEAR = 99
REPORT = Path(__file__).resolve().parents[2] / "data" / "faults.md"


@dataclass
class Tally:
    """What became of a subject under one fault."""

    subject: str
    fault: str
    rounds: int = 0
    lost: int = 0
    doubled: int = 0
    silent: int = 0
    unclear: int = 0
    note: str = ""

    @property
    def is_fine(self) -> bool:
        """Whether nothing is amiss."""
        return not (self.lost or self.doubled or self.silent or self.unclear)


def main() -> int:
    """Put every subject to every fault; return the exit code."""
    tallies = []
    with TemporaryDirectory(prefix="faults-") as place:
        os.environ[CHANNEL] = str(Path(place) / "progress")  # no bars
        os.environ[TRACES] = str(Path(place) / "traces")
        for subject in SUBJECTS:
            for fault in (kill, meet, fill, protect):
                began = time.monotonic()
                folder = Path(place) / subject.name.replace(" ", "-") / fault.__name__
                folder.mkdir(parents=True)
                tallies.append(fault(subject, folder))
                sys.stdout.write(f"{time.monotonic() - began:5.0f} s  {_line(tallies[-1])}\n")
                sys.stdout.flush()
    REPORT.write_text(_report(tallies), "utf-8")
    return 0 if all(tally.is_fine for tally in tallies) else 1


def kill(subject: Subject, place: Path) -> Tally:
    """Kill the process (not its workers) at random moments of a run that goes on each time."""
    tally, rng = Tally(subject.name, "kill −9"), random.Random(SEED)
    began = time.monotonic()
    truth = undisturbed(subject, place)
    duration = time.monotonic() - began
    number = 0
    ledger = Ledger(subject, place / str(number))
    while tally.rounds < N_KILLS:
        process = start(ledger.work)
        time.sleep(rng.uniform(0, duration))
        if end(process, signal.SIGKILL) == -signal.SIGKILL:
            tally.rounds += 1
            ledger.look()
        else:  # it had come to its end: on with a new folder
            compare(tally, truth, outcome_of(subject, ledger.folder), ledger)
            number += 1
            ledger = Ledger(subject, place / str(number))
    compare(tally, truth, outcome_of(subject, ledger.folder), ledger)
    return tally


def meet(subject: Subject, place: Path) -> Tally:
    """Let two processes do the same work in one folder at once."""
    tally, truth = Tally(subject.name, "two at once"), undisturbed(subject, place)
    for number in range(N_MEETINGS):
        ledger = Ledger(subject, place / str(number))
        told = [place / f"{number}-told-{who}" for who in range(2)]
        codes = [end(process) for process in [start(ledger.work, path) for path in told]]
        tally.rounds += 1
        tally.unclear += codes.count(UNCLEAR)
        unclear = [path for path, code in zip(told, codes, strict=True) if code == UNCLEAR]
        tally.note += "; ".join(path.read_text("utf-8")[-200:] for path in unclear)
        compare(tally, truth, outcome_of(subject, ledger.folder), ledger)
    return tally


def fill(subject: Subject, place: Path) -> Tally:
    """Let the disk be too small, then make room and go on."""
    tally, truth = Tally(subject.name, "full disk"), undisturbed(subject, place)
    with mounted(place / "disk", f"size={subject.room}") as remount:
        if remount is None:
            tally.note = "skipped: no file system may be mounted here"
            return tally
        ledger = Ledger(subject, place / "disk" / "work")
        tally.rounds += 1
        judge_refusal(tally, subject, ledger.folder)
        ledger.look()
        remount("size=64m")
        compare(tally, truth, outcome_of(subject, ledger.folder), ledger)
    return tally


def protect(subject: Subject, place: Path) -> Tally:
    """Let the folder be read-only, then writable, and go on."""
    tally, truth = Tally(subject.name, "read-only folder"), undisturbed(subject, place)
    with mounted(place / "disk", "size=64m") as remount:
        if remount is None:
            tally.note = "skipped: no file system may be mounted here"
            return tally
        ledger = Ledger(subject, place / "disk" / "work")
        remount("ro")
        tally.rounds += 1
        judge_refusal(tally, subject, ledger.folder)
        remount("rw")
        compare(tally, truth, outcome_of(subject, ledger.folder), ledger)
    return tally


class Ledger:
    """What a folder kept when we looked, and what became of it."""

    def __init__(self, subject: Subject, folder: Path) -> None:
        folder.mkdir(parents=True)
        subject.prepare(folder)
        self.folder, self._subject = folder, subject
        self._looks: list[tuple[set, Counter]] = []

    def work(self) -> None:
        """Do what is missing."""
        self._subject.work(self.folder)

    def look(self) -> None:
        """Note what is kept now."""
        done, begun = self._subject.units_done(self.folder), self._subject.units_begun(self.folder)
        self._looks.append((done, begun))

    def n_lost(self) -> int:
        """Count parts that were kept and are gone now, or were begun again since."""
        done, begun = self._subject.units_done(self.folder), self._subject.units_begun(self.folder)
        lost = set()
        for had, times in self._looks:
            lost |= {unit for unit in had if unit not in done or begun[unit] > times[unit]}
        return len(lost)


def undisturbed(subject: Subject, place: Path) -> Outcome:
    """Return what a run gives that nothing disturbs."""
    return outcome_of(subject, Ledger(subject, place / "truth").folder)


def outcome_of(subject: Subject, folder: Path) -> Outcome:
    """Finish the work in a folder; return what a user would read there."""
    answer, told = (folder.parent / f"{folder.name}-{what}" for what in ("outcome", "told"))
    work = lambda: answer.write_text(json.dumps(subject.outcome(folder)), "utf-8")  # noqa: E731
    code = end(start(work, told))
    if code:
        why = told.read_text("utf-8") if told.exists() else ""
        raise RuntimeError(f"{subject.name} in {folder} ended with {code}: {why}")
    return json.loads(answer.read_text("utf-8"))


def compare(tally: Tally, truth: Outcome, found: Outcome, ledger: Ledger) -> None:
    """Count what is amiss in a folder after all."""
    right, keys = dict(truth), Counter(key for key, _ in found)
    tally.lost += ledger.n_lost() + len(right.keys() - keys.keys())
    tally.doubled += sum(n - 1 for n in keys.values())
    tally.silent += sum(key not in right or content != right[key] for key, content in found)


def judge_refusal(tally: Tally, subject: Subject, place: Path) -> None:
    """Work where the disk refuses: silence is a fault, and so is an error without a remedy."""
    told = place.parent.parent / "told"
    code = end(start(lambda: subject.work(place), told))
    tally.silent += code == 0
    if code == UNCLEAR or (code and "name another" not in told.read_text("utf-8")):
        tally.unclear += 1
        tally.note = told.read_text("utf-8").strip().replace("\n", " ")[-300:]


def start(work: Callable[[], object], told: Path | None = None) -> int:
    """Work in a process of its own, which has everything loaded; return its id.

    All work is done so: threads and workers of this process would not survive the fork.
    """
    process = os.fork()
    if process:
        return process
    code = UNCLEAR
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        work()
        code = 0
    except SynthlabError as error:
        code = error.exit_code
        if told:
            told.write_text(str(error), "utf-8")
    except Exception as error:
        if told:
            told.write_text(f"{type(error).__name__}: {error}", "utf-8")
    finally:
        os._exit(code)


def end(process: int, how: signal.Signals | None = None) -> int:
    """Wait for a process, after a signal if one is given; return its exit code as Popen does."""
    if how is not None and os.waitpid(process, os.WNOHANG) == (0, 0):
        os.kill(process, how)
    elif how is not None:
        return 0
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


@contextmanager
def mounted(place: Path, options: str) -> Iterator[Callable[[str], None] | None]:
    """Mount a file system in memory; yield how to change it, or None where that isn't allowed."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    try:
        allowed = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        allowed = False
    if not allowed:
        yield None
        return
    try:
        yield lambda change: subprocess.run(
            ["mount", "-o", f"remount,{change}", str(place)], capture_output=True, check=True
        )
    finally:
        subprocess.run(["umount", "--lazy", str(place)], capture_output=True, check=True)


def _line(tally: Tally) -> str:
    counts = (tally.rounds, tally.lost, tally.doubled, tally.silent, tally.unclear)
    return f"| {tally.subject} | {tally.fault} | {' | '.join(map(str, counts))} | {tally.note} |"


def _report(tallies: list[Tally]) -> str:
    lines = "\n".join(_line(tally) for tally in tallies)
    return f"""# What is left after a kill, on a full disk, or when two runs meet?

Made by `make faults` (`tests/faults/faults.py`, seed {SEED}).  Each row is one way in which
synthlab keeps results, under one fault.  *kill −9*: the process is killed at random moments of
its run, its workers are not, and the next run goes on.  *full disk*, *read-only folder*: the disk
refuses, is then mended, and the next run goes on.  *two at once*: two processes do the same work
in one folder.

- **lost**: parts that were kept, and then were gone or had to be done again
- **doubled**: results that stand there twice
- **silent**: results that differ from those of an undisturbed run, or a refusal without an error
- **unclear**: errors that are none of synthlab's own, or name no remedy

| what | fault | rounds | lost | doubled | silent | unclear | |
|---|---|---|---|---|---|---|---|
{lines}
"""


if __name__ == "__main__":
    sys.exit(main())
