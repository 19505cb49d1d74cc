"""A run leaves a whole result or none, and says what to do where it can't."""

import os
import subprocess
import sys
import time

import nbformat
import pytest
from small_notebooks import SAVES, USES, make_notebook

from synthlab import paths
from synthlab.course.notebooks import find_notebook, list_notebooks, run_notebook
from synthlab.errors import InputError, NotebookError


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def test_unknown_notebook_is_an_error_that_lists_the_known():
    with pytest.raises(InputError, match="no notebook '77'; there are 00_expensive_trap"):
        find_notebook("77")


@pytest.mark.parametrize("name", ["00", "00_expensive_trap", "00_expensive_trap.ipynb"])
def test_notebook_is_found_by_number_and_name(name):
    assert find_notebook(name).name == "00_expensive_trap.ipynb"


def test_an_appendix_follows_its_notebook_and_has_a_number_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "synthlab")
    folder = tmp_path / "notebooks"
    (folder / "solutions").mkdir(parents=True)
    (folder / "profiles.toml").touch()
    stems = ["02_rare", "02a_more", "03_private"]
    for name in [*stems, "2_short", "notes", "solutions/02_rare_solutions"]:
        (folder / f"{name}.ipynb").touch()
    assert [path.stem for path in list_notebooks()] == [*stems, "02_rare_solutions"]
    found = [find_notebook(number).stem for number in ("02", "02a", "03")]
    assert found == stems
    with pytest.raises(InputError, match="no notebook '03a'"):
        find_notebook("03a")


def test_run_leaves_notebook_page_and_metrics_and_nothing_else(tmp_path):
    path = make_notebook(tmp_path / "made.ipynb", USES, SAVES)
    done = run_notebook(str(path), {"n": "5"}, out=tmp_path / "out")
    assert done.metrics == {"n": 5, "share": 0.5}
    assert names_in(tmp_path / "out") == {"made.ipynb", "made.html", "metrics.json"}


@pytest.mark.parametrize(("outside", "inside"), [(None, 1), ("2", 2)])
def test_a_kernel_has_one_blas_thread_unless_the_user_says_otherwise(
    tmp_path, monkeypatch, outside, inside
):
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    if outside:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", outside)
    saves = "import os\nimport synthlab as sl\n"
    saves += "sl.save_metrics('made', {'threads': int(os.environ['OPENBLAS_NUM_THREADS'])})"
    path = make_notebook(tmp_path / "made.ipynb", USES, saves)
    assert run_notebook(str(path), out=tmp_path / "out").metrics == {"threads": inside}
    assert os.environ.get("OPENBLAS_NUM_THREADS") == outside


def test_folder_may_be_relative(tmp_path, monkeypatch):
    loops = "from synthlab.progress import track\nlist(track([1], 'loop'))"
    path = make_notebook(tmp_path / "made.ipynb", USES, loops, SAVES)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert run_notebook(str(path), out="out").metrics == {"n": 3, "share": 0.5}
    assert (tmp_path / "here" / "out" / "metrics.json").exists()


def test_failed_cell_leaves_the_partial_notebook_and_the_earlier_result(tmp_path):
    path = make_notebook(tmp_path / "made.ipynb", USES, SAVES)
    before = run_notebook(str(path), out=tmp_path / "out").page.read_bytes()
    make_notebook(path, USES, "1 / 0", SAVES)
    with pytest.raises(NotebookError, match=r"cell 3 raised ZeroDivisionError.*\n.*partial") as e:
        run_notebook(str(path), out=tmp_path / "out")
    assert e.value.exit_code == 4
    assert (tmp_path / "out" / "made.html").read_bytes() == before
    assert "made.partial.ipynb" in names_in(tmp_path / "out")
    make_notebook(path, USES, SAVES)
    run_notebook(str(path), out=tmp_path / "out")
    assert names_in(tmp_path / "out") == {"made.ipynb", "made.html", "metrics.json"}


def test_contamination_inside_a_notebook_has_its_own_exit_code(tmp_path):
    source = "import synthlab as sl\nraise sl.ContaminationError('leaked')"
    path = make_notebook(tmp_path / "made.ipynb", USES, source)
    with pytest.raises(NotebookError, match="leaked") as caught:
        run_notebook(str(path), out=tmp_path / "out")
    assert caught.value.exit_code == 3
    assert names_in(tmp_path / "out") == {"made.partial.ipynb"}


def test_a_kernel_that_dies_is_named_with_its_cell_and_the_rest_is_kept(tmp_path):
    dies = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    path = make_notebook(tmp_path / "made.ipynb", USES, "print('so far')", dies, SAVES)
    with pytest.raises(
        NotebookError, match=r"the kernel died in cell [34] or the next.*out of memory"
    ):
        run_notebook(str(path), out=tmp_path / "out")
    assert names_in(tmp_path / "out") == {"made.partial.ipynb"}
    partial = nbformat.read(tmp_path / "out" / "made.partial.ipynb", as_version=4)
    assert "so far" in str(partial.cells)


def test_notebook_without_metrics_is_an_error(tmp_path):
    path = make_notebook(tmp_path / "made.ipynb", USES)
    with pytest.raises(NotebookError, match=r"wrote no metrics\.json"):
        run_notebook(str(path), out=tmp_path / "out")


def test_bad_parameter_starts_no_kernel_and_makes_no_folder(tmp_path):
    path = make_notebook(tmp_path / "made.ipynb", USES, SAVES)
    with pytest.raises(InputError):
        run_notebook(str(path), {"n": "x"}, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path):
    marker, out = tmp_path / "started", tmp_path / "out"
    waits = f"import pathlib, time\npathlib.Path({str(marker)!r}).touch()\ntime.sleep(120)"
    slow = make_notebook(tmp_path / "slow.ipynb", USES, waits, SAVES)
    quick = make_notebook(tmp_path / "made.ipynb", USES, SAVES)
    process = subprocess.Popen([sys.executable, "-m", "synthlab", "run", slow, "--out", out])
    while not marker.exists() and process.poll() is None:
        time.sleep(0.1)
    run_notebook(str(quick), out=out)
    assert any(name.startswith(".run-") for name in names_in(out)), "a run at work lost its folder"
    process.kill()
    process.wait()
    run_notebook(str(quick), out=out)
    assert names_in(out) == {"made.ipynb", "made.html", "metrics.json"}


def test_a_folder_that_is_a_file_is_an_error_that_says_what_to_do(tmp_path):
    path = make_notebook(tmp_path / "made.ipynb", USES, SAVES)
    (tmp_path / "taken").touch()
    for out in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(InputError, match=r"expected a folder.*name another folder") as caught:
            run_notebook(str(path), out=out)
        assert str(out) in str(caught.value)


def test_a_page_that_finds_no_room_is_an_error_and_leaves_no_result(tmp_path):
    path = make_notebook(tmp_path / "made.ipynb", USES, SAVES)
    command = [sys.executable, "-m", "synthlab", "run", path, "--out", tmp_path / "out"]
    limited = ["bash", "-c", 'ulimit -f 48 && exec "$@"', "bash", *command]  # blocks of 1,024 bytes
    done = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Make room" in done.stderr
    assert names_in(tmp_path / "out") == set()
