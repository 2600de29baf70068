"""The recipe: what is minimised, and how captions are written."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from ...blocks.adversarial import adam, set_step_size
from ...blocks.frozen import Reads
from ...blocks.rmsprop import CentredRMSprop
from ...blocks.uncorrected import UncorrectedAdam
from ...core import RedrawError
from ...data.ngrams import bleu, statistics
from ...data.tables import END, PAD, SPECIALS, START, UNK
from ...recipe import About, Batch, Recipe, Schedule, Step
from .annotator import Annotator
from .beam import search
from .networks import ACTIVATIONS, ATTENTIONS, GATES, OUTPUTS, Decoder, Look, Seen, Spoken, State

READINGS = ("paper", "arctic", "mean", "sixteenth")
REWARDS = ("caption", "word")
OPTIMISERS = ("adam", "rmsprop")
RELEASED_REWARD = 10  # D6: what the reward is divided by
ORDER = 4  # of BLEU


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in show_attend_tell.yaml."""

    attention: str  # soft | hard | none: the image is the first word
    attention_units: int  # K, hidden units of the scores
    attention_layers: int  # of the annotations before the state's question is added: 1 or 2
    attention_activation: str  # tanh | relu
    gate: str  # beta: scalar | vector, a number for each of D | none
    output: str  # deep: eq. 7 | simple: of the state alone
    init_layers: int  # from the mean annotation to the first state: 1 or 2
    word_dim: int  # m
    hidden: int  # units of the LSTM
    dropout: float
    init_std: float  # weights that are not square start around 0 with this deviation
    regulariser: str  # reading of the doubly stochastic term: paper | arctic | mean | sixteenth
    alpha_c: float  # its weight, lambda
    sample_share: float  # hard: probability that an image's places are sampled
    reward: str  # hard: log p(y | s, a) of the whole caption, or its mean over the words: caption | word
    lambda_r: float  # hard: the reward's weight
    lambda_e: float  # hard: weight of the entropy
    baseline_decay: float  # hard: what is kept of b at each step
    hard_at_test: bool  # hard: the most probable place is read; else the expected annotation
    optimiser: str  # adam | rmsprop
    learning_rate: float
    last_learning_rate: float  # reached in a straight line at the last step
    beta1: float  # Adam's
    beta2: float
    max_words: int  # ids of a written caption at most, <end> included


def doubly_stochastic(alpha: Tensor, reading: str) -> Tensor:
    """How far the places' shares [N, T, L], summed over the words, are from one each, as four codes have it.

    paper: the sum over places, the mean over captions (eq. 14) · arctic: the sum over captions, the mean over places, which is
    N / L times that · mean: of both, 1 / L times that (sgrvinod, AaronCCWong) · sixteenth: as paper, but 16 / L is asked of each
    place (yunjey, whose captions have 16 words).
    """
    total, places = alpha.sum(1), alpha.shape[2]
    apart = ((16 / places if reading == "sixteenth" else 1) - total).square()
    if reading == "arctic":
        return apart.sum(0).mean()
    return apart.mean() if reading == "mean" else apart.sum(1).mean()


