"""Run notebook 00 at full size on both tasks and both writers, and keep the numbers.

From the repository's root: ``make combinations``.  One file per run in ``data/combinations/``;
what is there is not run again, unless ``--again`` is given.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

from synthlab.course import load_claim
from synthlab.paths import atomic_path

NOTEBOOK = "00_expensive_trap"
FOLDER = Path(__file__).resolve().parent / "combinations" / NOTEBOOK


def record(task: str, writer: str) -> None:
    """Run the notebook on one combination and keep its metrics."""
    settings = {"task": task, "writer": writer, "show_four": "false"}
    parameters = [part for pair in settings.items() for part in ("-p", "=".join(pair))]
    with tempfile.TemporaryDirectory() as out:
        command = ["run", NOTEBOOK, "--profile", "full", "--out", out, *parameters]
        subprocess.run([sys.executable, "-m", "synthlab", *command], check=True)
        with atomic_path(FOLDER / f"{task}-{writer}.json") as partial:
            shutil.copyfile(Path(out) / "metrics.json", partial)


def main() -> None:
    """Record the combinations that are missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--again", action="store_true", help="run those that are recorded, too")
    again, claim = parser.parse_args().again, load_claim("C1")
    for task, writer in product(claim["tasks"], claim["writers"]):
        if again or not (FOLDER / f"{task}-{writer}.json").exists():
            record(task, writer)
        print(f"recorded: {NOTEBOOK} on {task} by the {writer} writer")


if __name__ == "__main__":
    main()
