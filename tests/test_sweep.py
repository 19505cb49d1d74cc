"""A sweep gives the same table however it came about, and computes nothing that it has."""

import itertools
import json
import math
import os
import resource
import signal
import struct
import subprocess
import sys
import textwrap
import time
from collections import Counter
from functools import partial
from pathlib import Path
from threading import Thread

import joblib
import numpy as np
import pandas as pd
import pytest
import sweep_cells
from threadpoolctl import threadpool_info, threadpool_limits

from synthlab.errors import InputError, SynthlabError
from synthlab.progress import CHANNEL, Step, latest
from synthlab.sweep import Cell, grid, recordings, run, run_sweep, workers
from synthlab.sweep.cells import digest
from synthlab.sweep.results import exact_column

TESTS = str(Path(__file__).parent)


@pytest.fixture
def trace(tmp_path):
    (tmp_path / "trace").mkdir()
    return tmp_path / "trace"


def ran(trace):
    """How often each cell was begun, by its values."""
    return Counter(path.name.rpartition("-")[0] for path in trace.glob("*.run"))


def cells_of(trace, **changed):
    values = {"method": ["one", "three"], "share": [0.1, 0.3], "seeds": 3} | changed
    return grid(trace=str(trace), **values)


def bits(frame):
    """Return every value of a frame with its type and all its bits."""
    exact = lambda value: struct.pack("<d", value) if isinstance(value, float) else repr(value)  # noqa: E731
    rows = [[(type(v).__name__, exact(v)) for v in row] for row in frame.itertuples(index=False)]
    return list(frame.columns), [str(kind) for kind in frame.dtypes], rows


def test_a_row_a_record_in_the_order_of_the_cells(tmp_path, trace):
    cells = cells_of(trace)
    frame = run_sweep(sweep_cells.draw, cells, tmp_path / "run", n_jobs=1).to_frame()
    assert list(frame) == ["trace", "method", "share", "seed", "lift", "n", "word"]
    assert list(frame["seed"]) == [cell.seed for cell in cells]
    truth = [sweep_cells.draw(**cell.parameters, seed=cell.seed) for cell in cells]
    assert list(frame["lift"]) == [one["lift"] for one in truth]
    assert list(frame["n"]) == [one["n"] for one in truth]


def test_a_cell_may_give_several_records(tmp_path, trace):
    frame = run_sweep(sweep_cells.several, cells_of(trace, seeds=[5]), tmp_path / "run").to_frame()
    assert list(frame["generator"]) == ["b", "a", "c"] * 4
    assert frame.groupby(["method", "share"])["n"].nunique().eq(1).all()


def test_the_table_does_not_depend_on_workers_or_order(tmp_path, trace):
    cells = cells_of(trace)
    one = run_sweep(sweep_cells.draw, cells, tmp_path / "1", n_jobs=1).to_frame()
    two = run_sweep(sweep_cells.draw, cells, tmp_path / "2", n_jobs=2).to_frame()
    run_sweep(sweep_cells.draw, cells[::-1], tmp_path / "3", n_jobs=1)
    found = run_sweep(sweep_cells.draw, cells, tmp_path / "3", n_jobs=1)
    assert found.n_found == len(cells)
    assert bits(one) == bits(two) == bits(found.to_frame())


def test_two_jobs_are_two_processes(tmp_path):
    frame = run_sweep(sweep_cells.where, grid(level=range(8)), tmp_path, n_jobs=2).to_frame()
    assert frame["process"].nunique() == 2
    assert os.getpid() not in set(frame["process"])


def test_only_what_is_missing_runs(tmp_path, trace):
    cells = cells_of(trace)
    first = run_sweep(sweep_cells.draw, cells[:5], tmp_path / "run", n_jobs=1)
    second = run_sweep(sweep_cells.draw, cells, tmp_path / "run", n_jobs=1)
    third = run_sweep(sweep_cells.draw, cells, tmp_path / "run", n_jobs=1)
    assert set(ran(trace).values()) == {1}
    assert len(ran(trace)) == len(cells)
    assert str(first) == "5 cells: 0 found done, 5 done now, 0 failed."
    assert str(second) == "12 cells: 5 found done, 7 done now, 0 failed."
    assert str(third) == "12 cells: 12 found done, 0 done now, 0 failed."
    assert bits(third.to_frame()) == bits(second.to_frame())


