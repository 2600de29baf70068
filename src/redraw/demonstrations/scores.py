"""Inception score, FID and SSIM: what images, their number, their order and their bytes do to a printed score."""

from __future__ import annotations

import numpy as np

from ..metrics.frechet import fid_infinity, frechet_distance
from ..metrics.inception import inception_score
from ..metrics.kernel import kernel_distance
from ..metrics.published_scores import is_cub
from ..metrics.ssim import Reading, readings, similarities
from . import setting
from .arithmetic import gaps_of_similarity, printed


def images_in_order() -> dict[str, str]:
    """ATTNGAN-10: the inception score of the same 30,000 images, class by class as files lie, and shuffled."""
    logits = _logits(30_000, classes=100, sharpness=4.0, noise=1.2)
    in_order = logits[np.argsort(np.arange(30_000) % 100, kind="stable")]
    kept, mixed = (inception_score({"logits": in_order}, permutation=p)["value"] for p in (None, 2020))
    return {
        "order kept, as openai/improved-gan": f"{kept:.2f}",
        "shuffled": f"{mixed:.2f}: {100 * (1 - kept / mixed):.0f} % are lost with the order",
    }


def images_in_all() -> dict[str, str]:
    """ATTNGAN-11, STACKGAN-8: the inception score of one model by the number of its images, with few and with many classes."""
    names = {2_900: " (AttnGAN's sampler on CUB)", 3_040: " (StackGAN-Pytorch's)", 29_280: " (StackGAN-v2's)"}
    found = {}
    for classes, sharpness in ((50, 3.0), (1_008, 6.0)):
        logits = _logits(30_000, classes, sharpness, noise=2.0).astype(np.float32)
        score = {n: inception_score({"logits": logits[:n]})["value"] for n in (500, *names, 30_000)}
        for n, value in score.items():
            found[f"{classes:,} classes, {n:,} images{names.get(n, '')}"] = (
                f"{value:.2f}, {100 * (value / score[30_000] - 1):+.1f} % of that of 30,000"
            )
    return found


def noise_of_folds() -> dict[str, str]:
    """STACKGAN-10: what is printed behind the ± of an inception score, over five ways to shuffle the same 30,000 images."""
    logits = _logits(30_000, classes=50, sharpness=3.0, noise=2.0)
    found = [inception_score({"logits": logits}, permutation=seed) for seed in range(5)]
    values, spreads = [f["value"] for f in found], [f["spread"] for f in found]
    return {
        "scores": f"{min(values):.3f} to {max(values):.3f}",
        "their printed ±": ", ".join(f"{s:.3f}" for s in spreads)
        + f": the largest is {max(spreads) / min(spreads):.1f} times the least",
        "standard error of the score by its folds, ± / sqrt(10)": f"{np.mean(spreads) / 10**0.5:.3f}",
    }


