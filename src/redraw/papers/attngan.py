"""AttnGAN: Fine-Grained Text to Image Generation with Attentional Generative Adversarial Networks (Xu et al.; CVPR 2018).

Generators one behind the other draw a caption at rising sizes. From the second on each place of the hidden image looks for the
words that it is about; one discriminator a size judges the image alone, and the image with the sentence. The last image must
also match its caption in the eyes of the DAMSM (damsm.py), whose encoders are trained before and stay as they are.

Glossary
    e, ē      words' features, the sentence's; of the DAMSM       words [N, D, T], sentence [N, D], mask [N, T], True: no word
    z         noise, standard normal                              [N, Z]
    F^ca      conditioning augmentation: c drawn around ē         mu, logvar, c [N, C]
    h_i       hidden images                                       [N, G, S_i, S_i]
    F_i^attn  words' context of each place of h_i                 [N, G, S_i, S_i], attention [N, T, S_i, S_i]
    x̂_i       generated images                                    [N, 3, S_i, S_i]
    D_i(x), D_i(x, ē)   logits [N] without and with the sentence; the paper's are probabilities

AttnGAN1 has two generators, AttnGAN2 three: ``sizes`` [64, 128] and [64, 128, 256]. At sizes below the paper's both end at the
same size, AttnGAN1 leaving out the first one, so that a scorer does not see two sizes.

As written (read on the survey slides)
    * L = sum of L_Gi + lambda L_DAMSM; L_Gi = - (log D_i(x̂) + log D_i(x̂, ē)) / 2, L_Di the four terms with 1/2 each.
    * The discriminators see no real image with another caption. "No DAMSM" is lambda 0: the text encoder is the DAMSM's
      still, since without one there is none.

Differences of the released code (taoxugit/AttnGAN@0d000e6), numbered as in the sheet; those of the DAMSM are in damsm.py
    D1  Attention's mask is repeated in the wrong order: row b Q + q of all places of all images has the mask of caption
        (b Q + q) mod B. Captions of one length hide it.
    D4  The discriminators' terms of real pairs have one mean, those of false ones another, of three terms with D5; the
        generator's two terms weigh 1 each.
    D5  Real images with another caption are false, too: that of the next one when the batch is sorted by the captions'
        lengths, which may be of the same class.
    D7 concerns scoring alone.

Silences filled from the released code: architecture, initialisation, Adam, the divergence's weight (1 times a mean over batch and
dimensions), the generator's averaged weights, from which images are drawn, noise of F^ca drawn while sampling, too. Real images
are cut at random and flipped, and reduced as Pillow reduces them. ``single_output`` is the released AttnDCGAN: one image,
behind the last stage, and a discriminator that sees it with its sentence only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..blocks.adversarial import adam, cross_entropy, frozen, update
from ..blocks.attentional import Attentional, StagedGenerator, attended
from ..blocks.averages import Average
from ..blocks.captions import draw_captions
from ..blocks.chunks import chunked
from ..blocks.conditioning import divergence
from ..blocks.glu import ImageCode, Residual, initialise_orthogonal, logits, narrowed, tiled, upsampled
from ..recipe import About, Batch, Recipe, Schedule, Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in attngan.yaml."""

    sizes: tuple[int, ...]  # S_i, each twice the one before
    crop: int  # pixels of a prepared image that are seen, at random while training
    ngf: int  # G
    ndf: int  # channels of a discriminator's first stage at 64 pixels
    residuals: int  # residual blocks of a stage with attention
    nz: int  # Z
    condition_dim: int  # C
    single_output: bool  # one image, of the last size
    damsm_weight: float  # lambda; 0 = no DAMSM
    divergence_weight: float
    learning_rate: float  # Adam's step size, of all networks
    beta1: float
    beta2: float
    average: float  # share of the generator's averaged weights that stays at each step


# --- networks --------------------------------------------------------------------------------------------------------


