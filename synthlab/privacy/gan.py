"""A conditional WGAN-GP for tables of numbers and categories, on jax.

Two networks play against each other.  The *generator* turns noise and a label into a row of blocks
(`blocks`); the *critic* scores rows, real ones high and generated ones low.  What the critic can't
tell apart is as good as this generator gets.  No privacy is claimed for it.

=========  ==================================================================================
symbol     meaning
=========  ==================================================================================
z, y       noise, standard normal; a label, as a block of its own
G(z, y)    a generated row of blocks
D(·)       the critic's score of a *pack*: several rows of blocks side by side, each with its y
λ          weight of the gradient penalty, E (‖∇D‖ − 1)², between real and generated packs
τ          temperature of the Gumbel softmax
=========  ==================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.errors import ExtraMissingError, InputError
from synthlab.generators.base import check_fit, draw_labels
from synthlab.privacy.blocks import Blocks, Span

try:
    import jax
    import jax.numpy as jnp
    import optax
except ImportError as error:
    raise ExtraMissingError(
        f"{error.name or 'jax'} is not installed. Without jax and optax no GAN can be trained; "
        f"all other generators do without. pip install synthlab[privacy]"
    ) from error

Weights = list[tuple[Any, Any]]  # per layer, a matrix and a bias; of numpy or of jax

_Z = 64  # numbers of noise per row
_PENALTY = 10.0  # λ, as in Gulrajani et al.
_TEMPERATURE = 0.2  # τ
_LEAK = 0.2  # slope of the rectifiers below 0
_OPTIMIZER = optax.adam(5e-4, b1=0.5, b2=0.9)
_AVERAGED = 0.001  # weight of the newest generator in the average that is kept


@dataclass(frozen=True)
class ConditionalGan:
    """A generator of tables: a neural network that learned to deceive another one.

    Parameters
    ----------
    n_steps : int ≥ 1, default 6000
        Turns of the game: in each, critic and generator learn once.
    n_hidden : int ≥ 1, default 128
        Units in each of the two hidden layers of both networks.
    batch : int ≥ 1, default 500
        Rows per turn.
    pack : int ≥ 1, default 5
        Rows that the critic judges at once, so that it sees when they are too much alike.  A
        divisor of ``batch``.

    Raises
    ------
    InputError
        A parameter is out of range; in `fit`, the rows are texts or none, or a value is missing,
        infinite or can't be compared.
    ExtraMissingError
        On import of this module: jax or optax is not installed.

    Notes
    -----
    Categories are drawn by a Gumbel softmax: soft while the networks train, so that gradients
    pass, and one level each in `sample`.  Numbers are ranks, and come back as numbers in the range
    that was seen (`blocks`).  The generator that is kept is the exponential average over turns,
    which is steadier than the last one.

    *Mode collapse*: levels that few rows have may never be generated.  Packing makes that rarer and
    does not prevent it; count them.  The same seed gives the same rows on the same machine and
    version of jax.  Training takes about one minute on one core for 50,000 rows of ten columns,
    and hardly depends on the number of rows.

    References
    ----------
    I. Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017, arXiv:1704.00028.
    L. Xu et al., "Modeling tabular data using conditional GAN", NeurIPS 2019, arXiv:1907.00503.
    Z. Lin et al., "PacGAN", NeurIPS 2018, arXiv:1712.04086: packing.
    E. Jang, S. Gu, B. Poole, "Categorical reparameterization with Gumbel-Softmax", ICLR 2017,
    arXiv:1611.01144.
    """

    n_steps: int = 6_000
    n_hidden: int = 128
    batch: int = 500
    pack: int = 5

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (value >= 1 and value == int(value)):
                raise InputError(
                    f"{name}={value}: expected a whole number from 1. Nothing could be trained by "
                    f"it. Leave it at {getattr(ConditionalGan, name):,}."
                )
        if self.batch % self.pack:
            raise InputError(
                f"pack={self.pack}: expected a divisor of batch={self.batch}. The last pack would "
                f"be short. Choose another pack, or a batch that it divides."
            )

    def fit(self, rows: Dataset, rng: np.random.Generator) -> FittedConditionalGan:
        """Train both networks, and keep the generator.

        Parameters
        ----------
        rows : Dataset
            A table without gaps, of any origin.
        rng : numpy.random.Generator
            Seeds where the networks start, their noise, and which rows they see.
        """
        check_fit(rows, self, is_text=False)
        blocks, x = Blocks.of(rows, self)
        classes, label = np.unique(rows.y, return_inverse=True)
        plan = _Plan(blocks.spans, int(self.n_hidden), int(self.batch), int(self.pack))
        key, y = jax.random.key(int(rng.integers(2**31))), np.eye(len(classes), dtype=np.float32)
        trained = _trained(x, y[label], key, int(self.n_steps), plan)
        weights = tuple((np.asarray(matrix), np.asarray(bias)) for matrix, bias in trained)
        shares = np.bincount(label) / len(rows)
        return FittedConditionalGan(classes, shares, blocks, weights, rows.name)


@dataclass(frozen=True, eq=False)
class FittedConditionalGan:
    """What `ConditionalGan.fit` returns; it samples without jax.

    Attributes
    ----------
    classes, shares : ndarray of shape (n_classes,)
    blocks : Blocks
        How the generator's output becomes a table.
    weights : tuple
        Of the generator: per layer, a matrix and a bias.
    name : str
        Of the rows that were fitted.
    """

    classes: np.ndarray
    shares: np.ndarray
    blocks: Blocks
    weights: tuple[tuple[np.ndarray, np.ndarray], ...]
    name: str

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Generate n rows; see `base.Sampler`."""
        labels = draw_labels(self.classes, self.shares, n, rng, label)
        z = rng.standard_normal((n, _Z), dtype=np.float32)
        y = (labels[:, None] == self.classes).astype(np.float32)
        raw = _output(self.weights, np.concatenate([z, y], axis=1))
        for span in self.blocks.spans:
            block = raw[:, span.start : span.end]
            # The largest of logits plus Gumbel noise is a draw from their softmax.
            block[:] = block + rng.gumbel(size=block.shape) if span.is_category else np.tanh(block)
        X = self.blocks.decode(raw)
        return Dataset(X, labels, SYNTHETIC, f"{self.name}, conditional GAN")