def rules_of_the_evaluator() -> dict[str, str]:
    """STACKGAN-9: what StackGAN's evaluator leaves out, reads twice and cannot compute."""
    rng = np.random.default_rng(0)
    found = {}
    for n in (2_933, 30_000):
        kept = is_cub({"logits": rng.normal(size=(n, 51))})["n"]
        found[f"{n:,} images in batches of 64"] = f"{kept:,} are scored"
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    tiled, channels = np.resize(grey, (8, 8, 3)), np.stack([grey] * 3, 2)
    found["a grey image of 8 x 8 through np.resize"] = (
        f"{100 * (tiled == channels).mean():.0f} % of its values are right; its first row is {tiled[0, :3].tolist()} … in place "
        f"of {channels[0, :3].tolist()} …"
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        sharp = is_cub({"logits": 60 * rng.normal(size=(2_933, 51))})
    single = sharp.get("parts", {}).get("float32", "nan")
    found["a very sure classifier, in the evaluator's 32-bit numbers"] = (
        f"{single}; in 64-bit ones {sharp['value']:.2f}"
    )
    return found


def best_of_snapshots() -> dict[str, str]:
    """ATTNGAN-9: the best inception score of twelve snapshots that are equally good, and of how many images."""
    snapshots, found = int(setting("attngan", "AttnGAN", "evaluations")), {}
    for n in (2_900, 29_000):
        scores = [inception_score({"logits": _logits(n, 50, 3.0, 2.0, seed)})["value"] for seed in range(snapshots)]
        gain = max(scores) - np.mean(scores)
        found[f"{snapshots} equal snapshots of {n:,} images each"] = (
            f"mean {np.mean(scores):.3f}, best {max(scores):.3f}: {gain:+.3f} by the choice, with a printed ± of "
            f"{inception_score({'logits': _logits(n, 50, 3.0, 2.0)})['spread']:.3f}"
        )
    return found


def distances_of_equals() -> dict[str, str]:
    """STACKGAN-V2-6: distances of two samples of one distribution by how many they are: FID, KID, FID at infinity."""
    rng = np.random.default_rng(0)
    scale = 1 / np.sqrt(np.arange(1, 257))  # a spectrum that falls off
    found = {}
    for n in (300, 1_000, 2_933, 10_000):
        x, y = (scale * 10 * rng.standard_normal((n, 256)) for _ in range(2))
        items = {"features": x, "reference_features": y}
        told = f"FID {frechet_distance(items, groups=2)['value']:.2f}"
        if n <= 2_933:
            told += f", KID {kernel_distance(items)['value']:+.4f}"
        if n == 2_933:
            told += f"; FID extrapolated to endless images {fid_infinity({**items, 'features': x}, smallest=0.3)['value']:.2f}"
        found[f"{n:,} and {n:,} images, distance 0 in truth"] = told
    return found


def range_of_pixels() -> dict[str, str]:
    """DM-GAN-4: which range a network sees that was trained on -1 to 1, and which the released FID program gives it."""
    pixels = np.array([0.0, 1.0])
    means, deviations = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    found = {"what the weights were trained on": "-1 to 1"}
    for name, given in (
        (
            "pixels normalised by ImageNet's means and deviations, which the map expects",
            (pixels[:, None] - means) / deviations,
        ),
        ("pixels from 0 to 1, which it is given", np.repeat(pixels[:, None], 3, 1)),
    ):
        seen = given * (deviations / 0.5) + (means - 0.5) / 0.5
        found[name] = "; ".join(f"{low:+.2f} to {high:+.2f}" for low, high in seen.T)
    for dataset in ("cub", "coco"):
        by = [
            next(
                c["printed"]
                for c in printed("dm_gan", metric)
                if c["dataset"] == dataset and c["row"].startswith("AttnGAN")
            )
            for metric in ("FID", "FID (TensorFlow)")
        ]
        found[f"printed of AttnGAN's images, {dataset}"] = f"{by[0]} by this program, {by[1]} by the TensorFlow one"
    return found


def monitored_range() -> dict[str, str]:
    """STACKGAN-V2-9: which range the inception score beside the training gives a network that was trained on -1 to 1."""
    means, deviations = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    ends = [(np.array([0.0, 1.0]) - m) / d for m, d in zip(means, deviations, strict=True)]
    return {
        "what the weights were trained on": "-1 to 1",
        "normalised by ImageNet's means and deviations": "; ".join(f"{low:+.2f} to {high:+.2f}" for low, high in ends),
    }


def readings_of_similarity() -> dict[str, str]:
    """ALIGN-4: SSIM of noisy copies of 200 pictures of 32 x 32 pixels, in each plausible reading, and its border."""
    rng = np.random.default_rng(0)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(32), np.fft.fftfreq(32), indexing="ij"))
    waves = np.fft.fft2(rng.standard_normal((200, 3, 32, 32))) / np.maximum(frequency, 1 / 32)
    true = np.fft.ifft2(waves).real
    true = (true - true.min()) / (true.max() - true.min())
    images = np.clip(true + rng.normal(0, 0.15, true.shape), 0, 1)
    names, values = readings(3, 32), similarities(images, true).mean(0)
    of = dict(zip(names, values, strict=True))
    own = Reading("gaussian", "cropped", "unit", "channels", "population")
    around, (least, most) = 1 - (32 - 10) ** 2 / 32**2, gaps_of_similarity()
    return {
        "Wang's window, inside the image": f"{of[own]:.4f}",
        "the same with the mirrored border": f"{of[own._replace(border='reflected')]:.4f}; {100 * around:.0f} % of the pixels",
        "scikit-image's default": f"{of[Reading('uniform', 'cropped', 'unit', 'channels', 'sample')]:.4f}",
        f"all {len(names)} readings": f"{values.min():.4f} to {values.max():.4f}; printed models are {least:g} to {most:g} apart",
    }


def _logits(n: int, classes: int, sharpness: float, noise: float, seed: int = 0) -> np.ndarray:
    """[n, classes]: images that show one class each, in turn, as a classifier of some doubt reads them."""
    logits = noise * np.random.default_rng(seed).standard_normal((n, classes))
    logits[np.arange(n), np.arange(n) % classes] += sharpness
    return logits
