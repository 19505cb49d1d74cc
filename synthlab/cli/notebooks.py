"""Commands that run and render notebooks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from synthlab.errors import InputError

_LOOK_SECONDS = 0.5


@click.command()
@click.argument("name")
@click.option("-p", "pairs", multiple=True, metavar="KEY=VALUE", help="Set a parameter.")
@click.option("--profile", default="full", show_default=True, help="full or fast.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder; out/NAME without it.")
def run(name: str, pairs: tuple[str, ...], profile: str, out: Path | None) -> None:
    """Run a notebook, by number, name or path; write notebook, page and metrics."""
    from synthlab.course.notebooks import run_notebook

    parameters = dict(_split_pair(pair) for pair in pairs)
    done = run_notebook(name, parameters, profile=profile, out=out, watch=_loop_progress)
    for key in ("claim", "verdict", "sentence"):
        if key in done.metrics:
            click.echo(f"{key:9}{done.metrics[key]}")
    click.echo(f"{'page':9}{done.page.resolve()}")


@click.command()
@click.argument("name")
@click.option("--golden", type=click.Path(path_type=Path), default=Path("tests/golden"))
@click.option("--golden-only", is_flag=True, help="Record the fast run; leave the notebook.")
def render(name: str, golden: Path, golden_only: bool) -> None:
    """Execute a notebook in place with its defaults, and record its golden (for authors)."""
    from synthlab.course.notebooks import find_notebook
    from synthlab.course.render import record_golden, render_in_place

    path = find_notebook(name)
    (record_golden if golden_only else render_in_place)(path, golden / path.name)
    click.echo(f"recorded the golden of {path.name}" if golden_only else f"rendered {path.name}")


def _split_pair(pair: str) -> tuple[str, str]:
    key, equals, value = pair.partition("=")
    if not (key and equals):
        raise InputError(f"-p {pair!r}: expected KEY=VALUE, such as -p n_synth=5000.")
    return key, value


@contextmanager
def _loop_progress(channel: Path) -> Iterator[None]:
    """Show how far the loop inside the running cell has come: a bar, or lines in a log."""
    from synthlab import progress

    done = threading.Event()
    follow = _draw_bars if progress.can_redraw() else _write_lines
    follower = threading.Thread(target=follow, args=(channel, done), daemon=True)
    follower.start()
    try:
        yield
    finally:
        done.set()
        follower.join()


def _draw_bars(channel: Path, done: threading.Event) -> None:
    """Draw a bar below that of cells, one loop after the other."""
    from tqdm import tqdm

    from synthlab import progress

    bar = None
    while not done.wait(_LOOK_SECONDS):
        step = progress.latest(channel)
        if step and bar is None and step.done < step.total:
            bar = tqdm(total=step.total, desc=f"  {step.label}", position=1, leave=False)
        if step and bar is not None:
            bar.update(step.done - bar.n)
        if step and bar is not None and step.done == step.total:
            bar = bar.close()
    if bar is not None:
        bar.close()


def _write_lines(channel: Path, done: threading.Event) -> None:
    """Write a line every half minute, so that a log says what a long run is at."""
    from synthlab import progress

    log, start = progress.Log(), time.monotonic()
    while not done.wait(_LOOK_SECONDS):
        step = progress.latest(channel)
        log.tell(f"{time.monotonic() - start:,.0f} s, {step or 'no loop yet'}")
