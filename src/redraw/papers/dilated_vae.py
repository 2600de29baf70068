"""Improved Variational Autoencoders for Text Modeling using Dilated Convolutions (Yang, Hu, Salakhutdinov, Berg-Kirkpatrick;
ICML 2017, arXiv 1702.08139).

A variational auto-encoder of documents. Where an LSTM writes them, it writes as well without the latent code, and the code dies.
A stack of dilated causal convolutions writes each word from so many words before it as its dilations say: the less it sees,
the more the code has to say. Without a code the same decoders are language models.

Glossary
    x          a document, <start> and <end> around its words              tokens [N, T], 0 behind the end
    z          its code, of q(z | x) = Normal(mu, sigma), prior N(0, I)    mu, log_sigma, z [N, Z]
    h_t        what the decoder makes of z and the words up to t           [N, T, H]
    L          words and <end> of a document: what a perplexity is per

As written (all of it recalled)
    * The encoder is an LSTM, whose last state gives mu and log sigma^2. The decoder reads z beside every word.
    * A residual block narrows 1 x 1, convolves with width 3 over the words before, widens 1 x 1, adds what it read.
    * Dilations 1 2 4 (SCNN), 1 2 4 8 16 (MCNN), these twice (LCNN) and three times (VLCNN): a word depends on as many before it
      as ``receptive_field`` says, 15, 63, 125 and 187, the last one read included.
    * The divergence is weighted with kl_first, rising in a straight line to 1 over kl_steps.
    * "+ init": the encoder's words and LSTM start as those of a trained LSTM language model, a run in the role ``init``.

The authors released no code that was found; jxhe/vae-lagging-encoder and texar have LSTM rows of the same data.
Silences filled here: the decoder LSTM reads z beside every word and starts at 0; a block has a rectifier behind each of its
first two maps and behind the sum; PyTorch's initial weights, but for ``first_sigma``; gradients are cut as by jxhe; dropout on
what the decoder reads and on its last state.

Speed: a convolution is one matrix product of three shifted copies; what lies behind a document's end is not mapped to words.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from ..blocks.adversarial import adam, set_step_size
from ..blocks.conditioning import draws_of
from ..core import RedrawError
from ..data.tables import END, PAD, START
from ..recipe import About, Batch, Recipe, Schedule, Step

DECODERS = ("lstm", "cnn")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in dilated_vae.yaml."""

    decoder: str  # lstm | cnn
    code: bool  # false: a language model, without an encoder
    latent: int  # Z, where there is a code
    dilations: tuple[int, ...]  # of the convolutions, from below; none with an LSTM
    word_dim: int  # of both tables of words
    encoder_units: int  # of the LSTM that reads
    decoder_units: int  # of the LSTM that writes
    channels: int  # between the blocks
    inner_channels: int  # inside of them
    width: int  # words that a convolution sees
    dropout: float
    learning_rate: float  # Adam's step size
    beta1: float
    beta2: float
    first_sigma: float  # of q at the start, nearly; 1: as the weights come
    clip: float  # largest norm of the gradient
    halve_after: float  # epochs with the whole step size
    halve_every: float  # epochs, from then on
    kl_first: float  # weight of the divergence at the first step
    kl_steps: int  # steps after which it is 1
    max_words: int  # that are written of a document at most, <end> included


# --- networks --------------------------------------------------------------------------------------------------------


def receptive_field(dilations: tuple[int, ...], width: int) -> int:
    """Words that the state at a word depends on, that word included."""
    return 1 + (width - 1) * sum(dilations)


def causal(x: Tensor, width: int, dilation: int) -> Tensor:
    """[N, T, C] -> [N, T, width C]: each place beside those ``dilation``, 2 ``dilation``, … before it; 0 before the first."""
    length = x.shape[1]
    before = F.pad(x, (0, 0, (width - 1) * dilation, 0))
    return torch.cat([before[:, k * dilation : k * dilation + length] for k in range(width)], 2)


class Block(nn.Module):
    """A residual bottleneck around a dilated causal convolution."""

    def __init__(self, channels: int, inner: int, width: int, dilation: int) -> None:
        super().__init__()
        self.width, self.dilation = width, dilation
        self.narrow = nn.Linear(channels, inner)
        self.convolution = nn.Linear(width * inner, inner)
        self.widen = nn.Linear(inner, channels)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.narrow(x).relu()
        inner = self.convolution(causal(inner, self.width, self.dilation)).relu()
        return (x + self.widen(inner)).relu()


class Convolutions(nn.Module):
    """h [N, T, H] of what is read at each place [N, T, D + Z]."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.units = config.channels
        self.first = nn.Linear(config.word_dim + config.latent, config.channels)
        sizes = (config.channels, config.inner_channels, config.width)
        self.blocks = nn.ModuleList(Block(*sizes, dilation) for dilation in config.dilations)

    def forward(self, read: Tensor, n_words: Tensor) -> Tensor:
        h = self.first(read)
        for block in self.blocks:
            h = block(h)
        return h


class Recurrence(nn.Module):
    """The same by an LSTM."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.units = config.decoder_units
        self.lstm = nn.LSTM(config.word_dim + config.latent, config.decoder_units, batch_first=True)

    def forward(self, read: Tensor, n_words: Tensor) -> Tensor:
        packed = pack_padded_sequence(read, n_words.cpu(), batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=read.shape[1])[0]


