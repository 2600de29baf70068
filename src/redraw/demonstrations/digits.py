"""VED: its captions, its loss, and what its scoring makes of a generator and a classifier without fault."""

from __future__ import annotations

import numpy as np

from ..data.digit_captions import OPERATORS, SENTENCES, VOCABULARY, training_captions
from ..metrics.accuracy import accuracy, accuracy_labels_unsorted, perfect_logits
from . import setting

# Images of each digit among MNIST's 60,000 for training.
MNIST_COUNTS = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)


def perfect_items(kind: int, n: int, seed: int = 0) -> dict[str, np.ndarray]:
    """``n`` items of a perfect generator, read without fault: digits as often as in MNIST, captions as released by VED.

    logits [n, 10], class_id [n], n_words [n]. Kind 3 has no list; with one number of distractors, as the authors ran
    it, all its captions are equally long and the order of the labels does no harm.
    """
    lengths = [[len(words) for words in training_captions(kind, digit, as_released=True)] for digit in range(10)]
    rng = np.random.default_rng(seed)
    class_id = rng.choice(10, n, p=np.array(MNIST_COUNTS) / sum(MNIST_COUNTS))
    n_words = np.array([rng.choice(lengths[digit]) for digit in class_id])
    return {"logits": perfect_logits(class_id, 10), "class_id": class_id, "n_words": n_words}


def labels_unsorted() -> dict[str, str]:
    """VED-1: accuracy in percent of a perfect generator, labels in the order of the captions and as released."""
    found = {}
    for kind, name in ((1, "labels"), (2, "sentences"), (4, "operations")):
        items = perfect_items(kind, 30_000)
        right, released = accuracy(items)["value"], accuracy_labels_unsorted(items, passes=3)["value"]
        numbers = f"{right:.1f} % with its own labels, {released:.1f} % as released"
        found[f"perfect generator, kind {kind} ({name})"] = numbers
    found["the authors' log, kind 4"] = "14.7 % in training, 14.4 % in validation, 15.2 % at best"
    return found


def captions_of_a_digit() -> dict[str, str]:
    """VED-3: how many captions of kind 4 each digit has, and how many operations the longest of them."""
    found = {}
    for name, asked in (
        ("with the differences, as released", True),
        ("sums, the word and the sum of ones alone, as printed", False),
    ):
        kinds = {}
        for digit in range(10):
            texts = [c for c in training_captions(4, digit) if asked or "minus" not in c]
            kinds.setdefault(len(texts), []).append(str(digit))
        found[name] = "; ".join(f"{n} captions for {', '.join(digits)}" for n, digits in sorted(kinds.items()))
    most = max(
        (sum(w in OPERATORS for w in c), " ".join(c)) for digit in range(10) for c in training_captions(4, digit)
    )
    found["the most operations in a training caption"] = f'{most[0]}: "{most[1]}"'
    return found


def missing_commas() -> dict[str, str]:
    """VED-5: the sentences of kind 2 as meant and as the released list reads them, and words that no vocabulary has."""
    found = {}
    for name, as_released in (("as meant", False), ("as released", True)):
        texts = training_captions(2, 5, as_released)
        unknown = sorted({word for words in texts for word in words} - set(VOCABULARY))
        glued = f"; unknown: {', '.join(unknown)}" if unknown else ""
        found[name] = f"{len(texts)} of {len(SENTENCES)} sentences{glued}"
    return found


def sign_of_equation_1() -> dict[str, str]:
    """VED-4: ten pictures learned from their captions by eq. 1 as printed, and with its first term's sign turned."""
    import torch

    from ..papers.ved import VED

    found = {}
    for name, sign in (("E[log p(x|z)] + KL, as printed", -1.0), ("-E[log p(x|z)] + KL, as meant", 1.0)):
        torch.manual_seed(0)
        model = _ved(VED, ())
        batch = _ten_pictures()
        for _ in range(150):
            losses = model.losses(batch)
            model.optimizers["adam"].zero_grad()
            (sign * losses["reconstruction"] + losses["kl"]).backward()
            model.optimizers["adam"].step()
        drawn = model.sample(batch, 0)
        found[name] = (
            f"after 150 steps {100 * ((drawn > 0) == (batch['image'] > 0)).float().mean():.0f} % of the pixels are right"
        )
    return found


def variance_of_the_loss() -> dict[str, str]:
    """VED-7: the released loss, times Z, beside the bound of a Gaussian whose variance it implies."""
    import torch

    from ..papers.ved import VED

    torch.manual_seed(0)
    model, batch = _ved(VED, ("D1",)), _ten_pictures()
    config = model.config
    latents, pixels = config.gaussians * config.gaussian_dim, 28 * 28
    with torch.no_grad():
        losses = model.losses(batch)
    variance = pixels / (2 * config.reconstruction_weight * latents)
    bound = latents * losses["kl"] + pixels * losses["reconstruction"] / (2 * variance)
    return {
        "variance that makes them one": f"{variance:g}, a deviation of {variance**0.5:.2f}",
        "released loss times Z, and that bound": f"{float(latents * losses['loss']):.4f} and {float(bound):.4f}",
        "pixels in the same unit": f"deviation 1, as they are normalised; from black to white {1 / config.pixel_std:.2f}",
    }


def live_dropout() -> dict[str, str]:
    """VED-6: a classifier of scikit-learn's handwritten digits, scored with its dropout off and as it was while training."""
    import torch
    from sklearn.datasets import load_digits

    from ..instruments.classifier import Classifier, Config
    from ..recipe import About

    torch.manual_seed(0)
    digits = load_digits()
    images = torch.from_numpy(np.kron(digits.images / 8 - 1, np.ones((2, 2))).astype(np.float32))[:, None]
    classes = torch.from_numpy(digits.target)
    given = {
        k: setting("ved", "Classifier", k)
        for k in (f.name for f in Config.__dataclass_fields__.values())
        if k != "as_released"
    }
    config = Config(**{**given, "widths": (8, 16), "hidden": 64, "pixel_mean": 0.3, "pixel_std": 0.38}, as_released=())
    model = Classifier(config, About((1, 16, 16), 10), {})
    for _ in range(300):
        rows = torch.randint(1200, (64,))
        model.train_step({"image": images[rows], "class_id": classes[rows]}, None)
    found = {}
    for name, train in (("dropout off", False), ("dropout on, as released", True)):
        model.train(train)
        with torch.no_grad():
            logits = torch.cat([model.read(images[1200:])[0] for _ in range(20)])
        items = {"logits": logits.numpy(), "class_id": np.tile(digits.target[1200:], 20)}
        found[name] = f"{accuracy(items)['value']:.1f} % of images that it did not learn from"
    return found


def _ved(recipe: type, as_released: tuple[str, ...]) -> object:
    from ..recipe import About

    fields = [f for f in recipe.Config.__dataclass_fields__ if f != "as_released"]
    config = recipe.Config(**{f: setting("ved", "VED", f) for f in fields}, as_released=as_released)
    return recipe(config, About((1, 28, 28), 10, VOCABULARY), {})


def _ten_pictures() -> dict[str, object]:
    """A picture of even noise for each digit, five times, and its word as the caption."""
    import torch

    pictures = torch.randint(2, (10, 1, 28, 28), generator=torch.Generator().manual_seed(0)).float() * 2 - 1
    words = torch.tensor([[VOCABULARY.index(training_captions(1, digit)[0][0])] for digit in range(10)])
    tokens = words.repeat(5, 1)
    return {
        "image": pictures.repeat(5, 1, 1, 1),
        "tokens": tokens,
        "n_words": torch.ones(len(tokens), dtype=torch.int64),
    }
