"""The command line: parse, one call, an exit code.

Exit codes: 0 fine, 1 a finding, 2 bad input, 3 contaminated, 4 unexpected, 130 interrupted.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synthlab.errors import InputError, SynthlabError

if TYPE_CHECKING:
    from synthlab import recording

INTERRUPTED, UNEXPECTED = 130, 4


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="synthlab")
def commands() -> None:
    """When does synthetic data help, and when does it trap you?"""


@commands.command()
@click.argument("name")
@click.option("-p", "pairs", multiple=True, metavar="KEY=VALUE", help="Set a parameter.")
@click.option("--profile", default="full", show_default=True, help="full or fast.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder; out/NAME without it.")
def run(name: str, pairs: tuple[str, ...], profile: str, out: Path | None) -> None:
    """Run a notebook, by number, name or path; write notebook, page and metrics."""
    from synthlab import report

    parameters = dict(_split_pair(pair) for pair in pairs)
    done = report.run_notebook(name, parameters, profile=profile, out=out, watch=_loop_bar)
    for key in ("claim", "verdict", "sentence"):
        if key in done.metrics:
            click.echo(f"{key:9}{done.metrics[key]}")
    click.echo(f"{'page':9}{done.page.resolve()}")


@commands.command()
@click.argument("name")
@click.option("--golden", type=click.Path(path_type=Path), default=Path("tests/golden"))
def render(name: str, golden: Path) -> None:
    """Execute a notebook in place with its defaults, and record its golden (for authors)."""
    from synthlab.render import render_in_place
    from synthlab.report import find_notebook

    path = find_notebook(name)
    render_in_place(path, golden / path.name)
    click.echo(f"rendered {path.name} and its golden")


@commands.command()
def data() -> None:
    """Download the mail corpus, verify every message, and parse it."""
    from synthlab import corpora

    click.echo("mail corpus: download (20 MB), verify and parse, unless it is there already ...")
    frame = corpora.email_frame()
    counts = ", ".join(
        f"{count:,} {label}" for label, count in frame["label"].value_counts().items()
    )
    click.echo(f"mail corpus: {len(frame):,} messages ({counts})")


@commands.command()
def doctor() -> None:
    """Say what is missing on this machine, and what to do about it."""
    from synthlab.doctor import examine

    findings = examine()
    for finding in findings:
        click.echo(f"{'ok' if finding.is_fine else 'MISSING':8}{finding.what}: {finding.detail}")
        if not finding.is_fine:
            click.echo(f"{'':8}remedy: {finding.remedy}")
    if not all(finding.is_fine for finding in findings):
        sys.exit(1)


@commands.command()
@click.option("--seed", default=0, show_default=True, help="Of the simulated rows.")
def selftest(seed: int) -> None:
    """Put cases with a known answer to the control; a wrong answer fails."""
    from synthlab.selftest import run_selftest, selftest_frame

    answers = run_selftest(seed)
    table = selftest_frame(answers)
    click.echo(table.drop(columns="others").to_string(index=False))
    click.echo("\nWhat other tools answered (measured in 2026, not run again here):")
    for answer in answers:
        if answer.others:
            click.echo(f"  {answer.case}: {answer.others}")
    if not table["is_right"].all():
        sys.exit(1)


@commands.group()
def generate() -> None:
    """Let a language model write (extra: pip install synthlab[llm])."""


@generate.command()
@click.option("--n", default=200, show_default=True, help="Rows, half spam and half ham.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder; continued.")
@click.option("--style", default="naive", show_default=True, help="Which prompts.")
@click.option("--seed", default=0, show_default=True, help="Of prompts and answers.")
@click.option("--threads", default=2, show_default=True, help="Cores to use.")
@click.option("--max-tokens", default=64, show_default=True, help="Longest answer.")
@click.option("--temperature", default=0.9, show_default=True, help="0: the likeliest token.")
@click.option("--top-k", default=50, show_default=True, help="Draw from so many tokens.")
@click.option("--top-p", default=0.95, show_default=True, help="Draw from so much probability.")
def emails(
    n: int,
    out: Path,
    style: str,
    seed: int,
    threads: int,
    max_tokens: int,
    temperature: float,
    top_k: int,
    top_p: float,
) -> None:
    """Write e-mails into parquet shards; the same command continues what was interrupted."""
    from synthlab import generation, llm, llm_local, prompts

    prompts.load_prompts(style)  # a mistyped style should not wait for the model
    if n <= 0:
        raise InputError(f"--n {n}: expected at least 1 row. Nothing would be written. Try 200.")
    sampling = llm.Sampling(temperature, top_k, top_p)
    model = llm_local.LocalModel(sampling, n_threads=threads)
    settings = {"style": style, "sampling": sampling, "max_tokens": max_tokens, "seed": seed}
    try:
        with _row_bar() as watch:
            done = generation.generate_emails(model, out, n, **settings, watch=watch)
    except KeyboardInterrupt:
        click.echo("stopped; the same command continues the run, nothing is lost.", err=True)
        raise
    dropped = ", ".join(f"{count:,} {reason}" for reason, count in done["dropped"].items())
    click.echo(f"{done['kept']:,} of {done['done']:,} rows kept; dropped: {dropped or 'none'}")
    click.echo(f"{out.resolve()}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    try:
        commands.main(arguments, prog_name="synthlab", standalone_mode=False)
    except SynthlabError as error:
        click.echo(f"synthlab: {error}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return InputError.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("synthlab: interrupted; nothing half-written was left as a result.", err=True)
        return INTERRUPTED
    except SystemExit as stop:
        return int(stop.code or 0)
    except Exception as error:
        click.echo(f"synthlab: unexpected {type(error).__name__}: {error}", err=True)
        return UNEXPECTED
    return 0


def _split_pair(pair: str) -> tuple[str, str]:
    key, equals, value = pair.partition("=")
    if not (key and equals):
        raise InputError(f"-p {pair!r}: expected KEY=VALUE, such as -p n_synth=5000.")
    return key, value


@contextmanager
def _row_bar() -> Iterator[Callable[[recording.Progress], None]]:
    """Show rows, tokens a second, and the time left; what was recorded earlier costs none."""
    import time

    from tqdm import tqdm

    began = time.monotonic()
    with tqdm(unit="row", desc="e-mails") as bar:

        def watch(progress: recording.Progress) -> None:
            if not progress.n_tokens:
                bar.reset(progress.total)
                bar.initial = bar.n = progress.done
                bar.refresh()
                return
            rate = progress.n_tokens / (time.monotonic() - began)
            bar.set_postfix_str(f"{rate:,.0f} tokens/s", refresh=False)
            bar.update(progress.done - bar.n)

        yield watch


@contextmanager
def _loop_bar(channel: Path) -> Iterator[None]:
    """Show, below the bar of cells, how far the loop inside the running cell has come."""
    from tqdm import tqdm

    from synthlab import progress

    done = threading.Event()

    def follow() -> None:
        bar = None
        while not done.wait(0.5):
            step = progress.latest(channel)
            if step and bar is None and step.done < step.total:
                bar = tqdm(total=step.total, desc=f"  {step.label}", position=1, leave=False)
            if step and bar is not None:
                bar.update(step.done - bar.n)
            if step and bar is not None and step.done == step.total:
                bar = bar.close()
        if bar is not None:
            bar.close()

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    try:
        yield
    finally:
        done.set()
        follower.join()
