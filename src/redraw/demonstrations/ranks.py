"""R-precision and retrieval: what candidates, ties, folds, and who judges, do to a share of images that are found; bytes."""

from __future__ import annotations

import numpy as np

from ..metrics.r_precision import r_precision
from ..metrics.retrieval import image_retrieval


def equal_codes() -> dict[str, str]:
    """DM-GAN-2: R-precision of an encoder that gives everything one code, by who wins a tie."""
    items = _items(300, 64)
    items["image_embedding"] = np.ones((300, 64))
    items["text_embedding"] = np.ones((300, 64))
    return {
        f"tie: {name}": f"{r_precision(items, tie=tie)['value']:.1f} %"
        for name, tie in (
            ("the own caption, the first of the list (released)", "own"),
            ("shared", "shared"),
            ("another", "other"),
        )
    }


def easier_candidates() -> dict[str, str]:
    """DM-GAN-5: R-precision of the same images against captions of other classes, of other images, and of a batch of 100."""
    items, found = _items(3_000, 32), {}
    for name, options in (
        ("99 of other classes (released, birds)", {"exclusive": True}),
        ("99 of other images (released, COCO)", {"exclusive": False}),
        ("the others of a batch of 100", {"protocol": "in_batch", "exclusive": False}),
    ):
        score = r_precision(items, **options)
        found[name] = f"{score['value']:.1f} ± {score['spread']:.2f} %"
    return found


def folds_in_order() -> dict[str, str]:
    """ATTNGAN-18: the ± of ten folds of the same hits, shuffled, and class by class as files lie."""
    rng = np.random.default_rng(0)
    easy = rng.normal(0.7, 0.12, 50).clip(0.05, 0.95)  # of fifty classes some are told apart more easily
    hits = (rng.random(30_000) < np.repeat(easy, 600)).astype(float)
    shuffled = rng.permutation(hits)
    return {
        f"{name}": f"{100 * hits.mean():.2f} ± {100 * values.reshape(folds, -1).mean(1).std():.2f}"
        for name, values, folds in (
            ("ten folds of 3,000, shuffled", shuffled, 10),
            ("ten folds of 3,000, class by class", hits, 10),
            ("300 groups of 100, shuffled", shuffled, 300),
        )
    }


def lost_images() -> dict[str, str]:
    """DM-GAN-3: the mean over ten slices that each lose their last image, of 30,000 hits."""
    rng = np.random.default_rng(0)
    apart = []
    for _ in range(200):
        hits = rng.random(30_000) < 0.7231
        slices = [hits[i * 3000 : (i + 1) * 3000 - 1] for i in range(10)]
        apart.append(abs(np.mean([s.mean() for s in slices]) - hits.mean()))
    return {
        "images counted": f"{sum(map(len, slices)):,} of {len(hits):,}",
        "the mean moves by": f"{100 * np.mean(apart):.4f} points in the mean of 200 draws, {100 * max(apart):.4f} at most",
    }


def judge_in_the_loss() -> dict[str, str]:
    """ATTNGAN-12: images that were made to match their captions in one encoder's eyes, read by it and by another one."""
    rng = np.random.default_rng(0)
    n, pixels, dim = 1_000, 256, 32
    items = _items(n, dim)
    text, loss, second = items["text_embedding"], *rng.normal(size=(2, pixels, dim))
    images = rng.normal(size=(n, pixels))
    reading = {"before": images.copy()}
    for _ in range(60):  # down the squared distance of the codes, as the loss's encoder reads them
        images += 1e-3 * (4 * text - images @ loss) @ loss.T
    reading["after 60 steps towards the captions"] = images
    found = {}
    for name, x in reading.items():
        scores = [r_precision({**items, "image_embedding": x @ encoder})["value"] for encoder in (loss, second)]
        found[name] = f"{scores[0]:.1f} % by the encoder of the loss, {scores[1]:.1f} % by another"
    return found


def flat_images_first() -> dict[str, str]:
    """ALIGN-5: retrieval by a bound that likes flat images, as it is and less what each image has under other captions."""
    rng = np.random.default_rng(0)
    flat, fits = rng.normal(0, 40, (5, 1, 100)), 3 * np.eye(100) + rng.normal(0, 1, (5, 100, 100))
    items, found = {"gallery_bounds": -2000 + flat + fits}, {}
    for name, score in (
        ("the bound itself", "raw"),
        ("divided by the image's own probability (recalled)", "log_mean_exp"),
    ):
        columns = image_retrieval(items, score=score)["columns"]
        found[name] = (
            f"R@1 {columns['r1']['value']:.1f} %, R@10 {columns['r10']['value']:.1f} %, median {columns['median']['value']:g}"
        )
    found["chance"] = f"R@1 {columns['chance_r1']['value']:g} %, R@10 {columns['chance_r10']['value']:g} %"
    return found


def cut_off_bytes() -> dict[str, str]:
    """ATTNGAN-15: grey levels of images as bytes, rounded and cut off, against what the generator gave."""
    import torch

    from ..conditions import to_bytes

    images = torch.rand(16, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    levels = ((images + 1) * 127.5).numpy()
    found = {"rounded, as here": to_bytes(images), "cut off, as released": levels.astype(np.uint8)}
    return {name: f"{(as_bytes - levels).mean():+.2f} grey levels in the mean" for name, as_bytes in found.items()}


def _items(n: int, dim: int) -> dict[str, np.ndarray]:
    """n images and captions of fifty classes whose codes agree with each other, with their class and with noise."""
    rng = np.random.default_rng(0)
    class_id = np.arange(n) % 50
    of_class, of_image = rng.normal(size=(50, dim))[class_id], rng.normal(size=(n, dim))
    text = of_class + of_image + 0.5 * rng.normal(size=(n, dim))
    image = of_class + of_image + 2.5 * rng.normal(size=(n, dim))
    captions = np.array([f"caption {k}" for k in range(n)])
    return {"image_embedding": image, "text_embedding": text, "class_id": class_id, "captions": captions}