class Decoder(nn.Module):
    """Scores of the next word, from the words so far and z."""

    def __init__(self, config: Config, words: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words, config.word_dim)
        self.body = Recurrence(config) if config.decoder == "lstm" else Convolutions(config)
        self.vocabulary = nn.Linear(self.body.units, words)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, tokens: Tensor, n_words: Tensor, z: Tensor) -> Tensor:
        """h [N, T, H] behind each of ``tokens`` [N, T], of which ``n_words`` [N] are read; z [N, Z]."""
        read = self.words(tokens)
        if z.shape[1]:
            read = torch.cat([read, z[:, None].expand(-1, tokens.shape[1], -1)], 2)
        return self.dropout(self.body(self.dropout(read), n_words))


class Encoder(nn.Module):
    """q(z | x)."""

    def __init__(self, config: Config, words: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words, config.word_dim)
        self.lstm = nn.LSTM(config.word_dim, config.encoder_units, batch_first=True)
        self.latent = nn.Linear(config.encoder_units, 2 * config.latent)
        if config.first_sigma != 1:
            nn.init.constant_(self.latent.bias.data[config.latent :], 2 * math.log(config.first_sigma))

    def forward(self, tokens: Tensor, n_words: Tensor) -> tuple[Tensor, Tensor]:
        """mu and log_sigma [N, Z], from the state behind the last of ``n_words`` [N]."""
        packed = pack_padded_sequence(self.words(tokens), n_words.cpu(), batch_first=True, enforce_sorted=False)
        _, (last, _) = self.lstm(packed)
        mu, log_variance = self.latent(last[-1]).float().chunk(2, 1)
        return mu, 0.5 * log_variance


# --- losses ----------------------------------------------------------------------------------------------------------


def divergence(mu: Tensor, log_sigma: Tensor) -> Tensor:
    """KL(Normal(mu, sigma) || N(0, I)) [N] in nats."""
    return (0.5 * (mu.square() + (2 * log_sigma).exp() - 1) - log_sigma).sum(1)


def kl_weight(step: int, first: float, steps: int) -> float:
    """Of the divergence at ``step``, from 0: ``first``, then in a straight line to 1 at ``steps``, and 1 behind it."""
    return 1.0 if step >= steps else first + (1 - first) * step / steps


# --- recipe ----------------------------------------------------------------------------------------------------------