@pytest.mark.parametrize(
    "changed", [{"data": ["other"]}, {"recipe": "2"}, {"data": ["x", "y"]}, {"data": []}]
)
def test_other_data_or_another_recipe_are_other_cells(tmp_path, trace, changed):
    cells, settings = cells_of(trace, seeds=1), {"data": ["x"], "n_jobs": 1}
    run_sweep(sweep_cells.draw, cells, tmp_path / "run", **settings)
    again = run_sweep(sweep_cells.draw, cells, tmp_path / "run", **settings | changed)
    assert again.n_found == 0
    assert run_sweep(sweep_cells.draw, cells, tmp_path / "run", **settings).n_found == len(cells)


@pytest.mark.parametrize(
    "changed", [{"level": 1.0}, {"level": True}, {"level": "1"}, {"seeds": [8]}]
)
def test_another_parameter_or_seed_is_another_cell(tmp_path, changed):
    values = {"level": 1, "seeds": [7]}
    run_sweep(sweep_cells.where, grid(**values), tmp_path, n_jobs=1)
    assert run_sweep(sweep_cells.where, grid(**values), tmp_path, n_jobs=1).n_found == 1
    assert run_sweep(sweep_cells.where, grid(**values | changed), tmp_path, n_jobs=1).n_found == 0


def test_another_version_is_another_cell(tmp_path, monkeypatch):
    run_sweep(sweep_cells.where, grid(level=1), tmp_path, n_jobs=1)
    monkeypatch.setattr(run, "version", lambda name: "99")
    assert run_sweep(sweep_cells.where, grid(level=1), tmp_path, n_jobs=1).n_found == 0


def test_a_function_that_was_rewritten_is_another(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    found = []
    for value in (1, 22):
        (tmp_path / "rewritten.py").write_text(f"def cell(seed):\n    return {{'v': {value}}}\n")
        sys.modules.pop("rewritten", None)
        function = __import__("rewritten").cell
        result = run_sweep(function, grid(), tmp_path / "run", n_jobs=1)
        found.append((result.n_found, result.to_frame()["v"][0]))
    sys.modules.pop("rewritten")
    assert found == [(0, 1), (0, 22)]


def test_a_named_sweep_finds_its_cells_after_its_function_has_moved(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    found = []
    for place in ("old_home", "new_home"):
        (tmp_path / f"{place}.py").write_text("def cell(seed):\n    return {'v': 1}\n")
        function = __import__(place).cell
        found.append(run_sweep(function, grid(), tmp_path / "run", n_jobs=1, name="a").n_found)
        sys.modules.pop(place)
    assert found == [0, 1]


def test_the_order_of_parameters_is_no_difference(tmp_path, trace):
    cell = Cell({"trace": str(trace), "method": "one", "share": 0.1}, 3)
    run_sweep(sweep_cells.draw, [cell], tmp_path / "run", n_jobs=1)
    turned = Cell(dict(reversed(cell.parameters.items())), 3)
    assert run_sweep(sweep_cells.draw, [turned], tmp_path / "run", n_jobs=1).n_found == 1


def test_odd_values_come_back_in_all_their_bits(tmp_path):
    cells, truth = grid(seeds=[1, 2]), sweep_cells.odd(1) | {"numpy": float(np.float32(0.1))}
    fresh = run_sweep(sweep_cells.odd, cells, tmp_path / "run")
    resumed = run_sweep(sweep_cells.odd, cells, tmp_path / "run")
    assert resumed.n_found == 2
    assert bits(fresh.to_frame()) == bits(resumed.to_frame())
    for name, value in truth.items():
        for got in (resumed.records[0][0][name], resumed.to_frame()[name].tolist()[1]):
            same = got != got if value != value else got == value
            assert same, name
            assert type(got) is type(value), name
    assert math.copysign(1, resumed.to_frame()["zero"][0]) == -1


def test_files_are_strict_json(tmp_path):
    run_sweep(sweep_cells.odd, grid(), tmp_path, n_jobs=1)
    (file,) = tmp_path.iterdir()
    json.loads(file.read_text(), parse_constant=lambda word: pytest.fail(word))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], "int64"),
        ([2**53 + 1, None], "Int64"),
        ([2**53 + 1, 0.5], "object"),
        ([2**53, 0.5], "float64"),
        ([2**64, 1], "object"),
        ([-(2**63) + 1, 2**63 - 1], "int64"),
        ([True, None], "boolean"),
        ([True, 1], "object"),
        (["a", None], "str"),
        (["a", 1], "object"),
        ([0.5, None], "float64"),
        ([True, False], "bool"),
    ],
)
def test_columns_round_nothing(values, kind):
    column = exact_column(values)
    assert str(column.dtype) == kind
    present = [(got, value) for got, value in zip(column, values, strict=True) if value is not None]
    assert all(got == value for got, value in present)
    assert sum(column.isna()) == values.count(None)


