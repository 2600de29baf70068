"""Learning Deep Representations of Fine-Grained Visual Descriptions (Reed, Akata, Lee, Schiele; CVPR 2016).

The char-CNN-RNN: convolutions over the characters of a caption, a recurrent network over what they find, the mean of
its states, a linear map. It is trained so that a caption's embedding has a larger inner product with the features of
its own image than with those of images of other classes. GAN-INT-CLS and its successors condition on it.

Glossary
    t        a caption: ids of characters, 0 = none (padding, or a character outside of the alphabet)   tokens [N, T]
    phi(t)   text embedding, on the survey slides varphi(t)                                             [N, E]
    phi(v)   image embedding: the features of a trained classifier, as they are                         [N, E]
    F(v, t)  compatibility, the inner product of the two                                                [N, N]

Three variants by three fields (reedscot/cvpr2016@7988b42 and icml2016@db3f0c6, modules HybridCNN and HybridCNNLong)
    birds of the CVPR paper   cnn_dim 256, recurrent rnn, third_pool true     1,814,144 parameters
    birds of GAN-INT-CLS      cnn_dim 512, recurrent gru, third_pool false    4,045,184
    flowers of GAN-INT-CLS    cnn_dim 512, recurrent rnn, third_pool true     2,994,560; by a third-party port

Neither recurrence is the library's own. At the first step there is no hidden state, hence no gate and no bias of the
hidden maps; the GRU's reset gate acts on the state before the linear map; its update gate weighs the candidate. The
published port (martinduartemore/char_cnn_rnn_pytorch@f44f613) adds [B, D] to [B, 1, D] and so mixes the captions of a
batch: not taken over.

Silences filled from the released code: everything but the architecture's outline. The survey slides print the loss as
a 0-1 loss of the classifiers; trained is a hinge summed over the other classes of the batch, divided by its size
squared (train_sje_hybrid.lua). The paper's own surrogate takes the largest term, not the sum (recalled).

Scale: the margin is 1 in units of the inner product of raw features, which nothing normalises. Features of another
network have another scale, and with it the margin means another thing.

COCO's encoder (main_txt_coco.lua, scripts/train_coco_txt.sh) is the network of GAN-INT-CLS' birds, but sees no images: of
each image two captions are drawn, the second one's embedding must have a larger inner product with that of the first than
with the first ones of the batch's other images. One hinge, the other direction is not asked for. The author: to be faster
(issue 12). The published file is another one than these scripts write: its name speaks of a discriminator and 80 epochs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks.adversarial import set_step_size, update
from ..blocks.captions import draw_captions, draw_distinct_captions
from ..blocks.frozen import Reads
from ..core import RedrawError
from ..recipe import About, Batch, Recipe, Schedule, Step

KERNEL = 4  # characters, or what stands for them, that a convolution sees


@dataclasses.dataclass(frozen=True, kw_only=True)
class Network(Schedule):
    """Types and meanings of what all variants have; the values stand in gan_int_cls.yaml."""

    length: int  # characters of a caption, what is behind them is cut off
    channels: tuple[int, int]  # of the first two convolutions
    cnn_dim: int  # channels of the third one and units of the recurrent network
    recurrent: str  # gru | rnn
    third_pool: bool  # a maximum over 3 places, 2 apart, after the third convolution
    embedding_dim: int  # of the text embedding; with images it must be the number of their features


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Network):
    """Types and meanings; the values stand in gan_int_cls.yaml."""

    init_uniform: float  # all parameters start uniform between minus and plus this
    learning_rate: float  # RMSprop's step size
    alpha: float  # RMSprop's smoothing of squared gradients
    decay: float  # of the step size, once in as many steps as there are training classes
    margin: float  # by which the right pair's inner product should be the larger


@dataclasses.dataclass(frozen=True, kw_only=True)
class CocoConfig(Network):
    """Types and meanings; the values stand in gan_int_cls.yaml."""

    init_deviation: float  # convolutions start normal with it, without bias; linear maps as the library has them
    learning_rate: float  # Adam's step size
    beta1: float
    beta2: float
    decay: float  # of the step size, at the start of every so many epochs
    decay_epochs: int
    margin: float  # by which the right pair's inner product should be the larger


class GRU(nn.Module):
    """Gated states [N, T, D] of inputs [N, T, D]; FixedGRU.lua."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.i2h, self.i2h_update, self.i2h_reset = nn.Linear(dim, dim), nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.h2h, self.h2h_update, self.h2h_reset = nn.Linear(dim, dim), nn.Linear(dim, dim), nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        inputs, updates, resets = (m(x).unbind(1) for m in (self.i2h, self.i2h_update, self.i2h_reset))
        states = [torch.tanh(inputs[0])]
        for i, u, r in zip(inputs[1:], updates[1:], resets[1:], strict=True):
            h = states[-1]
            z = torch.sigmoid(u + self.h2h_update(h))
            reset = torch.sigmoid(r + self.h2h_reset(h))
            states.append(z * torch.tanh(i + self.h2h(reset * h)) + (1 - z) * h)
        return torch.stack(states, 1)