class _Plan(NamedTuple):
    """What is fixed while the networks train; hashable, so that jax compiles once for it."""

    spans: tuple[Span, ...]
    n_hidden: int
    batch: int
    pack: int


class _Player(NamedTuple):
    """A network, and what the optimizer remembers of it."""

    weights: Weights
    memory: Any

    @classmethod
    def of(cls, sizes: list[int], key: jax.Array) -> _Player:
        """Start with normal weights of variance 2 / inputs (He's rule)."""
        keys = jax.random.split(key, len(sizes) - 1)
        weights = [
            (jax.random.normal(one, (inputs, outputs)) * np.sqrt(2 / inputs), jnp.zeros(outputs))
            for one, inputs, outputs in zip(keys, sizes[:-1], sizes[1:], strict=True)
        ]
        return cls(weights, _OPTIMIZER.init(weights))

    def learned(self, gradient: Weights) -> _Player:
        """Return the player one step down the gradient of its loss."""
        updates, memory = _OPTIMIZER.update(gradient, self.memory)
        return _Player(optax.apply_updates(self.weights, updates), memory)


@partial(jax.jit, static_argnames="plan")
def _trained(x: jax.Array, y: jax.Array, key: jax.Array, n_steps: int, plan: _Plan) -> Weights:
    """Play all turns; return the average generator."""
    real, n_labels, hidden = jnp.concatenate([x, y], axis=1), y.shape[1], [plan.n_hidden] * 2
    for_generator, for_critic, for_turns = jax.random.split(key, 3)
    generator = _Player.of([_Z + n_labels, *hidden, x.shape[1]], for_generator)
    critic = _Player.of([plan.pack * real.shape[1], *hidden, 1], for_critic)

    def turn(number: jax.Array, state: tuple[_Player, _Player, Weights]) -> tuple:
        generator, critic, average = state
        keys = jax.random.split(jax.random.fold_in(for_turns, number), 5)
        for_rows, for_made, for_share, for_others, for_deceit = keys
        seen = jax.random.randint(for_rows, (plan.batch,), 0, len(x))
        made = _packs(generator.weights, y[seen], for_made, plan)
        pair = real[seen].reshape(made.shape), made
        critic = critic.learned(jax.grad(_critic_loss)(critic.weights, *pair, for_share))
        asked = y[jax.random.randint(for_others, (plan.batch,), 0, len(x))]
        slope = jax.grad(_generator_loss)(
            generator.weights, critic.weights, asked, for_deceit, plan
        )
        generator = generator.learned(slope)
        newest = jnp.maximum(_AVERAGED, 10 / (10 + number))  # the first ones are soon forgotten
        average = optax.incremental_update(generator.weights, average, newest)
        return generator, critic, average

    return jax.lax.fori_loop(0, n_steps, turn, (generator, critic, generator.weights))[2]


def _output(weights: Weights, inputs: Any) -> Any:
    """Run a network of leaky rectifiers, on arrays of numpy or of jax."""
    *hidden, (matrix, bias) = weights
    for inner, shift in hidden:
        inputs = inputs @ inner + shift
        inputs = inputs * (_LEAK + (1 - _LEAK) * (inputs > 0))
    return inputs @ matrix + bias


def _packs(weights: Weights, y: jax.Array, key: jax.Array, plan: _Plan) -> jax.Array:
    """Return generated rows beside their labels, shape (batch / pack, pack × numbers)."""
    for_z, for_gumbel = jax.random.split(key)
    z = jax.random.normal(for_z, (len(y), _Z))
    raw = _output(weights, jnp.concatenate([z, y], axis=1))
    noisy = (raw + jax.random.gumbel(for_gumbel, raw.shape)) / _TEMPERATURE
    blocks = [
        jax.nn.softmax(noisy[:, start:end]) if is_category else jnp.tanh(raw[:, start:end])
        for start, end, is_category in plan.spans
    ]
    return jnp.concatenate([*blocks, y], axis=1).reshape(len(y) // plan.pack, -1)


def _critic_loss(weights: Weights, real: jax.Array, made: jax.Array, key: jax.Array) -> jax.Array:
    """Return E D(made) − E D(real) + λ E (‖∇D‖ − 1)²."""
    share = jax.random.uniform(key, (len(real), 1))
    slope = jax.grad(lambda packs: _output(weights, packs).sum())(share * real + (1 - share) * made)
    steepness = jnp.sqrt((slope**2).sum(axis=1) + 1e-12)  # differentiable at 0, too
    penalty = _PENALTY * ((steepness - 1) ** 2).mean()
    return _output(weights, made).mean() - _output(weights, real).mean() + penalty


def _generator_loss(
    weights: Weights, critic: Weights, y: jax.Array, key: jax.Array, plan: _Plan
) -> jax.Array:
    """Return −E D(made)."""
    return -_output(critic, _packs(weights, y, key, plan)).mean()
