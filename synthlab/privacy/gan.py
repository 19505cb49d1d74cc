"""A conditional WGAN-GP for tables of numbers and categories.

Two networks play against each other.  The *generator* turns noise and a label into a row of blocks
(`blocks`); the *critic* scores rows, real ones high and generated ones low.  What the critic can't
tell apart is as good as this generator gets.  No privacy is claimed for it.

The game itself is in `gan_training`, which needs jax and optax; all else here does without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.errors import InputError
from synthlab.generators.base import check_fit, draw_labels
from synthlab.privacy.blocks import Blocks
from synthlab.privacy.extra import require_extra
from synthlab.privacy.networks import N_NOISE, Plan, output


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
        In `fit`: jax or optax is not installed.

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
        require_extra("jax", "optax")
        from synthlab.privacy.gan_training import trained_weights

        blocks, x = Blocks.of(rows, self)
        classes, label = np.unique(rows.y, return_inverse=True)
        plan = Plan(blocks.spans, int(self.n_hidden), int(self.batch), int(self.pack))
        y = np.eye(len(classes), dtype=np.float32)[label]
        weights = trained_weights(x, y, int(rng.integers(2**31)), int(self.n_steps), plan)
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
        z = rng.standard_normal((n, N_NOISE), dtype=np.float32)
        y = (labels[:, None] == self.classes).astype(np.float32)
        raw = output(self.weights, np.concatenate([z, y], axis=1))
        for span in self.blocks.spans:
            block = raw[:, span.start : span.end]
            # The largest of logits plus Gumbel noise is a draw from their softmax.
            block[:] = block + rng.gumbel(size=block.shape) if span.is_category else np.tanh(block)
        X = self.blocks.decode(raw)
        return Dataset(X, labels, SYNTHETIC, f"{self.name}, conditional GAN")