def test_a_cell_that_raises_is_reported_and_tried_again(tmp_path, trace):
    cells = grid(trace=str(trace), level=[1, 2, 3], seeds=[4])
    result = run_sweep(sweep_cells.fails_at_two, cells, tmp_path / "run", n_jobs=2)
    assert list(result.to_frame()["level"]) == [1, 3]
    (failure,) = result.failures.to_dict("records")
    assert (failure["level"], failure["seed"]) == (2, 4)
    assert failure["exception"] == "ZeroDivisionError"
    assert failure["message"] == "two is too many"
    assert "fails_at_two" in failure["traceback"]
    assert "2 done now, 1 failed (first: trace=" in str(result)
    assert "level=2, seed=4: ZeroDivisionError: two is too many" in str(result)
    with pytest.raises(SynthlabError, match=r"1 failed .* what is done is kept"):
        result.require_complete()

    (trace / "mended").touch()
    mended = run_sweep(sweep_cells.fails_at_two, cells, tmp_path / "run", n_jobs=2)
    assert list(mended.require_complete().to_frame()["level_again"]) == [1, 2, 3]
    assert mended.n_found == 2
    assert mended.failures.empty
    assert sorted(ran(trace).values()) == [1, 1, 2]


def test_where_all_cells_fail_both_tables_still_have_columns(tmp_path):
    result = run_sweep(sweep_cells.returns, grid(kind=["nothing"], seeds=[1]), tmp_path, n_jobs=1)
    assert list(result.to_frame()) == ["kind", "seed"]
    assert list(result.failures) == ["kind", "seed", "exception", "message", "traceback"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("a number", "returned 3.5"),
        ("nothing", "returned None"),
        ("empty", r"returned \{\}"),
        ("no records", r"returned \[\]"),
        ("a hole", "none empty"),
        ("an array", "not ndarray"),
        ("a list inside", "not list"),
        ("a taken name", "under 'kind'"),
        ("a seed", "under 'seed'"),
        ("a name that is no str", "under 1"),
    ],
)
def test_rubbish_is_a_failure_that_says_so(tmp_path, kind, told):
    failures = run_sweep(sweep_cells.returns, grid(kind=kind), tmp_path, n_jobs=1).failures
    assert failures["exception"][0] == "InputError"
    assert pd.Series(failures["message"]).str.contains(told).all()


