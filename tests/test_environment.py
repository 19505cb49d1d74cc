"""The packages are listed once, and what installs them cannot drift from that list."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
LLM_LOCK = (ROOT / "requirements-llm.lock").read_text("utf-8")
PRIVACY_LOCK = (ROOT / "requirements-privacy.lock").read_text("utf-8")
HOSTS = re.compile(r"https?://|index-url|find-links|pypi|pythonhosted", re.IGNORECASE)


def name_of(requirement: str) -> str:
    return re.match(r"[A-Za-z0-9_.-]+", requirement)[0].lower().replace("_", "-")


def locked_versions(lock: str = LOCK) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", lock, re.MULTILINE))


def environment() -> dict:
    return yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))


def test_environment_installs_the_package_itself():
    (pip,) = (d["pip"] for d in environment()["dependencies"] if isinstance(d, dict))
    extras = re.fullmatch(r"-e \.\[([\w,]+)\]", pip[0])[1].split(",")
    assert len(pip) == 1
    assert set(extras) <= set(PROJECT["optional-dependencies"])


def test_environment_lists_no_package_of_its_own():
    names = {name_of(d) for d in environment()["dependencies"] if isinstance(d, str)}
    assert names == {"python", "make", "nodejs", "pip"}


def test_environment_wants_the_same_python():
    assert f"python{PROJECT['requires-python']}" in environment()["dependencies"]


@pytest.mark.parametrize(
    "requirement", PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]
)
def test_lock_holds_every_requirement(requirement):
    assert name_of(requirement) in locked_versions()


@pytest.mark.parametrize(
    "requirement",
    PROJECT["optional-dependencies"]["llm"] + PROJECT["optional-dependencies"]["llm-test"],
)
def test_second_lock_holds_what_the_language_models_need(requirement):
    assert name_of(requirement) in locked_versions(LLM_LOCK)


@pytest.mark.parametrize("requirement", PROJECT["optional-dependencies"]["privacy"])
def test_third_lock_holds_what_notebook_03_needs(requirement):
    assert name_of(requirement) in locked_versions(PRIVACY_LOCK)


@pytest.mark.parametrize("other", [LLM_LOCK, PRIVACY_LOCK])
def test_locks_agree(other):
    lines = [set(re.findall(r"^[a-z0-9.-]+==\S+", lock, re.MULTILINE)) for lock in (LOCK, other)]
    shared = set(locked_versions()) & set(locked_versions(other))
    assert shared
    assert [line for line in lines[1] - lines[0] if line.split("==")[0] in shared] == []


def test_second_lock_leaves_out_the_command_line_that_carries_the_weights():
    assert "llm" not in locked_versions(LLM_LOCK)


@pytest.mark.parametrize("lock", [LOCK, LLM_LOCK, PRIVACY_LOCK])
def test_lock_holds_a_hash_for_every_package(lock):
    entries = re.split(r"\n(?=\S)", lock.strip())
    assert [e.splitlines()[0] for e in entries if "--hash=sha256:" not in e] == []


@pytest.mark.parametrize("lock", [LOCK, LLM_LOCK, PRIVACY_LOCK])
def test_lock_names_no_host(lock):
    lines = [line for line in lock.splitlines() if "--hash" not in line]
    assert [line for line in lines if HOSTS.search(line)] == []


def test_packages_that_users_asked_for_are_there():
    asked = "jupyterlab pandas scikit-learn matplotlib imbalanced-learn nbval papermill".split()
    assert set(asked) <= set(locked_versions())


def test_wheel_carries_the_course(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "synthlab/control/lift.py" in names
    assert "synthlab/_course/data/registry.toml" in names
    assert "synthlab/_course/notebooks/00_expensive_trap.ipynb" in names
