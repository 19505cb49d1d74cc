"""Cell functions that workers import by name; each leaves a file where it was run."""

import math
import os
import time
from pathlib import Path
from tempfile import mkstemp

import numpy as np

N_BEATS = 600


def touch(trace, **told):
    name = "-".join(map(str, told.values()))
    os.close(mkstemp(dir=Path(trace), prefix=f"{name}-", suffix=".run")[0])


def draw(trace, method, share, seed):
    """Three numbers that the seed decides, in all their bits."""
    touch(trace, method=method, share=share, seed=seed)
    rng = np.random.default_rng([seed, len(method)])
    return {"lift": rng.normal() * share, "n": rng.integers(2**62), "word": method.upper()}


def slow(trace, method, share, seed):
    found = draw(trace, method, share, seed)
    time.sleep(0.15)
    return found


def several(trace, method, share, seed):
    found = draw(trace, method, share, seed)
    return [{"generator": name, **found} for name in ("b", "a", "c")]


def odd(seed):
    return {
        "big": 2**70 + 1,
        "exact": 2**53 + 1,
        "zero": -0.0,
        "tiny": 5e-324,
        "nan": math.nan,
        "top": math.inf,
        "bottom": -math.inf,
        "text": 'Bäume “1”\n\x00\ud800{"float": "nan"}',
        "none": None,
        "yes": True,
        "numpy": np.float32(0.1),
    }


def fails_at_two(trace, level, seed):
    touch(trace, level=level, seed=seed)
    if level == 2 and not (Path(trace) / "mended").exists():
        raise ZeroDivisionError("two is too many")
    return {"level_again": level}


def returns(kind, seed):
    rubbish = {
        "a number": 3.5,
        "nothing": None,
        "empty": {},
        "no records": [],
        "a hole": [{"a": 1}, {}],
        "an array": {"a": np.zeros(2)},
        "a list inside": {"a": [1]},
        "a taken name": {"kind": 1},
        "a seed": {"seed": 1},
        "a name that is no str": {1: 1},
    }
    return rubbish[kind]


def interrupted(trace, level, seed):
    touch(trace, level=level, seed=seed)
    if level == 3 and not (Path(trace) / "mended").exists():
        raise KeyboardInterrupt
    return {"value": level}


def dies(level, seed):
    os._exit(9)


def threads(level, seed):
    from joblib import effective_n_jobs
    from threadpoolctl import threadpool_info

    pools = [pool["num_threads"] for pool in threadpool_info()]
    return {
        "most": max(pools),
        "n_pools": len(pools),
        "inner": effective_n_jobs(2),
        "setting": os.environ.get("OMP_NUM_THREADS"),
        "process": os.getpid(),
    }


def threads_after(trace, me, awaited, seed):
    (Path(trace) / f"{me} begun").touch()
    wait_for(Path(trace) / awaited)
    return threads(0, seed)


def wait_for(path):
    while not path.exists():
        time.sleep(0.01)


def beats(trace, level, seed):
    """Show for a minute that the cell is alive."""
    with (Path(trace) / f"{level}-{os.getpid()}").open("a") as file:
        for _ in range(N_BEATS):
            file.write(".")
            file.flush()
            time.sleep(0.1)
    return {"value": level}


def writes(n_letters, seed):
    return {"text": "x" * n_letters}


def where(level, seed):
    time.sleep(0.05)
    return {"process": os.getpid()}