def cut(text):
    return text[: len(text) // 2]


def altered(text):
    content = json.loads(text)
    content["records"][0]["n"] += 1
    return json.dumps(content)


def moved(text):
    """Whole, but the result of other parameters."""
    content = json.loads(text)
    content.pop("sha256")
    content["of"]["cell"]["share"] = 0.9
    return json.dumps({**content, "sha256": digest(content)})


@pytest.mark.parametrize(
    "spoil", [cut, altered, moved, lambda text: "", lambda text: "[1]", lambda text: "\x00" * 99]
)
def test_a_spoilt_file_is_computed_again(tmp_path, trace, spoil):
    cells = cells_of(trace, seeds=1)
    before = run_sweep(sweep_cells.draw, cells, tmp_path / "run", n_jobs=1).to_frame()
    victim = sorted((tmp_path / "run").iterdir())[0]
    whole = victim.read_text("utf-8")
    victim.write_text(spoil(whole), "utf-8")
    after = run_sweep(sweep_cells.draw, cells, tmp_path / "run", n_jobs=1)
    assert after.n_found == len(cells) - 1
    assert bits(after.to_frame()) == bits(before)
    assert victim.read_text("utf-8") == whole


def test_bytes_that_are_no_text_are_computed_again(tmp_path):
    run_sweep(sweep_cells.where, grid(level=1), tmp_path, n_jobs=1)
    next(tmp_path.iterdir()).write_bytes(b"\xff\xfe\x00")
    assert run_sweep(sweep_cells.where, grid(level=1), tmp_path, n_jobs=1).n_found == 0


CHILD = """
import sys
sys.path.insert(0, {tests!r})
import sweep_cells
from synthlab.sweep import grid, run_sweep
cells = grid(trace=sys.argv[2], method=["one", "three"], share=[0.1, 0.3], seeds=3)
run_sweep(sweep_cells.slow, cells, sys.argv[1], n_jobs=2)
"""


def start(folder, trace):
    code = textwrap.dedent(CHILD.format(tests=TESTS))
    command = [sys.executable, "-c", code, str(folder), str(trace)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)


def wait_for(folder, n):
    """Wait until a folder holds n finished cells."""
    until(lambda: len(list(folder.glob("*.json"))) >= n)


def test_kill_9_loses_only_the_cells_in_flight(tmp_path, trace):
    folder = tmp_path / "run"
    child = start(folder, trace)
    wait_for(folder, 5)
    os.killpg(child.pid, signal.SIGKILL)  # workers too, as when a machine goes down
    child.communicate()
    n_done = len(list(folder.glob("*.json")))
    n_begun = ran(trace).total()
    assert 5 <= n_done < 12
    assert n_begun - n_done <= 3

    cells = cells_of(trace)
    resumed = run_sweep(sweep_cells.slow, cells, folder, n_jobs=2)
    assert resumed.n_found == n_done
    assert ran(trace).total() == n_begun + 12 - n_done
    whole = run_sweep(sweep_cells.slow, cells, tmp_path / "whole", n_jobs=1)
    assert whole.n_found == 0
    assert bits(resumed.to_frame()) == bits(whole.to_frame())


def test_an_interrupt_stops_at_once_and_keeps_what_is_done(tmp_path, trace):
    folder = tmp_path / "run"
    child = start(folder, trace)
    wait_for(folder, 3)
    os.killpg(child.pid, signal.SIGINT)  # as Ctrl-C does, to parent and workers
    _, told = child.communicate(timeout=20)
    assert child.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in told
    n_begun = ran(trace).total()
    assert n_begun < 12
    again = run_sweep(sweep_cells.slow, cells_of(trace), folder, n_jobs=1)
    assert again.n_found >= 3
    assert ran(trace).total() == n_begun + 12 - again.n_found


def test_an_interrupt_inside_a_cell_is_no_failure(tmp_path, trace):
    cells = grid(trace=str(trace), level=[1, 2, 3, 4])
    with pytest.raises(KeyboardInterrupt):
        run_sweep(sweep_cells.interrupted, cells, tmp_path / "run", n_jobs=1)
    assert ran(trace).total() == 3
    (trace / "mended").touch()
    result = run_sweep(sweep_cells.interrupted, cells, tmp_path / "run", n_jobs=1)
    assert result.n_found == 2
    assert list(result.to_frame()["value"]) == [1, 2, 3, 4]


def test_a_worker_that_dies_is_told_with_a_remedy(tmp_path):
    run_sweep(sweep_cells.where, grid(level=1), tmp_path, n_jobs=1)
    with pytest.raises(SynthlabError, match=r"fits: the workers failed.*is kept.*fewer workers"):
        run_sweep(sweep_cells.dies, grid(level=[1, 2]), tmp_path, n_jobs=2, label="fits")
    assert run_sweep(sweep_cells.where, grid(level=1), tmp_path, n_jobs=1).n_found == 1


def test_two_sweeps_at_once_do_no_harm(tmp_path, trace):
    folder = tmp_path / "run"
    children = [start(folder, trace) for _ in range(2)]
    told = [child.communicate(timeout=60)[1] for child in children]
    assert [child.returncode for child in children] == [0, 0], told
    cells = cells_of(trace)
    both = run_sweep(sweep_cells.slow, cells, folder, n_jobs=1)
    assert both.n_found == len(cells) == len(list(folder.iterdir()))
    truth = [sweep_cells.draw(**cell.parameters, seed=cell.seed)["n"] for cell in cells]
    assert list(both.to_frame()["n"]) == truth


SCRIPT = """
from synthlab.sweep import grid, run_sweep
def square(level, seed):
    return {"square": level**2}
if __name__ == "__main__":
    result = run_sweep(square, grid(level=[2, 3], seeds=[1]), "run", n_jobs=2)
    print(result, list(result.to_frame()["square"]))
"""


def test_a_function_of_a_script_or_notebook_will_do(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "script.py"]
    told = [
        subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert told[0] == "2 cells: 0 found done, 2 done now, 0 failed. [4, 9]\n"
    assert told[1] == "2 cells: 2 found done, 0 done now, 0 failed. [4, 9]\n"


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_cell_sees_one_thread_and_no_backend(tmp_path, n_jobs, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    before = threadpool_info()
    frame = run_sweep(sweep_cells.threads, grid(level=[1, 2]), tmp_path, n_jobs=n_jobs).to_frame()
    assert (frame["n_pools"] > 0).all()
    assert set(frame["most"]) == set(frame["inner"]) == {1}
    assert set(frame["setting"]) == {"1"}
    assert os.environ["OMP_NUM_THREADS"] == "3"
    assert threadpool_info() == before


def test_a_worker_with_more_threads_is_limited():
    """As on a cluster whose workers were not started by this process."""
    with threadpool_limits(2):
        assert max(pool["num_threads"] for pool in threadpool_info()) == 2
        _, (record,) = workers.attempt(0, "sweep_cells:threads", {"level": 1, "seed": 0})
    assert record["most"] == 1


def test_a_name_that_a_worker_cannot_find_is_a_failure_of_the_cell():
    _, failure = workers.attempt(0, "nowhere_to_be_found:cell", {"seed": 0})
    assert failure.exception == "ModuleNotFoundError"


def test_an_outer_backend_is_used(tmp_path):
    with joblib.parallel_config("threading"):
        frame = run_sweep(sweep_cells.where, grid(level=range(4)), tmp_path, n_jobs=2).to_frame()
    assert set(frame["process"]) == {os.getpid()}


def test_progress_counts_all_cells_and_those_found(tmp_path, trace, monkeypatch):
    cells = cells_of(trace, seeds=1)
    run_sweep(sweep_cells.draw, cells[:3], tmp_path / "run", n_jobs=1)
    monkeypatch.setenv(CHANNEL, str(tmp_path / "progress"))
    run_sweep(sweep_cells.draw, cells, tmp_path / "run", n_jobs=1, label="fits")
    steps = [json.loads(line) for line in (tmp_path / "progress").read_text().splitlines()]
    assert steps == [["fits", 3, 4], ["fits", 4, 4]]
    assert latest(tmp_path / "progress") == Step("fits", 4, 4)


def test_a_grid_is_the_full_product_in_a_fixed_order():
    cells = grid(a=[1, 2], b="xy", c=[None, 0.5], seeds=[3, 4])
    truth = list(itertools.product([1, 2], ["xy"], [None, 0.5], [3, 4]))
    assert [(*cell.parameters.values(), cell.seed) for cell in cells] == truth


def test_child_seeds_differ_and_do_not_depend_on_the_rest_of_the_grid():
    small, large = grid(a=[1, 2], seeds=3), grid(a=[0, 2, 1], seeds=5)
    assert len({cell.seed for cell in large}) == 15
    assert {(c.parameters["a"], c.seed) for c in small} < {
        (c.parameters["a"], c.seed) for c in large
    }
    assert not {c.seed for c in small} & {c.seed for c in grid(a=[1, 2], seeds=3, random_state=1)}
    assert all(0 <= cell.seed < 2**32 for cell in large)


def test_numpy_values_become_plain():
    (cell,) = grid(a=np.float64(0.1), b=np.arange(1), seeds=[np.int64(3)])
    assert [type(value) for value in (*cell.parameters.values(), cell.seed)] == [float, int, int]


@pytest.mark.parametrize("n_jobs", [0, True, 1.5, "2"])
def test_impossible_workers_are_refused(tmp_path, n_jobs):
    with pytest.raises(InputError, match="n_jobs="):
        run_sweep(sweep_cells.where, grid(level=1), tmp_path, n_jobs=n_jobs)


@pytest.mark.parametrize("function", [lambda level, seed: {}, partial(sweep_cells.where, 1), len])
def test_functions_that_cannot_be_found_again_are_refused(tmp_path, function):
    with pytest.raises(InputError, match="at its top"):
        run_sweep(function, grid(level=1), tmp_path)


def test_a_function_inside_another_is_refused(tmp_path):
    def inner(level, seed):
        return {}

    with pytest.raises(InputError, match=r"<locals>.inner.*at its top"):
        run_sweep(inner, grid(level=1), tmp_path)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ([], "none; expected one Cell"),
        ([{"level": 1}], "dict; expected one Cell"),
        ([*grid(level=2, seeds=[5])] * 2, "level=2, seed=5.*occurs 2 times"),
        (grid(level=[1, 2, 1], seeds=[5]), r"level=1, seed=5.*occurs 2 times"),
    ],
)
def test_cells_that_make_no_table_are_refused(tmp_path, cells, told):
    with pytest.raises(InputError, match=told):
        run_sweep(sweep_cells.where, cells, tmp_path)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"level": [object()]}, "level=<object.*not object"),
        ({"level": [[1, 2]]}, "not list"),
        ({"level": [np.datetime64("2020-01-01")]}, "not date"),
        ({"message": 1}, "Parameter 'message'"),
        ({"a b": 1}, "Parameter 'a b'"),
        ({"level": 1, "seeds": [-1]}, "Seed -1"),
        ({"level": 1, "seeds": [1.5]}, "Seed 1.5"),
        ({"level": 1, "random_state": -1}, "Seed -1"),
    ],
)
def test_values_that_cannot_be_written_down_are_refused(values, told):
    with pytest.raises(InputError, match=told):
        grid(**values)


