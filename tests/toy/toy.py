"""A paper added for the test's sake: a network that needs another paper's classifier and learns to say what it says."""

from __future__ import annotations

import dataclasses
import time

import torch
import torch.nn.functional as F
from torch import nn

from ..recipe import Recipe, Schedule


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """The values stand in toy.yaml."""

    learning_rate: float  # plain gradient descent
    pause: float  # seconds to sleep a step: how long a training takes shall not depend on the machine


class Echo(Recipe):
    """A linear map from a class to an image of that class, led by the needed classifier."""

    Config = Config
    reads = ("image", "class_id")

    def __init__(self, config, about, needs):
        super().__init__(config, about, needs)
        self.shape = about.image_shape
        self.map = nn.Linear(about.classes, torch.Size(about.image_shape).numel())
        self.teacher = needs["teacher"].requires_grad_(False)
        self.optimizers = {"sgd": torch.optim.SGD(self.map.parameters(), lr=config.learning_rate)}

    def draw(self, class_id):
        return self.map(F.one_hot(class_id, self.map.in_features).float()).view(-1, *self.shape)

    def train_step(self, batch, at):
        time.sleep(self.config.pause)
        logits = self.teacher.encode({"image": batch["image"]})["logits"]
        loss = F.mse_loss(self.draw(logits.argmax(1)), batch["image"])
        self.optimizers["sgd"].zero_grad()
        loss.backward()
        self.optimizers["sgd"].step()
        return {"loss": loss}

    def sample(self, conditions, seed):
        with torch.no_grad():
            return self.draw(conditions["class_id"])
