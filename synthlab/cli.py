"""The command line: parse, one call, an exit code.

Exit codes: 0 fine, 1 a finding, 2 bad input, 3 contaminated, 4 unexpected, 130 interrupted.
"""

from __future__ import annotations

import math
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synthlab.errors import InputError, SynthlabError

if TYPE_CHECKING:
    from synthlab import llm, recording, spending

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
@click.option("--n", default=200, show_default=True, help="E-mails to keep, half of them spam.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder; continued.")
@click.option("--style", default="naive", show_default=True, help="Which prompts.")
@click.option("--seed", default=0, show_default=True, help="Of prompts and answers.")
@click.option("--max-tokens", default=64, show_default=True, help="Longest answer.")
@click.option("--temperature", default=0.9, show_default=True, help="0: the likeliest token.")
@click.option("--top-k", type=int, help="Draw from so many tokens. [50; an endpoint: its own]")
@click.option("--top-p", default=0.95, show_default=True, help="Draw from so much probability.")
@click.option(
    "--examples",
    type=click.Path(path_type=Path),
    help="Folder of recorded e-mails that few_shot prompts show, in place of real ones.",
)
@click.option("--threads", type=int, help="Cores for the local model. [2, if there are two]")
@click.option(
    "--base-url", help="Ask an OpenAI-compatible endpoint, such as http://127.0.0.1:8000/v1."
)
@click.option("--model", help="The endpoint's name of the model.")
@click.option("--key-variable", help="Environment variable with the key. [OPENAI_API_KEY]")
@click.option("--parallel", type=int, help="Requests under way at once. [4]")
@click.option("--per-minute", type=float, help="Most requests a minute, repeated ones too.")
@click.option("--timeout", type=float, help="Seconds until an answer is given up. [120]")
@click.option("--price-in", type=float, help="Money per million tokens of prompts.")
@click.option("--price-out", type=float, help="Money per million tokens of answers.")
@click.option("--cap", help="Most money for this command, or none. [the estimate]")
def emails(
    n: int,
    out: Path,
    style: str,
    seed: int,
    max_tokens: int,
    temperature: float,
    top_k: int | None,
    top_p: float,
    examples: Path | None,
    threads: int | None,
    base_url: str | None,
    **of_endpoint: str | float | None,
) -> None:
    """Write e-mails into parquet shards; the same command continues what was interrupted.

    By a small model in this process, or, with --base-url, by any OpenAI-compatible endpoint;
    then the key is read from the environment, and an estimate is printed before anything is
    asked.
    """
    from synthlab import generation, llm, prompts

    prompts.load_prompts(style)  # a mistyped style should not wait for the model
    if n <= 0:
        raise InputError(f"--n {n}: expected at least 1 row. Nothing would be written. Try 200.")
    if base_url is None:
        sampling = llm.Sampling(temperature, 50 if top_k is None else top_k, top_p)
        model = _local_model(sampling, threads, of_endpoint)
    else:
        sampling = llm.Sampling(temperature, top_k, top_p)
        model = _endpoint_model(base_url, sampling, threads, **of_endpoint)
    settings = {"style": style, "sampling": sampling, "max_tokens": max_tokens, "seed": seed}
    settings["examples"] = examples
    with _told_at_the_end(model), _row_bar() as watch:
        settings |= {"approve": _approval(model), "watch": watch}
        done = generation.generate_emails(model, out, n, **settings)
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


def _local_model(
    sampling: llm.Sampling, threads: int | None, of_endpoint: dict[str, Any]
) -> llm.LanguageModel:
    from synthlab import llm_local

    given = [f"--{name.replace('_', '-')}" for name, value in of_endpoint.items() if value]
    if given:
        raise InputError(
            f"{', '.join(given)} without --base-url: the local model has no such option. Nothing "
            f"was asked. Name the endpoint, or leave it out."
        )
    n_cores = os.cpu_count() or 1
    threads = min(2, n_cores) if threads is None else threads
    if not 1 <= threads <= n_cores:
        raise InputError(
            f"--threads {threads}: expected 1 to {n_cores}, the cores of this machine. More would "
            f"wait for each other. Choose from that."
        )
    return llm_local.LocalModel(sampling, n_threads=threads)


def _endpoint_model(
    base_url: str, sampling: llm.Sampling, threads: int | None, **options: Any
) -> llm.LanguageModel:
    from synthlab import crew, llm_endpoint

    url, name = llm_endpoint.clean_url(base_url), options["model"]
    if not name:
        raise InputError(f"--model: missing. Nothing can be asked. {url}/models lists the names.")
    if threads is not None:
        raise InputError(
            f"--threads {threads} beside --base-url: an endpoint has its own cores. Use --parallel."
        )
    of_manners = {key: options[key] for key in ("parallel", "per_minute", "timeout")}
    return llm_endpoint.EndpointModel(
        url,
        name,
        sampling,
        key_variable=options["key_variable"] or llm_endpoint.KEY_VARIABLE,
        manners=crew.Manners(**{k: v for k, v in of_manners.items() if v is not None}),
        budget=_budget(url, options["price_in"], options["price_out"], options["cap"]),
    )


def _budget(
    url: str, price_in: float | None, price_out: float | None, cap: str | None
) -> spending.Budget:
    from synthlab import llm_endpoint, spending

    if (price_in is None) != (price_out is None):
        raise InputError("--price-in, --price-out: expected both or none. Half a price is none.")
    if price_in is None and cap != "none" and not llm_endpoint.is_loopback(url):
        raise InputError(
            f"{url}: its costs are unknown. It could spend without a limit. Give --price-in and "
            f"--price-out (money per million tokens), or --cap none if you know what you pay."
        )
    try:
        most = None if cap is None else math.inf if cap == "none" else float(cap)
    except ValueError:
        raise InputError(f"--cap {cap}: expected money, such as 2.50, or none.") from None
    prices = None if price_in is None else spending.Prices(price_in, price_out)
    return spending.Budget(prices, most)


def _approval(model: llm.LanguageModel) -> Callable[[list[llm.Request], int], None] | None:
    """Return what prints an estimate and holds it against the cap; nothing for a local model."""
    from synthlab import spending

    budget = getattr(model, "budget", None)
    if budget is None:
        return None

    def approve(sample: list[llm.Request], rows: int) -> None:
        planned = spending.estimate(sample, rows, budget.prices)
        click.echo(planned.sentence(), err=True)
        budget.allow(planned)

    return approve


@contextmanager
def _told_at_the_end(model: llm.LanguageModel) -> Iterator[None]:
    """Say what was spent, however it ended, and that an interrupted run can go on."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("stopped; the same command continues the run, nothing is lost.", err=True)
        raise
    finally:
        budget = getattr(model, "budget", None)
        if budget and budget.n_prompt:
            click.echo(budget.sentence(), err=True)


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