@pytest.mark.parametrize("settings", [{"data": [1]}, {"recipe": 2}, {"data": [b"x"]}])
def test_fingerprints_are_strings(tmp_path, settings):
    with pytest.raises(InputError, match="expected strings"):
        run_sweep(sweep_cells.where, grid(level=1), tmp_path, **settings)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(InputError, match="expected a place that can be written"):
        run_sweep(sweep_cells.where, grid(level=1), tmp_path / "x")


def test_a_full_disk_keeps_what_is_done(tmp_path):
    """A limit on the size of files refuses as a full disk does: in the middle of writing."""
    cells = grid(n_letters=[10, 20, 9_000, 30], seeds=[1])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, before[1]))
    try:
        with pytest.raises(InputError, match=r"\(File too large\).*is kept.*Make room"):
            run_sweep(sweep_cells.writes, cells, tmp_path, n_jobs=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(list(tmp_path.iterdir())) == 2
    resumed = run_sweep(sweep_cells.writes, cells, tmp_path, n_jobs=1)
    assert resumed.n_found == 2
    assert list(resumed.to_frame()["text"].str.len()) == [10, 20, 9_000, 30]


def test_a_home_folder_is_meant_by_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    run_sweep(sweep_cells.where, grid(level=1), "~/runs", n_jobs=1)
    assert len(list((tmp_path / "runs").iterdir())) == 1


def sizes(folder):
    return {path.name: path.stat().st_size for path in folder.iterdir()}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_their_parent(tmp_path, trace, how):
    code = CHILD.format(tests=TESTS).partition("cells =")[0] + (
        "run_sweep(sweep_cells.beats, grid(trace=sys.argv[2], level=[1, 2]), sys.argv[1], n_jobs=2)"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "run"), str(trace)])
    try:
        until(lambda: len(sizes(trace)) == 2)
    finally:
        os.kill(child.pid, how)  # the parent alone, as a job scheduler does
        child.wait()
    before = sizes(trace)

    def is_still():
        nonlocal before
        time.sleep(1)
        is_same, before = sizes(trace) == before, sizes(trace)
        return is_same

    until(is_still)
    assert max(sizes(trace).values()) < sweep_cells.N_BEATS  # of a minute: none came to its end
    assert not list((tmp_path / "run").iterdir())