class WordAttention(nn.Module):
    """Hidden images [N, G, S, S], words [N, D, T], mask [N, T] -> contexts [N, G, S, S], attention [N, T, S, S]."""

    def __init__(self, channels: int, dim: int, mask_in_turn: bool) -> None:
        super().__init__()
        self.conv_context = nn.Conv2d(dim, channels, 1, bias=False)
        self.mask_in_turn = mask_in_turn  # D1

    def forward(self, h: Tensor, words: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        keys = self.conv_context(words[..., None])[..., 0]  # [N, G, T]
        return attended(h, keys, keys, mask, self.mask_in_turn)


class NextStage(nn.Module):
    """h_i -> h_(i+1) of twice the side, with the attention over words in between."""

    def __init__(self, channels: int, dim: int, residuals: int, mask_in_turn: bool) -> None:
        super().__init__()
        self.att = WordAttention(channels, dim, mask_in_turn)
        self.residual = nn.Sequential(*(Residual(2 * channels) for _ in range(residuals)))
        self.upsample = upsampled(2 * channels, channels)

    def forward(self, h: Tensor, words: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        context, attention = self.att(h, words, mask)
        return self.upsample(self.residual(torch.cat([h, context], 1))), attention


class Generator(StagedGenerator):
    """All stages; names as released."""

    def __init__(self, config: Config, dim: int, mask_in_turn: bool) -> None:
        def next_stage() -> NextStage:
            return NextStage(config.ngf, dim, config.residuals, mask_in_turn)

        super().__init__(config, dim, next_stage, config.single_output)


class Head(nn.Module):
    """Features [N, 8 ndf, 4, 4] -> logits [N]; with ``dim`` of features joined with sentences [N, dim]."""

    def __init__(self, width: int, dim: int = 0) -> None:
        super().__init__()
        if dim:
            self.jointConv = narrowed(width + dim, width)
        self.outlogits = logits(width)

    def forward(self, features: Tensor, sentence: Tensor | None = None) -> Tensor:
        if sentence is not None:
            features = self.jointConv(torch.cat([features, tiled(sentence, features)], 1))
        return self.outlogits(features).flatten()


class Discriminator(ImageCode):
    """Of one size; names as released."""

    def __init__(self, size: int, ndf: int, dim: int, alone: bool = True) -> None:
        super().__init__(size, ndf)
        self.COND_DNET = Head(8 * ndf, dim)
        self.UNCOND_DNET = Head(8 * ndf) if alone else None


# --- losses ----------------------------------------------------------------------------------------------------------


def discriminator_losses(
    network: Discriminator, real: Tensor, fake: Tensor, sentence: Tensor, order: Tensor | None, means: bool
) -> dict[str, Tensor]:
    """``real``, ``fake``, ``wrong`` (with ``order``) and their sum ``discriminator`` of one size.

    ``order`` [N] (D5) puts the rows in the order in which each real image meets the next one's sentence. ``means`` (D4)
    averages the terms of each kind; else each weighs 1/2. Normalisations see real, generated and wrong pairs one by one.
    """
    n = len(real)
    with chunked(network, (n, n)):
        features = network.features(torch.cat([real, fake]))
    pairs, said, sizes = [features], [sentence, sentence], [n, n]
    if order is not None:
        pairs.append(features[order[:-1]])
        said.append(sentence[order[1:]])
        sizes.append(n - 1)
    with chunked(network, sizes):
        judged = network.COND_DNET(torch.cat(pairs), torch.cat(said)).float().split(sizes)
    found = [cross_entropy(judged[0], 1)], [cross_entropy(part, 0) for part in judged[1:]]
    if network.UNCOND_DNET is not None:
        alone = network.UNCOND_DNET(features).float()
        found[0].insert(0, cross_entropy(alone[:n], 1))
        found[1].insert(0, cross_entropy(alone[n:], 0))
    right, false = (torch.stack(terms) for terms in found)
    weights = (1 / len(right), 1 / len(false)) if means else (0.5, 0.5)
    parts = {"real": weights[0] * right.sum(), "fake": weights[1] * false[: 1 if len(right) == 1 else 2].sum()}
    if order is not None:
        parts["wrong"] = weights[1] * false[-1]
    return parts | {"discriminator": torch.stack(list(parts.values())).sum()}


def generator_loss(network: Discriminator, fake: Tensor, sentence: Tensor, weight: float) -> Tensor:
    """L_Gi, each term times ``weight``: 1/2, as released 1 (D4)."""
    features = network.features(fake)
    found = cross_entropy(network.COND_DNET(features, sentence).float(), 1)
    if network.UNCOND_DNET is not None:
        found = found + cross_entropy(network.UNCOND_DNET(features).float(), 1)
    return weight * found


# --- recipe ----------------------------------------------------------------------------------------------------------


class AttnGAN(Attentional):
    """Generators and discriminators of all sizes."""

    Config = Config
    reads = ("image", "class_id", "captions")
    paper = "attngan"

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        taken = config.as_released
        self.means, self.wrong = "D4" in taken, "D5" in taken
        self.generator = Generator(config, self.dim, "D1" in taken)
        self.discriminators = nn.ModuleList(
            Discriminator(size, config.ndf, self.dim, alone=not config.single_output) for size in self.sizes
        )
        for network in (self.generator, self.discriminators):
            initialise_orthogonal(network)
            if config.sizes[-1] <= 64:  # faster on the CPU, where larger networks are slower so
                network.to(memory_format=torch.channels_last)
        self.average = Average(self.generator, config.average)
        self.optimizers = {n: adam(getattr(self, n), config) for n in ("generator", "discriminators")}

    @property
    def sizes(self) -> list[int]:
        """Of the images that are drawn."""
        return list(self.config.sizes[-1:] if self.config.single_output else self.config.sizes)

    @property
    def drawing(self) -> StagedGenerator:
        """The averaged weights."""
        return self.average.network

    # -- training -------------------------------------------------------------------------------------------------

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        tokens = draw_captions(batch["captions"], 1)[:, 0]
        n, device = len(tokens), tokens.device
        z = torch.randn(n, self.config.nz, device=device)
        eps = torch.randn(n, self.config.condition_dim, device=device)
        images, _, mu, logvar, text = self.draw(self.generator, tokens, z, eps)
        real = self.levels(batch["image"], train=True)
        found = self.discriminators_losses(real, [image.detach() for image in images], text)
        update(self.optimizers["discriminators"], found["discriminator"])
        with frozen(self.discriminators):
            found |= self.generator_losses(images, mu, logvar, text, batch["class_id"])
            update(self.optimizers["generator"], found["generator"])
        self.average.update(self.generator)
        return {name: loss.detach() for name, loss in found.items()}

    def discriminators_losses(
        self, real: list[Tensor], fake: list[Tensor], text: tuple[Tensor, Tensor, Tensor]
    ) -> dict[str, Tensor]:
        """Sums over the sizes; no weight is shared between them."""
        _, sentence, mask = text
        order = mask.sum(1).argsort(stable=True) if self.wrong else None  # the longest caption first
        with self.autocast():
            parts = [
                discriminator_losses(network, *pair, sentence, order, self.means)
                for network, *pair in zip(self.discriminators, real, fake, strict=True)
            ]
        return {name: torch.stack([part[name] for part in parts]).sum() for name in parts[0]}

    def generator_losses(
        self, images: list[Tensor], mu: Tensor, logvar: Tensor, text: tuple[Tensor, Tensor, Tensor], class_id: Tensor
    ) -> dict[str, Tensor]:
        """``fooling``, ``divergence``, ``matching`` with lambda above 0, and ``generator``, which is descended."""
        weight = 1.0 if self.means else 0.5
        with self.autocast():
            parts = [
                generator_loss(network, image, text[1], weight)
                for network, image in zip(self.discriminators, images, strict=True)
            ]
        found = {"fooling": torch.stack(parts).sum(), "divergence": divergence(mu, logvar)}
        total = found["fooling"] + self.config.divergence_weight * found["divergence"]
        if self.config.damsm_weight > 0:
            losses = self.held["damsm"].matching_losses(images[-1].float(), *text, class_id)
            found["matching"] = torch.stack(list(losses.values())).sum()
            total = total + self.config.damsm_weight * found["matching"]
        return found | {"generator": total}
