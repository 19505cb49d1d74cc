"""What the GAN's two networks are, and what they compute, on arrays of numpy or of jax."""

from __future__ import annotations

from typing import Any, NamedTuple

from synthlab.privacy.blocks import Span

Weights = list[tuple[Any, Any]]  # per layer, a matrix and a bias; of numpy or of jax

N_NOISE = 64  # numbers of noise that a row is made from
_LEAK = 0.2  # slope of the rectifiers below 0


class Plan(NamedTuple):
    """What is fixed while the networks train; hashable, so that jax compiles once for it."""

    spans: tuple[Span, ...]
    n_hidden: int
    batch: int
    pack: int


def output(weights: Weights, inputs: Any) -> Any:
    """Run a network of leaky rectifiers, on arrays of numpy or of jax."""
    *hidden, (matrix, bias) = weights
    for inner, shift in hidden:
        inputs = inputs @ inner + shift
        inputs = inputs * (_LEAK + (1 - _LEAK) * (inputs > 0))
    return inputs @ matrix + bias