def until(is_so, n_looks=2_000):
    for _ in range(n_looks):
        if is_so():
            return
        time.sleep(0.01)
    pytest.fail("it never came to be")


def test_sweeps_in_two_threads_share_one_setting(tmp_path, trace, monkeypatch):
    """The first to begin is the first to leave; the other's cell looks only then."""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    before, frames = threadpool_info(), {}

    def sweep(me, awaited):
        cells = grid(trace=str(trace), me=me, awaited=awaited)
        frames[me] = run_sweep(sweep_cells.threads_after, cells, tmp_path / me, n_jobs=1).to_frame()
        (trace / f"{me} left").touch()

    threads = [
        Thread(target=sweep, args=names)
        for names in (("first", "second begun"), ("second", "first left"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [frames[me]["most"][0] for me in ("first", "second")] == [1, 1]
    assert [frames[me]["setting"][0] for me in ("first", "second")] == ["1", "1"]
    assert os.environ["OMP_NUM_THREADS"] == "3"
    assert threadpool_info() == before


@pytest.mark.filterwarnings("ignore")  # distributed's own, while it starts and stops
def test_a_dask_cluster_gives_the_same_table(tmp_path, trace):
    distributed = pytest.importorskip("distributed")
    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": True}
    cells = [*cells_of(trace)]
    local = run_sweep(sweep_cells.slow, cells, tmp_path / "local", n_jobs=1)
    odd = run_sweep(sweep_cells.odd, grid(seeds=3), tmp_path / "local", n_jobs=1)
    with (
        distributed.LocalCluster(**settings, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        far = run_sweep(sweep_cells.slow, cells, tmp_path / "dask")
        far_odd = run_sweep(sweep_cells.odd, grid(seeds=3), tmp_path / "dask")
        where = run_sweep(sweep_cells.where, grid(level=range(8)), tmp_path / "dask").to_frame()
        levels = grid(trace=str(trace), level=[1, 2, 3])
        failing = run_sweep(sweep_cells.fails_at_two, levels, tmp_path / "dask")
        limits = run_sweep(sweep_cells.threads, grid(level=[1, 2]), tmp_path / "dask").to_frame()
    assert where["process"].nunique() == 2
    assert os.getpid() not in set(where["process"])
    assert (far.n_found, far_odd.n_found) == (0, 0)
    assert bits(far.to_frame()) == bits(local.to_frame())
    assert bits(far_odd.to_frame()) == bits(odd.to_frame())
    assert list(failing.failures["message"]) == ["two is too many"]
    assert set(limits["most"]) == set(limits["inner"]) == {1}
    assert run_sweep(sweep_cells.slow, cells, tmp_path / "dask", n_jobs=1).n_found == len(cells)


def test_the_packages_digest_changes_with_any_of_its_modules(tmp_path, monkeypatch):
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / "recordings.py").write_text("a = 1\n", "utf-8")
    monkeypatch.setattr(recordings, "__file__", str(tmp_path / "sweep" / "recordings.py"))
    found = [recordings.package_digest()]
    for name, text in {"models.py": "b = 1\n", "sweep/recordings.py": "a = 2\n"}.items():
        (tmp_path / name).write_text(text, "utf-8")
        found.append(recordings.package_digest())
    (tmp_path / "models.py").rename(tmp_path / "splits.py")
    found.append(recordings.package_digest())
    assert len(set(found)) == 4
    (tmp_path / "notes.txt").write_text("no module", "utf-8")
    assert recordings.package_digest() == found[-1]
