"""The command line: parse, one call, an exit code.

Exit codes: 0 fine, 1 a finding, 2 bad input, 3 contaminated, 4 unexpected, 130 interrupted.
"""

from __future__ import annotations

import click

from synthlab.cli import generate, machine, notebooks
from synthlab.errors import InputError, SynthlabError

INTERRUPTED, UNEXPECTED = 130, 4


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="synthlab")
def commands() -> None:
    """When does synthetic data help, and when does it trap you?"""


#: To add a command: a file beside this one, and a name here.
for command in (
    notebooks.run,
    notebooks.render,
    machine.data,
    machine.doctor,
    machine.selftest,
    generate.generating,
):
    commands.add_command(command)


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
