"""The Makefile does what its help says."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent


def make(*arguments):
    """Run make without anything that sets up or downloads."""
    old = [f"--old-file={target}" for target in ("data", "setup", "setup-privacy")]
    command = ["make", *old, "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_bench_runs_all_benches_and_says_at_the_end_which_missed_their_target(tmp_path):
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "ran $1"\ncase $1 in *control*|*loops*) exit 1;; esac\n')
    python.chmod(0o755)
    done = make("bench", f"BIN={tmp_path}")
    ran = re.findall(r"^ran (\S+)$", done.stdout, re.MULTILINE)
    assert ran == [f"tests/bench/{path.name}" for path in sorted(ROOT.glob("tests/bench/bench_*"))]
    assert done.stdout.splitlines()[-1] == "missed their target: bench_control bench_loops"
    assert done.returncode != 0
    python.write_text("#!/bin/sh\n")
    assert make("bench", f"BIN={tmp_path}").returncode == 0


def test_help_lists_every_target():
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    listed = [line.split()[0] for line in make("help").stdout.splitlines()]
    assert listed == targets
