"""What all recipes share: the bound of a set, a step up it, and new elements."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...blocks.adversarial import descended
from ...recipe import Recipe, Step
from .networks import Hierarchy


class SetLearner(Recipe):
    """What the recipes share: the bound of a set, and a step up it. ``likelihood(latents, x)`` [M] in nats is each one's own,
    as is ``features(x)`` [M, K, F]."""

    hierarchy: Hierarchy

    def prepare_training(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                nn.init.xavier_normal_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        adam = torch.optim.Adam(self.parameters(), self.config.learning_rate, fused=True)
        adam.register_step_pre_hook(
            lambda *_: nn.utils.clip_grad_value_([p for p in self.parameters() if p.grad is not None], self.config.clip)
        )
        self.optimizers = {"adam": adam}

    def features(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def likelihood(self, latents: Tensor, x: Tensor) -> Tensor:
        raise NotImplementedError

    def kept(self, x: Tensor) -> Tensor:
        """[M, K]: of how many elements, 1 to K evenly, and of which the mean is taken."""
        m, k = x.shape[:2]
        if not self.config.sample_dropout or "D2" in self.config.as_released:
            return x.new_ones(m, k)
        rank = torch.rand(m, k, device=x.device).argsort(1).argsort(1)
        return (rank < torch.randint(1, k + 1, (m, 1), device=x.device)).to(x)

    def losses(self, x: Tensor, kept: Tensor, epoch: float | None) -> dict[str, Tensor]:
        """``x`` [M, K, …]: ``reconstruction``, ``kl_context``, ``kl_latents`` and their ``bound``, nats per element, means;
        ``loss`` weighs them by the epoch."""
        with self.autocast():
            latents, of_context, of_latents = self.hierarchy(self.features(x), kept)
            likelihood = self.likelihood(latents, x)
        k = x.shape[1]
        parts = [-likelihood.mean() / k, of_context.mean() / k, of_latents.mean() / k]
        found = dict(zip(("reconstruction", "kl_context", "kl_latents"), parts, strict=True), bound=sum(parts))
        weight = 1 if epoch is None else 1 + self.config.alpha * 0.5 ** int(epoch)
        return found | {"loss": weight * parts[0] + (parts[1] + parts[2]) / weight}

    def learn(self, x: Tensor, at: Step) -> dict[str, Tensor]:
        return descended(self.optimizers["adam"], self.losses(x, self.kept(x), at.epoch), "loss")

    def contexts(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance [M, C] of whole sets [M, K, …]."""
        return self.hierarchy.statistic(self.features(x), x.new_ones(x.shape[:2]))

    def latents_of(self, x: Tensor, each: int, seed: int) -> Tensor:
        """[z, c] [M, each, D] of new elements of the sets: c of the posterior, one for all of them."""
        mean, logvar = self.contexts(x)
        draw = torch.Generator().manual_seed(seed)
        c = mean + (0.5 * logvar).exp() * torch.randn(mean.shape, generator=draw).to(mean)
        return self.hierarchy.generate(c[:, None].expand(-1, each, -1), draw)


def ink(image: Tensor) -> Tensor:
    """Images [N, 1, H, W] in [-1, 1] -> ink in [0, 1]: of the two the one that there is less of."""
    return torch.where(on_light(image), 1 - image, 1 + image) / 2


def on_light(image: Tensor) -> Tensor:
    """[N, 1, 1, 1]: whether most of an image is light, so that its ink is what is dark."""
    return image.mean((1, 2, 3), keepdim=True) > 0
