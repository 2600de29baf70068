"""Zero-shot classification: is an image nearest to the texts of its own class?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core import RedrawError
from .accuracy import accuracy
from .arrays import finite, take


def zero_shot_accuracy(items: Mapping[str, np.ndarray]) -> dict:
    """Own code after the rule of reedscot/cvpr2016's zero-shot evaluation, which cannot be run beside it.

    A class is the mean of the text embeddings of its items, one caption each (released: of all captions); an image
    takes the class with the largest dot product, with no normalisation (Reed et al. 2016). ``items``: image_embedding
    [N, E], text_embedding [N, E], class_id [N]; the classes are those among the items. ``value`` top-1 in percent,
    ``spread`` the binomial standard error, ``per_item`` the hits, ``parts``: ``chance`` = 100 / number of classes. Raises
    RedrawError where an item has no class or there is one class only.
    """
    name = "zero_shot_accuracy"
    image, text, class_id = take(name, items, "image_embedding", "text_embedding", "class_id")
    image, text = finite(name, "image_embedding", image), finite(name, "text_embedding", text)
    classes, own = np.unique(class_id, return_inverse=True)
    if len(classes) < 2 or classes[0] < 0:
        raise RedrawError(
            f"{name}: {len(classes)} classes, the first is {classes[0]}: take captions of two classes or more, each "
            "item of one"
        )
    means = np.zeros((len(classes), text.shape[1]))
    np.add.at(means, own, text)
    means /= np.bincount(own)[:, None]
    found = accuracy({"logits": image @ means.T, "class_id": own})
    return {**found, "parts": {"chance": 100 / len(classes)}}
