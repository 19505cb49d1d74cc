"""Run notebooks 00, 05 and 06 at full size on both tasks and both writers, and keep the numbers.

From the repository's root: ``make combinations``.  One file per run in ``data/combinations/``;
what is there is not run again, unless ``--again`` is given.  Notebook 06 has both writers in each
run.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

from synthlab.datasets import TEXT_TASKS, WRITERS
from synthlab.paths import atomic_path

HERE = Path(__file__).resolve().parent / "combinations"
FOUR = list(product(TEXT_TASKS, WRITERS))
#: Notebook → (task, writer) of each run, and parameters that all of them share.
RUNS = {
    "00_expensive_trap": (FOUR, {"show_four": "false"}),
    "05_substituting_labels": (FOUR, {}),
    "06_contaminated_eval": ([(task, "both") for task in TEXT_TASKS], {}),
}


def record(notebook: str, task: str, writer: str) -> None:
    """Run a notebook on one combination and keep its metrics."""
    settings = {"task": task, "writer": writer} | RUNS[notebook][1]
    parameters = [part for pair in settings.items() for part in ("-p", "=".join(pair))]
    with tempfile.TemporaryDirectory() as out:
        command = ["run", notebook, "--profile", "full", "--out", out, *parameters]
        subprocess.run([sys.executable, "-m", "synthlab", *command], check=True)
        with atomic_path(HERE / notebook / f"{task}-{writer}.json") as partial:
            shutil.copyfile(Path(out) / "metrics.json", partial)


def main() -> None:
    """Record the combinations that are missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--again", action="store_true", help="run those that are recorded, too")
    again = parser.parse_args().again
    for notebook, (combinations, _) in RUNS.items():
        for task, writer in combinations:
            if again or not (HERE / notebook / f"{task}-{writer}.json").exists():
                record(notebook, task, writer)
            print(f"recorded: {notebook} on {task}, writer {writer}")


if __name__ == "__main__":
    main()