class ShowAttendTell(Reads, Recipe):
    """A captioner of what an ``annotator`` sees."""

    Config = Config
    reads = ("image", "tokens", "captions")
    batches = "lengths"
    keeps = "best"

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        self._check(config, about)
        self.hold("annotator", needs, "show_attend_tell")
        ids = {word: i for i, word in enumerate(about.vocabulary)}
        self.first, self.end = ids[START], ids[END]
        self.frame = {ids[PAD], self.first, self.end}
        self.decoder = Decoder(config, self.annotator.dim, len(ids))
        unwritten = [word in SPECIALS and word != END for word in about.vocabulary]
        self.register_buffer("unwritten", torch.tensor(unwritten), persistent=False)
        self.register_buffer("baseline", torch.zeros(()))  # b
        self.taken = frozenset(config.as_released)
        self.optimizers = {"descent": self._optimiser()}

    @staticmethod
    def _check(config: Config, about: About) -> None:
        for word in (PAD, START, END, UNK):
            if word not in about.vocabulary:
                raise RedrawError(
                    f"show_attend_tell: no {word} in the vocabulary: give the run tokens in words with framed: true"
                )
        known = {
            "attention": ATTENTIONS, "attention_layers": (1, 2), "attention_activation": tuple(ACTIVATIONS), "gate": GATES,
            "output": OUTPUTS, "init_layers": (1, 2), "regulariser": READINGS, "reward": REWARDS, "optimiser": OPTIMISERS,
        }  # fmt: skip
        for field, values in known.items():
            if getattr(config, field) not in values:
                raise RedrawError(
                    f"show_attend_tell, {field}: {getattr(config, field)!r}: use one of {', '.join(map(str, values))}"
                )

    def _optimiser(self) -> torch.optim.Optimizer:
        config, weights = self.config, list(self.decoder.parameters())
        if config.optimiser == "rmsprop":
            return CentredRMSprop(weights, config.learning_rate)
        if "D2" in self.taken:
            return UncorrectedAdam(weights, config.learning_rate, (config.beta1, config.beta2))
        return adam(self.decoder, config)

    @property
    def annotator(self) -> Annotator:
        return self.held["annotator"]

    def view(self, image: Tensor) -> Tensor:
        """Real images as the annotator sees them."""
        return self.annotator.view(image)

    def see(self, image: Tensor) -> Seen:
        """Of images [N, 3, S, S] as ``view`` gives them."""
        with torch.no_grad():
            a = self.annotator.annotate(image).float()
        return self.decoder.begin(a)

    # -- training -------------------------------------------------------------------------------------------------

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        config, share = self.config, at.index / at.total
        set_step_size(self.optimizers, (1 - share) * config.learning_rate + share * config.last_learning_rate)
        tokens, optimizer = batch["tokens"], self.optimizers["descent"]
        sampled, look = self.sampler(len(tokens), tokens.shape[1] - 1, tokens.device)
        with self.autocast():
            spoken = self.decoder(self.see(self.view(batch["image"])), tokens, "D5" in self.taken, look)
        losses = self.losses(tokens, spoken, sampled)
        optimizer.zero_grad()
        losses["loss"].backward()
        optimizer.step()
        return {name: loss.detach() for name, loss in losses.items()}

    def sampler(self, n: int, steps: int, device: torch.device) -> tuple[Tensor, Look | None]:
        """Of hard attention: for which images [N, 1] places are drawn by alpha, and how; the others have alpha itself."""
        sampled = torch.zeros(n, 1, dtype=torch.bool, device=device)
        if self.config.attention != "hard":
            return sampled, None
        sampled = sampled | (torch.rand(1 if "D7" in self.taken else n, 1, device=device) < self.config.sample_share)
        waits = torch.empty(steps, n, self.annotator.side**2, device=device).exponential_()

        def look(alpha: Tensor, t: int) -> Tensor:
            place = (alpha.detach() / waits[t]).argmax(1)  # the first to come, at rates alpha
            return torch.where(sampled, F.one_hot(place, alpha.shape[1]).to(alpha.dtype), alpha)

        return sampled, look

    def losses(self, tokens: Tensor, spoken: Spoken, sampled: Tensor) -> dict[str, Tensor]:
        """``loss``, and its parts: ``nats`` of a caption, ``nats_per_word``, ``doubly_stochastic`` without its weight; of hard
        attention ``entropy`` of alpha, nats per word, and ``reward``, by how much it is above b.
        """
        config, there = self.config, tokens[:, 1:] != 0
        nats = F.cross_entropy(spoken.logits.transpose(1, 2), tokens[:, 1:], reduction="none") * there
        found = {"nats": nats.sum(1).mean(), "nats_per_word": nats.sum() / there.sum()}
        if config.attention == "none":
            return found | {"loss": found["nats"]}
        alpha = spoken.alpha * there[:, :, None]
        reading = "arctic" if "D1" in self.taken else config.regulariser
        found["doubly_stochastic"] = doubly_stochastic(alpha, reading)
        if config.attention == "soft":
            return found | {"loss": found["nats"] + config.alpha_c * found["doubly_stochastic"]}
        learned, more = self.reinforced(nats, there, spoken, sampled)
        regular = found["doubly_stochastic"].detach() if "D8" in self.taken else found["doubly_stochastic"]
        return found | more | {"loss": found["nats"] + config.alpha_c * regular + learned}

    def reinforced(
        self, nats: Tensor, there: Tensor, spoken: Spoken, sampled: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """What hard attention adds to the loss, and what is told of it; b moves on while training. Section 4.1."""
        config, released = self.config, "D6" in self.taken
        log_alpha = spoken.alpha.clamp(min=torch.finfo(spoken.alpha.dtype).tiny).log()
        log_s = ((log_alpha * spoken.looked.detach()).sum(2) * there * sampled).sum(1)  # log p(s | a) [N]
        entropy = -((spoken.alpha * log_alpha).sum(2) * there).sum(1)
        reward = -nats.detach().sum(1)
        if released or config.reward == "word":
            reward = reward / there.sum(1)
        above = reward - self.baseline
        if self.training:
            self.baseline = config.baseline_decay * self.baseline + (1 - config.baseline_decay) * reward.mean()
        told = {"entropy": (entropy.sum() / there.sum()).detach(), "reward": above.mean()}
        if released:
            return -(above * log_s).sum() / RELEASED_REWARD - config.lambda_e * entropy.sum(), told
        return -config.lambda_r * (above * log_s).mean() - config.lambda_e * entropy.mean(), told

    # -- validation ----------------------------------------------------------------------------------------------

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        """Means over images: ``nats`` and ``words`` of the caption in ``tokens``, and what BLEU is made of, of the caption that
        is written, held against all in ``captions``."""
        tokens = batch["tokens"]
        tokens = tokens[:, : int((tokens != 0).sum(1).max())]
        with self.autocast():
            seen = self.see(self.view(batch["image"]))
            spoken = self.decoder(seen, tokens, "D5" in self.taken, self._at_test())
            written = self._written(seen, 1).tolist()
        found = {"nats": self._nats(tokens, spoken.logits), "words": (tokens[:, 1:] != 0).sum() / len(tokens)}
        counts = [
            statistics(self._words(row), [w for w in map(self._words, references) if w], ORDER)
            for row, references in zip(written, batch["captions"].tolist(), strict=True)
        ]
        means = torch.tensor(sum(counts) / len(counts))
        return found | {f"n_grams_{k}": mean for k, mean in enumerate(means)}

    @staticmethod
    def combined(means: Mapping[str, float]) -> dict[str, float]:
        """Of the whole split: ``nats_per_word``, ``bleu_4`` in percent, brevity penalised, and ``not_bleu_4``, 100 less it."""
        counts = torch.tensor([means[f"n_grams_{k}"] for k in range(2 * ORDER + 2)], dtype=torch.float64)
        four = float(bleu(counts.numpy(), True)[ORDER - 1])
        return {"nats_per_word": means["nats"] / means["words"], "bleu_4": four, "not_bleu_4": 100 - four}

    @staticmethod
    def _nats(tokens: Tensor, logits: Tensor) -> Tensor:
        """Of a caption, mean over captions."""
        return F.cross_entropy(logits.transpose(1, 2), tokens[:, 1:], ignore_index=0, reduction="sum") / len(tokens)

    def _words(self, row: list[int]) -> list[int]:
        return [i for i in row if i not in self.frame]

    def _at_test(self) -> Look | None:
        if self.config.attention != "hard" or not self.config.hard_at_test:
            return None
        return lambda alpha, t: F.one_hot(alpha.argmax(1), alpha.shape[1]).to(alpha.dtype)

    # -- writing --------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def write(self, batch: Batch, beam: int = 1) -> Tensor:
        """Captions [N, T] of the batch's images, as ``view`` gives them: ids of words and of <end>, then 0.

        Padding, <start> and <unk> are never written; the probabilities of the other words stay as they are.
        """
        self.eval()
        with self.autocast():
            return self._written(self.see(batch["image"]), beam)

    @torch.no_grad()
    def looking(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """``write`` with a beam of 1, and alpha before each word [N, T, side, side], rows from the top."""
        tokens, side = self.write(batch), self.annotator.side
        if self.config.attention == "none":
            raise RedrawError("show_attend_tell: a captioner with attention none looks at no place: ask another run")
        framed = F.pad(tokens, (1, 0), value=self.first)
        with self.autocast():
            spoken = self.decoder(self.see(batch["image"]), framed, "D5" in self.taken, self._at_test())
        return tokens, spoken.alpha.unflatten(2, (side, side))

    def _written(self, seen: Seen, beam: int) -> Tensor:
        decoder, look, maps, n = self.decoder, self._at_test(), self.decoder.of_states(), len(seen.a)
        seen = seen.times(beam)

        def advance(last: Tensor, state: State) -> tuple[Tensor, State]:
            none = "D5" in self.taken and bool((last == self.first).all())
            heard = decoder.heard(last[:, None], none)[:, 0]
            state, _, _, z = decoder.step(seen, state, decoder.of_word(heard), maps, look, 0)
            log_p = decoder.logits(state.h, heard, z).float().log_softmax(1)
            return log_p.masked_fill(self.unwritten, -torch.inf), state

        return search(advance, seen.state, n, beam, self.first, self.end, self.config.max_words)
