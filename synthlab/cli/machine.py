"""Commands about this machine: fetch the data, say what is missing, test the control."""

from __future__ import annotations

import sys

import click


@click.command()
def data() -> None:
    """Download the mail corpus and the rated reviews, verify every byte, and parse them."""
    from synthlab.datasets import corpora

    for corpus in corpora.CORPORA:
        size, name = f"{corpus.megabytes:g} MB", corpus.name
        click.echo(f"{name}: download ({size}), verify and parse, unless it is there already ...")
        frame = corpus.frame()
        counts = ", ".join(
            f"{count:,} {label}" for label, count in frame["label"].value_counts().items()
        )
        click.echo(f"{name}: {len(frame):,} {corpus.rows} ({counts})")


@click.command()
def doctor() -> None:
    """Say what is missing on this machine, and what to do about it."""
    from synthlab.course.doctor import examine

    findings = examine()
    for finding in findings:
        click.echo(f"{'ok' if finding.is_fine else 'MISSING':8}{finding.what}: {finding.detail}")
        if not finding.is_fine:
            click.echo(f"{'':8}remedy: {finding.remedy}")
    if not all(finding.is_fine for finding in findings):
        sys.exit(1)


@click.command()
@click.option("--seed", default=0, show_default=True, help="Of the simulated rows.")
def selftest(seed: int) -> None:
    """Put cases with a known answer to the control; a wrong answer fails."""
    from synthlab.control.selftest import run_selftest, selftest_frame

    answers = run_selftest(seed)
    table = selftest_frame(answers)
    click.echo(table.drop(columns="others").to_string(index=False))
    click.echo("\nWhat other tools answered (measured in 2026, not run again here):")
    for answer in answers:
        if answer.others:
            click.echo(f"  {answer.case}: {answer.others}")
    if not table["is_right"].all():
        sys.exit(1)
