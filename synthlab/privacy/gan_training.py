"""The game of generator and critic, on jax: a WGAN with a gradient penalty.

=========  ==================================================================================
symbol     meaning
=========  ==================================================================================
z, y       noise, standard normal; a label, as a block of its own
G(z, y)    a generated row of blocks
D(·)       the critic's score of a *pack*: several rows of blocks side by side, each with its y
λ          weight of the gradient penalty, E (‖∇D‖ − 1)², between real and generated packs
τ          temperature of the Gumbel softmax
=========  ==================================================================================

References are those of `gan.ConditionalGan`.  To import this needs jax and optax.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from synthlab.privacy.networks import N_NOISE, Plan, Weights, output

_PENALTY = 10.0  # λ, as in Gulrajani et al.
_TEMPERATURE = 0.2  # τ
_OPTIMIZER = optax.adam(5e-4, b1=0.5, b2=0.9)
_AVERAGED = 0.001  # weight of the newest generator in the average that is kept


def trained_weights(
    x: np.ndarray, y: np.ndarray, seed: int, n_steps: int, plan: Plan
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Play so many turns, and return the generator's weights: per layer, a matrix and a bias.

    Parameters
    ----------
    x : ndarray of float32, shape (n_rows, width)
        Real rows, as blocks.
    y : ndarray of float32, shape (n_rows, n_classes)
        1 at each row's label, else 0.
    seed : int ≥ 0
    n_steps : int ≥ 1
    plan : Plan
    """
    trained = _trained(x, y, jax.random.key(seed), n_steps, plan)
    return tuple((np.asarray(matrix), np.asarray(bias)) for matrix, bias in trained)


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
def _trained(x: jax.Array, y: jax.Array, key: jax.Array, n_steps: int, plan: Plan) -> Weights:
    """Play all turns; return the average generator."""
    real, n_labels, hidden = jnp.concatenate([x, y], axis=1), y.shape[1], [plan.n_hidden] * 2
    for_generator, for_critic, for_turns = jax.random.split(key, 3)
    generator = _Player.of([N_NOISE + n_labels, *hidden, x.shape[1]], for_generator)
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


def _packs(weights: Weights, y: jax.Array, key: jax.Array, plan: Plan) -> jax.Array:
    """Return generated rows beside their labels, shape (batch / pack, pack × numbers)."""
    for_z, for_gumbel = jax.random.split(key)
    z = jax.random.normal(for_z, (len(y), N_NOISE))
    raw = output(weights, jnp.concatenate([z, y], axis=1))
    noisy = (raw + jax.random.gumbel(for_gumbel, raw.shape)) / _TEMPERATURE
    blocks = [
        jax.nn.softmax(noisy[:, start:end]) if is_category else jnp.tanh(raw[:, start:end])
        for start, end, is_category in plan.spans
    ]
    return jnp.concatenate([*blocks, y], axis=1).reshape(len(y) // plan.pack, -1)


def _critic_loss(weights: Weights, real: jax.Array, made: jax.Array, key: jax.Array) -> jax.Array:
    """Return E D(made) − E D(real) + λ E (‖∇D‖ − 1)²."""
    share = jax.random.uniform(key, (len(real), 1))
    slope = jax.grad(lambda packs: output(weights, packs).sum())(share * real + (1 - share) * made)
    steepness = jnp.sqrt((slope**2).sum(axis=1) + 1e-12)  # differentiable at 0, too
    penalty = _PENALTY * ((steepness - 1) ** 2).mean()
    return output(weights, made).mean() - output(weights, real).mean() + penalty


def _generator_loss(
    weights: Weights, critic: Weights, y: jax.Array, key: jax.Array, plan: Plan
) -> jax.Array:
    """Return −E D(made)."""
    return -output(critic, _packs(weights, y, key, plan)).mean()
