"""The local model's runtime, and its weights: as installed, and as llama.cpp loads them."""

from __future__ import annotations

import ctypes
import importlib.util
import logging
from pathlib import Path
from typing import Any

from synthlab.datasets import registry
from synthlab.errors import DataUnavailableError, ExtraMissingError
from synthlab.paths import atomic_path, cache_dir, matches_sidecar, write_sidecar

WEIGHTS = "smollm2-135m-instruct"
_log = logging.getLogger(__name__)


def weights_path() -> Path:
    """Return the installed weights, after checking their bytes.

    Raises
    ------
    ExtraMissingError
        The package that brings them is not installed.
    DataUnavailableError
        They are not those of the registry.
    """
    entry = registry.registry_entry(WEIGHTS)
    if importlib.util.find_spec(entry["package"]) is None:
        raise _missing(f"the weights ({entry['requirement']})")
    return registry.installed_file(WEIGHTS)


def weights_sha256() -> str:
    """Return the registered checksum of the weights, which tells the model from any other."""
    return registry.registry_entry(WEIGHTS)["sha256"]


def quantized_path() -> Path:
    """Return the weights as Q4_0, which llama.cpp computes with several times as fast.

    They are made once from the verified ones and kept in the cache, with their checksum beside
    them.  A file that does not match it is made again, and a warning logged.

    Raises
    ------
    DataUnavailableError
        llama.cpp could not make them.
    """
    llama = runtime()
    source = weights_path()
    kept = cache_dir() / f"{WEIGHTS}-q4_0-{weights_sha256()[:12]}.gguf"
    if matches_sidecar(kept):
        return kept
    if kept.exists():
        _log.warning("%s: not as it was written; the weights are re-quantized.", kept)
    settings = llama.llama_model_quantize_default_params()
    settings.ftype = llama.LLAMA_FTYPE_MOSTLY_Q4_0
    settings.allow_requantize = True
    settings.pure = True  # the output layer too: a fifth of the work of every token
    with atomic_path(kept) as partial:
        failed = llama.llama_model_quantize(
            str(source).encode(), str(partial).encode(), ctypes.byref(settings)
        )
        if failed:
            raise DataUnavailableError(
                f"{source}: llama.cpp could not re-quantize it to {kept} (code {failed}). "
                f"Without it nothing is generated. Is there room for 80 MB?"
            )
    write_sidecar(kept)
    return kept


def runtime() -> Any:
    """Return the module ``llama_cpp``, with its log silenced.

    Raises
    ------
    ExtraMissingError
        It is not installed.
    """
    try:
        import llama_cpp
    except ImportError as error:
        raise _missing("the runtime (llama-cpp-python)") from error
    global _silence  # llama.cpp keeps the pointer, so that the function must outlive the call
    _silence = llama_cpp.llama_log_callback(lambda level, text, data: None)
    llama_cpp.llama_log_set(_silence, None)
    return llama_cpp


def _missing(what: str) -> ExtraMissingError:
    return ExtraMissingError(
        f"{what} of the local language model is not installed. Without it no row can be "
        f"generated here; all notebooks run from recorded ones. pip install synthlab[llm]"
    )