class DilatedVAE(Recipe):
    """Documents, with a code or without one."""

    Config = Config
    reads = ("tokens", "n_words")

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        if not config.code:
            config = dataclasses.replace(config, latent=0)
        super().__init__(config, about, needs)
        self._check(config, about)
        self.first, self.end = about.vocabulary.index(START), about.vocabulary.index(END)
        self.decoder = Decoder(config, len(about.vocabulary))
        self.encoder = Encoder(config, len(about.vocabulary)) if config.code else None
        if "init" in needs:
            self._begin_as(needs["init"])
        self.optimizers = {"adam": adam(self, config)}

    @staticmethod
    def _check(config: Config, about: About) -> None:
        if config.decoder not in DECODERS:
            raise RedrawError(f"dilated_vae, decoder: {config.decoder!r}: use one of {', '.join(DECODERS)}")
        if config.code and config.latent < 1:
            raise RedrawError(f"dilated_vae, latent: {config.latent} with a code: give 1 or more, or code: false")
        if about.vocabulary[:1] != (PAD,) or not {START, END} <= {*about.vocabulary}:
            raise RedrawError(
                f"dilated_vae: a vocabulary that begins with {PAD} and holds {START} and {END}: give the run tokens in words "
                "with framed: true"
            )

    def _begin_as(self, model: Recipe) -> None:
        """The encoder as the LSTM language model ``model``. Raises RedrawError where it is none, or of another size."""
        fits = self.encoder is not None and isinstance(model, DilatedVAE) and model.encoder is None
        fits = fits and isinstance(model.decoder.body, Recurrence)
        own = (
            []
            if not fits
            else [(self.encoder.words, model.decoder.words), (self.encoder.lstm, model.decoder.body.lstm)]
        )
        shapes = [[p.shape for p in module.parameters()] for pair in own for module in pair]
        if not own or shapes[::2] != shapes[1::2]:
            raise RedrawError(
                "dilated_vae, needs.init: no LSTM language model of this encoder's word_dim, encoder_units and words: name "
                "one, for a run with a latent"
            )
        for mine, trained in own:
            mine.load_state_dict(trained.state_dict())

    # -- training -------------------------------------------------------------------------------------------------

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        config = self.config
        halvings = max(0, math.floor((at.epoch - config.halve_after) / config.halve_every) + 1)
        set_step_size(self.optimizers, config.learning_rate * 0.5**halvings)
        weight = kl_weight(at.index, config.kl_first, config.kl_steps)
        losses = self.losses(batch)
        optimizer = self.optimizers["adam"]
        optimizer.zero_grad()
        (losses["reconstruction"] + weight * losses["kl"]).backward()
        nn.utils.clip_grad_norm_(self.parameters(), config.clip)
        optimizer.step()
        return {name: loss.detach() for name, loss in losses.items()}

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        return self.losses(batch)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """``reconstruction``, ``kl`` and ``loss``, their sum whatever weight it is trained with: nats a document, means."""
        tokens, n_words = _read(batch)
        with self.autocast():
            mu, log_sigma = self.code(tokens, n_words)
            z = mu + log_sigma.exp() * torch.randn_like(mu)
            reconstruction = -self.log_likelihood(tokens, n_words, z).mean()
        kl = divergence(mu, log_sigma).mean()
        return {"reconstruction": reconstruction, "kl": kl, "loss": reconstruction + kl}

    def code(self, tokens: Tensor, n_words: Tensor) -> tuple[Tensor, Tensor]:
        """mu and log_sigma [N, Z]; [N, 0] of a language model."""
        if self.encoder is None:
            nothing = torch.zeros(len(tokens), 0, device=tokens.device)
            return nothing, nothing
        return self.encoder(tokens, n_words)

    def log_likelihood(self, tokens: Tensor, n_words: Tensor, z: Tensor) -> Tensor:
        """log p(x | z) [N] in nats, of all words behind <start>, <end> included."""
        n_read = n_words - 1
        h = self.decoder(tokens[:, :-1], n_read, z)
        there = torch.arange(h.shape[1], device=h.device) < n_read[:, None]
        nats = F.cross_entropy(self.decoder.vocabulary(h[there]).float(), tokens[:, 1:][there], reduction="none")
        return -torch.zeros(there.shape, device=h.device).masked_scatter(there, nats).sum(1)

    # -- what is scored ---------------------------------------------------------------------------------------------

    @torch.no_grad()
    def bounds(self, batch: Batch, seed: int, samples: int) -> Tensor:
        """log p(x, z) - log q(z | x) [N, samples] in nats, z of q; of a language model log p(x), the same in all columns."""
        tokens, n_words = _read(batch)
        with self.autocast():
            mu, log_sigma = self.code(tokens, n_words)
            if self.encoder is None:
                return self.log_likelihood(tokens, n_words, mu)[:, None].expand(-1, samples)
            found = []
            for eps in draws_of(batch, len(tokens), mu.shape[1], seed, samples).to(mu):
                z = mu + log_sigma.exp() * eps
                ratio = 0.5 * (eps.square() - z.square()) + log_sigma  # log p(z) - log q(z | x)
                found.append(self.log_likelihood(tokens, n_words, z) + ratio.sum(1))
        return torch.stack(found, 1)

    @torch.no_grad()
    def encode(self, batch: Batch) -> dict[str, Tensor]:
        """``kl`` [N] of each document's code from the prior, in nats; ``mu`` [N, Z]."""
        with self.autocast():
            mu, log_sigma = self.code(*_read(batch))
        return {"kl": divergence(mu, log_sigma), "mu": mu}

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Token ids [N, T] of documents, as many as ``class_id`` [N], z of the prior; 0 behind the end."""
        return self.documents(len(conditions["class_id"]), seed)

    @torch.no_grad()
    def write(self, batch: Batch, beam: int) -> Tensor:
        """As many documents as there are items, none of them about its item: z of the prior, always the same noise."""
        return self.documents(len(batch["image"]), 0)

    def documents(self, n: int, seed: int) -> Tensor:
        """[n, T]: word after word drawn from the decoder, on the CPU's generator."""
        device, own = next(self.parameters()).device, torch.Generator().manual_seed(seed)
        z = torch.randn(n, self.config.latent, generator=own).to(device)
        tokens = torch.full((n, 1), self.first, device=device)
        open_ = torch.ones(n, dtype=torch.bool)
        while open_.any() and tokens.shape[1] <= self.config.max_words:
            length = tokens.new_full((n,), tokens.shape[1])
            with self.autocast():
                logits = self.decoder.vocabulary(self.decoder(tokens, length, z)[:, -1]).float().cpu()
            logits[:, [0, self.first]] = -torch.inf
            drawn = torch.multinomial(logits.softmax(1), 1, generator=own)[:, 0]
            tokens = torch.cat([tokens, torch.where(open_, drawn, 0)[:, None].to(device)], 1)
            open_ &= drawn != self.end
        return tokens[:, 1:]


def _read(batch: Batch) -> tuple[Tensor, Tensor]:
    """Tokens [N, T] without columns that are padding alone, and n_words [N]."""
    return batch["tokens"][:, : int(batch["n_words"].max())], batch["n_words"]
