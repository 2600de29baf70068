"""What a model says of sets: each image of an evaluation beside others of its class (few-shot classification)."""

from __future__ import annotations

import numpy as np
import torch

from .conditions import CHUNK, Conditions
from .data.base import Prepared
from .metrics.few_shot import supports
from .recipe import Recipe


@torch.no_grad()
def supported(
    recipe: Recipe, shots: int, conditions: Conditions, opened: Prepared, images: np.ndarray
) -> dict[str, np.ndarray]:
    """``support`` [N, K]: rows of each image and of others of its class, a set; ``support_context`` [N, D], what the recipe's
    ``encode`` says of sets [M, K, C, H, W]; ``class_name`` [N]. ``images`` [N, C, H, W] are bytes."""
    recipe.eval()
    device, rows = next(recipe.parameters()).device, supports(conditions.class_id, shots)
    sets = (torch.from_numpy(images[part]).to(device) for part in np.array_split(rows, -(-rows.size // CHUNK)))
    said = [recipe.encode({"image": of.float().div_(127.5).sub_(1)})["context"] for of in sets]
    names = np.array(opened.manifest["classes"])[conditions.class_id]
    return {"support": rows, "support_context": torch.cat(said).float().cpu().numpy(), "class_name": names}
