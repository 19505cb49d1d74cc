"""Commands about this machine: fetch the data, say what is missing, test the control."""

from __future__ import annotations

import sys

import click


@click.command()
def data() -> None:
    """Download the mail corpus, verify every message, and parse it."""
    from synthlab.datasets import emails

    click.echo("mail corpus: download (20 MB), verify and parse, unless it is there already ...")
    frame = emails.email_frame()
    counts = ", ".join(
        f"{count:,} {label}" for label, count in frame["label"].value_counts().items()
    )
    click.echo(f"mail corpus: {len(frame):,} messages ({counts})")


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
