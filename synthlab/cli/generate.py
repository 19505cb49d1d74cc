"""The command that lets a language model write or label."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synthlab.errors import InputError, require

if TYPE_CHECKING:
    from synthlab.llm import recorder
    from synthlab.llm.budget import Budget
    from synthlab.llm.model import LanguageModel, Request, Sampling


@click.command("generate")
@click.argument("task")
@click.option("--n", default=200, show_default=True, help="Rows to keep, as many of each label.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder; continued.")
@click.option("--style", default="naive", show_default=True, help="Which of the task's prompts.")
@click.option("--seed", default=0, show_default=True, help="Of prompts and answers.")
@click.option("--max-tokens", default=64, show_default=True, help="Length of an answer.")
@click.option("--temperature", default=0.9, show_default=True, help="0: the likeliest token.")
@click.option("--top-k", type=int, help="Draw from so many tokens. [50; an endpoint: its own]")
@click.option("--top-p", default=0.95, show_default=True, help="Draw from so much probability.")
@click.option(
    "--examples",
    type=click.Path(path_type=Path),
    help="Folder of recorded rows that few_shot prompts show, in place of real ones.",
)
@click.option("--threads", type=int, help="Cores for the local model. [2, if there are two]")
@click.option(
    "--base-url", help="Ask an OpenAI-compatible endpoint, such as http://127.0.0.1:8000/v1."
)
@click.option("--model", help="The endpoint's name of the model.")
@click.option("--key-variable", help="Environment variable with the key. [OPENAI_API_KEY]")
@click.option("--parallel", type=int, help="Requests under way at once. [4]")
@click.option("--per-minute", type=float, help="Most requests per minute, repeated ones too.")
@click.option("--timeout", type=float, help="Seconds until an answer is given up. [120]")
@click.option("--price-in", type=float, help="Money per million tokens of prompts.")
@click.option("--price-out", type=float, help="Money per million tokens of answers.")
@click.option("--cap", help="Most money for this command, or none. [the estimate]")
def generating(
    task: str,
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
    """Let a language model write rows of TASK (emails, reviews), or label real ones.

    Needs the extra: pip install synthlab[llm]. Rows go to parquet files in the folder --out; the
    same command continues what was interrupted. Without --base-url a small model in this process
    writes. With it any OpenAI-compatible endpoint does: the key is read from the environment, and
    an estimate of the costs is printed before anything is asked.
    """
    from synthlab.llm import generate, prompts, tasks
    from synthlab.llm.model import Sampling

    found = tasks.find_task(task)
    prompts.load_prompts(found, style)  # a mistyped style should not wait for the model
    if base_url is None:
        sampling = Sampling(temperature, 50 if top_k is None else top_k, top_p)
        model = _local_model(sampling, threads, of_endpoint)
    else:
        sampling = Sampling(temperature, top_k, top_p)
        model = _endpoint_model(base_url, sampling, threads, **of_endpoint)
    settings = {"style": style, "sampling": sampling, "max_tokens": max_tokens, "seed": seed}
    settings["examples"] = examples
    with _summary_at_the_end(model), _row_bar(task) as watch:
        settings |= {"approve": _approval(model), "watch": watch}
        done = generate.generate_rows(found, model, out, n, **settings)
    dropped = ", ".join(f"{count:,} {reason}" for reason, count in done["dropped"].items())
    click.echo(f"{done['kept']:,} of {done['done']:,} rows kept; dropped: {dropped or 'none'}")
    click.echo(f"{out.resolve()}")


def _local_model(
    sampling: Sampling, threads: int | None, of_endpoint: dict[str, Any]
) -> LanguageModel:
    from synthlab.llm.local import LocalModel

    given = [f"--{name.replace('_', '-')}" for name, value in of_endpoint.items() if value]
    require(
        not given,
        f"{', '.join(given)} without --base-url",
        "no option of an endpoint where none is named",
        "The local model has no such option.",
        "Name the endpoint, or leave the option out.",
    )
    n_cores = os.cpu_count() or 1
    threads = min(2, n_cores) if threads is None else threads
    require(
        1 <= threads <= n_cores,
        f"--threads {threads}",
        f"1 to {n_cores}, the cores of this machine",
        "More would wait for each other.",
    )
    return LocalModel(sampling, n_threads=threads)


def _endpoint_model(
    base_url: str, sampling: Sampling, threads: int | None, **options: Any
) -> LanguageModel:
    from synthlab.llm import client, endpoint, traffic

    url, name = client.clean_url(base_url), options["model"]
    require(
        bool(name),
        "--model: missing",
        "the endpoint's name of a model",
        "Nothing can be asked.",
        f"{url}/models lists the names.",
    )
    require(
        threads is None,
        f"--threads {threads} beside --base-url",
        "no such option",
        "An endpoint has its own cores.",
        "Use --parallel.",
    )
    of_policy = {key: options[key] for key in ("parallel", "per_minute", "timeout")}
    return endpoint.EndpointModel(
        url,
        name,
        sampling,
        key_variable=options["key_variable"] or client.KEY_VARIABLE,
        policy=traffic.RequestPolicy(**{k: v for k, v in of_policy.items() if v is not None}),
        budget=_budget(url, options["price_in"], options["price_out"], options["cap"]),
    )


def _budget(url: str, price_in: float | None, price_out: float | None, cap: str | None) -> Budget:
    from synthlab.llm import client
    from synthlab.llm.budget import Budget, Prices

    require(
        (price_in is None) == (price_out is None),
        "--price-in, --price-out",
        "both or none",
        "One of them gives no costs.",
    )
    require(
        price_in is not None or cap == "none" or client.is_loopback(url),
        f"{url}: its costs are unknown",
        "--price-in and --price-out (money per million tokens)",
        "It could spend without a limit.",
        "Give them, or --cap none if you know what you pay.",
    )
    try:
        most = None if cap is None else math.inf if cap == "none" else float(cap)
    except ValueError:
        raise InputError(f"--cap {cap}: expected money, such as 2.50, or none.") from None
    prices = None if price_in is None else Prices(price_in, price_out)
    return Budget(prices, most)


def _approval(model: LanguageModel) -> Callable[[list[Request], int], None]:
    """Return what prints an estimate and holds it against the cap; a local model costs nothing."""
    from synthlab.llm.budget import estimate

    budget = getattr(model, "budget", None)

    def approve(sample: list[Request], rows: int) -> None:
        if budget is not None:
            planned = estimate(sample, rows, budget.prices)
            click.echo(planned.summary(), err=True)
            budget.allow(planned)

    return approve


@contextmanager
def _summary_at_the_end(model: LanguageModel) -> Iterator[None]:
    """Say what was spent, however the run ended, and that an interrupted one can go on."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("stopped; the same command continues the run, nothing is lost.", err=True)
        raise
    finally:
        budget = getattr(model, "budget", None)
        if budget and budget.n_prompt:
            click.echo(budget.summary(), err=True)


@contextmanager
def _row_bar(label: str) -> Iterator[Callable[[recorder.Progress], None]]:
    """Show rows, tokens per second, and the time left; what was recorded earlier costs none."""
    import time

    from tqdm import tqdm

    began = time.monotonic()
    with tqdm(unit="row", desc=label) as bar:

        def watch(progress: recorder.Progress) -> None:
            if not progress.n_tokens:
                bar.reset(progress.total)
                bar.initial = bar.n = progress.done
                bar.refresh()
                return
            rate = progress.n_tokens / (time.monotonic() - began)
            bar.set_postfix_str(f"{rate:,.0f} tokens/s", refresh=False)
            bar.update(progress.done - bar.n)

        yield watch