class RNN(nn.Module):
    """Rectified states [N, T, D] of inputs [N, T, D]; FixedRNN.lua."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.i2h, self.h2h = nn.Linear(dim, dim), nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        inputs = self.i2h(x).unbind(1)
        states = [F.relu(inputs[0])]
        for i in inputs[1:]:
            states.append(F.relu(i + self.h2h(states[-1])))
        return torch.stack(states, 1)


RECURRENT = {"gru": GRU, "rnn": RNN}


class TextEncoder(nn.Module):
    """tokens [N, T] -> embeddings [N, E]."""

    def __init__(self, config: Network, alphabet: int) -> None:
        super().__init__()
        first, second = config.channels
        self.conv1 = nn.Conv1d(alphabet, first, KERNEL)
        self.conv2 = nn.Conv1d(first, second, KERNEL)
        self.conv3 = nn.Conv1d(second, config.cnn_dim, KERNEL)
        self.third_pool = config.third_pool
        self.rnn = RECURRENT[config.recurrent](config.cnn_dim)
        self.emb_proj = nn.Linear(config.cnn_dim, config.embedding_dim)

    def first_convolution(self, tokens: Tensor) -> Tensor:
        """[N, channels, T - 3] of one-hot columns, id 0 an empty one, without making these: rows of weights are added."""
        weight = self.conv1.weight  # [C, alphabet, KERNEL]
        rows = F.pad(weight.permute(2, 1, 0), (0, 0, 1, 0))  # [KERNEL, 1 + alphabet, C]
        place = torch.arange(KERNEL, device=tokens.device) * (1 + weight.shape[1])
        seen = (tokens.unfold(1, KERNEL, 1) + place).reshape(-1, KERNEL)
        summed = F.embedding_bag(seen, rows.flatten(0, 1), mode="sum")  # [N * (T - 3), C]
        return summed.view(len(tokens), -1, weight.shape[0]).transpose(1, 2)

    def forward(self, tokens: Tensor) -> Tensor:
        # The largest of several, then bias and rectifier: the same as in the other order, with a third of the work.
        x = F.relu(F.max_pool1d(self.first_convolution(tokens), 3) + self.conv1.bias[:, None])
        x = F.relu(F.max_pool1d(self.conv2(x), 3))
        x = self.conv3(x)
        x = F.relu(F.max_pool1d(x, 3, 2) if self.third_pool else x)
        return self.emb_proj(self.rnn(x.transpose(1, 2)).mean(1))


def recurrent_steps(length: int, third_pool: bool) -> int:
    """How many steps the recurrent network takes over a caption of ``length`` characters; below 1: too short."""
    steps = ((length - KERNEL + 1) // 3 - KERNEL + 1) // 3 - KERNEL + 1
    return (steps - 3) // 2 + 1 if third_pool else steps


def joint_embedding_loss(image: Tensor, text: Tensor, margin: float, class_id: Tensor | None = None) -> Tensor:
    """Structured joint embedding: the hinge of each image against all captions, and of each caption against all images.

    ``image`` and ``text`` [B, E] are pairs row by row. Pairs of one class by ``class_id`` [B] are not told apart.
    Divided by B squared, so a batch of many classes weighs nearly like the mean over its pairs.
    """
    scores = image @ text.T  # F(v_i, t_j)   [B, B]
    own = scores.diagonal()
    n = torch.arange(len(own), device=own.device) if class_id is None else class_id
    other = n[:, None] != n
    by_image = F.relu(scores - own[:, None] + margin)
    by_text = F.relu(scores - own + margin)
    return ((by_image + by_text) * other).sum() / len(own) ** 2


def matching_loss(first: Tensor, second: Tensor, margin: float) -> dict[str, Tensor]:
    """COCO's: the hinge of each second caption against the first ones of the other images, divided by B squared.

    ``first`` and ``second`` [B, E] are of one image row by row. ``error``: the percentage of second captions whose own
    first one has not the largest inner product.
    """
    scores = second @ first.T  # [B, B]
    own = scores.diagonal()[:, None]
    n = torch.arange(len(scores), device=scores.device)
    loss = (F.relu(scores - own + margin) * (n[:, None] != n)).sum() / len(scores) ** 2
    return {"loss": loss, "error": 100 * (scores.argmax(1) != n).float().mean()}


class EncodesText(Recipe):
    """What both encoders have in common: ``encoder``, and what others read of it."""

    def __init__(self, config: Network, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        if len(about.vocabulary) < 2 or any(len(symbol) != 1 for symbol in about.vocabulary[1:]):
            raise RedrawError("char_cnn_rnn: its captions must be characters: give its tokens tokenizer: characters")
        if config.recurrent not in RECURRENT:
            raise RedrawError(f"char_cnn_rnn, recurrent: {config.recurrent!r} is not known: use gru or rnn")
        if recurrent_steps(config.length, config.third_pool) < 1:
            raise RedrawError(
                f"char_cnn_rnn, length: {config.length} characters are too few for its convolutions: use 201"
            )
        self.encoder = TextEncoder(config, len(about.vocabulary) - 1)

    @property
    def embedding_dim(self) -> int:
        """E."""
        return self.config.embedding_dim

    def text(self, tokens: Tensor) -> Tensor:
        """Embeddings [M, E] of tokens [M, T]. Raises RedrawError for captions cut to another length."""
        if tokens.shape[1] != self.config.length:
            raise RedrawError(
                f"char_cnn_rnn: captions of {tokens.shape[1]} characters, but it was trained on {self.config.length}: "
                "give both runs the same tokens"
            )
        with self.autocast():
            return self.encoder(tokens).float()

    @torch.no_grad()
    def encode(self, batch: Batch) -> dict[str, Tensor]:
        """``text_embedding`` [N, E] where there are tokens."""
        return {"text_embedding": self.text(batch["tokens"])} if "tokens" in batch else {}


class CharCNNRNN(Reads, EncodesText):
    """The text encoder, trained against the features of a frozen image classifier."""

    Config = Config
    reads = ("image", "class_id", "captions")
    batches = "classes"

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        self.hold("features", needs, "char_cnn_rnn")
        found = self.image_embedding(self.view(torch.zeros(1, *about.image_shape))).shape[1]
        if found != config.embedding_dim:
            raise RedrawError(
                f"char_cnn_rnn, embedding_dim: {config.embedding_dim}, but there are {found} image features, and they are "
                f"the image embedding as they are: use embedding_dim {found}"
            )
        self.classes = len(about.trained_classes)
        for parameter in self.encoder.parameters():
            nn.init.uniform_(parameter, -config.init_uniform, config.init_uniform)
        self.optimizers = {
            "rmsprop": torch.optim.RMSprop(self.encoder.parameters(), config.learning_rate, config.alpha, eps=1e-8)
        }

    def view(self, image: Tensor) -> Tensor:
        """Real images as the frozen classifier sees them."""
        return self.held["features"].view(image)

    @torch.no_grad()
    def image_embedding(self, image: Tensor) -> Tensor:
        """[N, E] of images [N, C, H, W] that ``view`` gave, or of generated ones: the frozen classifier's features."""
        return self.held["features"].encode({"image": image})["features"].float()

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        optimizer = self.optimizers["rmsprop"]
        for group in optimizer.param_groups:
            group["lr"] = self.config.learning_rate * self.config.decay ** (at.index // self.classes)
        loss = self.losses(batch)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss.detach()}

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """``loss`` of the images, each with one of its own captions."""
        text = self.text(draw_captions(batch["captions"], 1)[:, 0])
        image = self.image_embedding(self.view(batch["image"]))
        return {"loss": joint_embedding_loss(image, text, self.config.margin, batch["class_id"])}

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        return self.losses(batch)

    @torch.no_grad()
    def encode(self, batch: Batch) -> dict[str, Tensor]:
        """``text_embedding`` [N, E] where there are tokens, ``image_embedding`` [N, E] where there are images."""
        found = super().encode(batch)
        if "image" in batch:
            found["image_embedding"] = self.image_embedding(batch["image"])
        return found


