"""A grid of cells → one tidy frame: resumable, on local workers or on a Dask cluster.

A *cell* is a function at the top of a module or notebook, its parameters and a seed::

    def compare(dataset, share, seed):
        ...
        return {"lift": lift, "ci_low": low, "ci_high": high}       # or a list of such records

    cells = grid(dataset=["ecoli", "yeast"], share=[0.1, 0.5], seeds=5)
    result = run_sweep(compare, cells, "runs/atlas", data=[fingerprint(real)])
    result                               # 20 cells: 12 found done, 8 done now, 0 failed.
    result.require_complete().to_frame()    # one row per record: dataset, share, seed, lift, …

On a cluster the call stays as it is, inside ``with joblib.parallel_config("dask"):``.

`cells` makes the grid, `run` finds what is done and has the rest computed, `workers` is what goes
on in another process, `store` reads and writes finished cells, `results` makes the frame, and
`recordings` keeps it.
"""

import lazy_loader as _lazy

_HOMES = {
    "cells": ["Cell", "Failure", "grid"],
    "recordings": ["libraries", "package_digest", "write_table"],
    "results": ["Sweep"],
    "run": ["run_sweep"],
}
__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs=_HOMES)
