"""Fréchet distance between the features of a model's images and of real ones, without a matrix square root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..core import RedrawError
from .arrays import feature_pair


def frechet_distance(items: Mapping[str, np.ndarray], groups: int = 10, seed: int = 2020) -> dict:
    """Agrees with torch-fidelity 0.4.0 and pytorch-fid 0.3.0 to 1e-9 (relative) for N, M > D, to 1e-7 for N < D.

    |m1 - m2|² + tr(S1 + S2 - 2 (S1 S2)^½) with means and covariances (over N - 1) in float64; no ridge is added.
    ``items``: features [N, D], reference_features [M, D]. ``value`` has the square of the features' unit; ``parts``
    its two terms. It is biased upwards by about const/N, so that only distances of equally many images compare
    (Chong and Forsyth 2020).

    ``spread``: standard error over another draw of the N images against the same reference, by a jackknife that leaves
    out one of ``groups`` random groups at a time; None for two images. A bootstrap would not do: images drawn twice
    raise the distance. Raises RedrawError for fewer than two images on either side.
    """
    x, y = feature_pair("frechet_distance", items, least=2)
    reference = Reference(y)
    mean, covariance = reference.terms(x)
    return {
        "value": mean + covariance,
        "spread": _jackknife(x, reference, min(groups, len(x)), seed) if len(x) > 2 else None,
        "n": len(x),
        "parts": {"mean": mean, "covariance": covariance},
    }


def fid_infinity(items: Mapping[str, np.ndarray], points: int = 15, smallest: float = 0.1, seed: int = 2020) -> dict:
    """Same line through the same distances as mchong6/FID_IS_infinity@32a8ff1 to 1e-9 (relative): its value at 1/n = 0.

    Fréchet distances of subsets of n images, ``points`` sizes from the share ``smallest`` (the authors' 5,000 of
    50,000) to all, each subset drawn afresh without replacement, and least squares in 1/n; may be negative. ``items``:
    features [N, D], reference_features [M, D]. What the number M of real images adds is still in it. The line holds for
    sizes well above D only.

    ``spread``: standard error over another draw of the N images: that of the intercept, by residuals that differ in
    size (HC3 of MacKinnon and White 1985), and since the subsets share their images that of the distance of all N,
    added in squares. ``parts``: ``slope``, ``all_images`` the distance of all N, ``fit_error`` the intercept's. Raises
    RedrawError for fewer than four sizes or for a size below two.
    """
    x, y = feature_pair("fid_infinity", items, least=3)
    sizes = np.unique(np.linspace(smallest * len(x), len(x), points).astype(int))
    if len(sizes) < 4 or sizes[0] < 2:
        raise RedrawError(
            f"fid_infinity: {points} sizes from {smallest} of {len(x)} images give {len(sizes)} subsets, the smallest "
            f"of {sizes[0]}: at least 4 sizes of 2 images are needed; raise n, points or smallest"
        )
    rng, reference = np.random.default_rng(seed), Reference(y)
    distances = np.array([sum(reference.terms(x[rng.permutation(len(x))[:size]])) for size in sizes])
    line = np.stack([np.ones(len(sizes)), 1 / sizes], axis=1)
    solve = np.linalg.pinv(line)  # [2, sizes]: distances -> intercept, slope
    intercept, slope = solve @ distances
    leverage = (line * solve.T).sum(1)
    fit_error = np.linalg.norm(solve[0] * (distances - line @ [intercept, slope]) / (1 - leverage))
    return {
        "value": float(intercept),
        "spread": float(np.hypot(fit_error, _jackknife(x, reference, min(10, len(x)), seed))),
        "n": len(x),
        "parts": {"slope": float(slope), "all_images": float(distances[-1]), "fit_error": float(fit_error)},
    }


@dataclass(frozen=True)
class Moments:
    """``n`` items by their mean [D] and the sum of outer products of deviations from it [D, D], in float64."""

    n: int
    mean: np.ndarray
    scatter: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> Moments:
        """Moments of features [N, D] in float64."""
        mean = features.mean(0)
        centred = features - mean
        return cls(len(features), mean, centred.T @ centred)

    @property
    def covariance(self) -> np.ndarray:
        """[D, D], over n - 1."""
        return self.scatter / (self.n - 1)

    def without(self, part: Moments) -> Moments:
        """Moments of what is left when the items of ``part`` go (the pairwise update of Chan et al. 1979 undone)."""
        n = self.n - part.n
        mean = (self.n * self.mean - part.n * part.mean) / n
        step = part.mean - mean
        return Moments(n, mean, self.scatter - part.scatter - (part.n * n / self.n) * np.outer(step, step))


class Reference:
    """Features of real images [M, D] in float64, and what every distance to them shares, computed once."""

    def __init__(self, features: np.ndarray) -> None:
        self.n, self.width = features.shape
        self.mean = features.mean(0)
        self._centred = features - self.mean

    @cached_property
    def covariance(self) -> np.ndarray:
        """[D, D], over M - 1."""
        return self._centred.T @ self._centred / (self.n - 1)

    @cached_property
    def root(self) -> np.ndarray:
        """R [D, D] with R Rᵀ = the covariance; r columns for a covariance of rank r."""
        return root_of(self.covariance)

    @cached_property
    def factor(self) -> np.ndarray:
        """F [min(M, D), D] with Fᵀ F = the covariance, made without it and therefore without its rounding."""
        rows = np.linalg.qr(self._centred, mode="r") if self.n > self.width else self._centred
        return rows / np.sqrt(self.n - 1)

    @cached_property
    def trace(self) -> float:
        return float(np.square(self._centred).sum() / (self.n - 1))

    def terms(self, features: np.ndarray) -> tuple[float, float]:
        """(mean term, covariance term) of the squared distance of features [N, D] in float64, N > 1.

        Where either side has fewer items than columns, tr (S1 S2)^½ is the nuclear norm of X1 X2ᵀ: covariances would
        have null eigenvalues, whose rounding errors come in by their roots. Otherwise it is the sum of the roots of the
        eigenvalues of the symmetric Rᵀ S1 R.
        """
        if min(len(features), self.n) >= self.width:
            return self.terms_of_moments(Moments.of(features))
        mean = features.mean(0)
        centred = (features - mean) / np.sqrt(len(features) - 1)
        shared = float(np.linalg.svd(centred @ self.factor.T, compute_uv=False).sum())
        return self._terms(mean, float(np.square(centred).sum()), shared)

    def terms_of_moments(self, moments: Moments) -> tuple[float, float]:
        """As ``terms``, from moments, by eigenvalues. For N and M of at least D."""
        covariance = moments.covariance
        return self._terms(moments.mean, float(np.trace(covariance)), root_trace(covariance, self.root))

    def _terms(self, mean: np.ndarray, trace: float, shared: float) -> tuple[float, float]:
        step = mean - self.mean
        return float(step @ step), max(0.0, trace + self.trace - 2 * shared)


def root_of(covariance: np.ndarray) -> np.ndarray:
    """R [D, r] with R Rᵀ = a covariance [D, D] of numerical rank r."""
    values, vectors = np.linalg.eigh(covariance)
    kept = values > len(values) * np.finfo(np.float64).eps * max(0.0, values[-1])
    return vectors[:, kept] * np.sqrt(values[kept])


def root_trace(covariance: np.ndarray, root: np.ndarray) -> float:
    """tr (S1 S2)^½ of a covariance S1 [D, D] and a root [D, r] of S2: real, since Rᵀ S1 R is symmetric."""
    values = np.linalg.eigvalsh(root.T @ covariance @ root)
    return float(np.sqrt(values.clip(min=0)).sum())


def _jackknife(x: np.ndarray, reference: Reference, groups: int, seed: int) -> float:
    """Standard error of the distance of x [N, D] by leaving out one of ``groups`` groups at a time."""
    parts = np.array_split(np.random.default_rng(seed).permutation(len(x)), groups)
    least = len(x) - max(map(len, parts))
    left = _left_by_moments(x, reference) if min(least, reference.n) >= reference.width else _left_by_rows(x, reference)
    distances = np.array([left(part) for part in parts])
    return float(np.sqrt((groups - 1) / groups * np.square(distances - distances.mean()).sum()))


def _left_by_moments(x: np.ndarray, reference: Reference) -> Callable[[np.ndarray], float]:
    total = Moments.of(x)
    return lambda rows: sum(reference.terms_of_moments(total.without(Moments.of(x[rows]))))


def _left_by_rows(x: np.ndarray, reference: Reference) -> Callable[[np.ndarray], float]:
    return lambda rows: sum(reference.terms(np.delete(x, rows, axis=0)))