class CocoTextEncoder(EncodesText):
    """The text encoder of COCO, trained on pairs of captions of one image, without the image."""

    Config = CocoConfig
    reads = ("captions",)

    def __init__(self, config: CocoConfig, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        for module in self.encoder.modules():
            if isinstance(module, nn.Conv1d):
                nn.init.normal_(module.weight, 0, config.init_deviation)
                nn.init.zeros_(module.bias)
        self.optimizers = {
            "adam": torch.optim.Adam(
                self.encoder.parameters(), config.learning_rate, (config.beta1, config.beta2), fused=True
            )
        }

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        # The code counts epochs from 1 and decays before the fiftieth is trained.
        factor = self.config.decay ** ((int(at.epoch) + 1) // self.config.decay_epochs)
        set_step_size(self.optimizers, self.config.learning_rate * factor)
        losses = self.losses(batch)
        update(self.optimizers["adam"], losses["loss"])
        return {name: loss.detach() for name, loss in losses.items()}

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """``loss`` and ``error`` of the images by two captions each, drawn without repetition."""
        pairs = draw_distinct_captions(batch["captions"], 2)
        first, second = self.text(pairs.flatten(0, 1)).view(*pairs.shape[:2], -1).unbind(1)
        return matching_loss(first, second, self.config.margin)

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        return self.losses(batch)
