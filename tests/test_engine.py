"""The loop on a toy: resume, signals, NaN, corrupted state, snapshots, early stopping."""

import dataclasses
import os
import signal

import numpy as np
import pytest
import torch
from torch import nn

from redraw import batches, engine, models
from redraw.core import Interrupted, RedrawError, read_json
from redraw.recipe import About, Recipe, Schedule, make_config
from redraw.state import State
from redraw.tracking import Spool, events


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    learning_rate: float


class Toy(Recipe):
    """Dropout, noise and batch normalisation: all that could break a resume."""

    Config = Config
    reads = ("image",)

    def __init__(self, config, about, needs):
        super().__init__(config, about, needs)
        self.net = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.Linear(16, 8))
        self.optimizers = {"adam": torch.optim.Adam(self.parameters(), lr=config.learning_rate)}

    def _loss(self, batch):
        return (self.net(batch["image"] + 0.1 * torch.randn_like(batch["image"])) - batch["image"]).square().mean()

    def train_step(self, batch, at):
        loss = self._loss(batch)
        self.optimizers["adam"].zero_grad()
        loss.backward()
        self.optimizers["adam"].step()
        return {"loss": loss}

    def validate(self, batch):
        return {"loss": self._loss(batch)}


class Data:
    """Vectors by index; ``rng`` adds noise, so that a wrong generator would show."""

    def __init__(self, n=100):
        self.x = torch.from_numpy(np.random.default_rng(0).normal(size=(n, 8)).astype(np.float32))

    def __len__(self):
        return len(self.x)

    def batch(self, indices, fields, rng):
        return {
            "image": self.x[indices] + torch.from_numpy(rng.normal(size=(len(indices), 8)).astype(np.float32)) * 0.01
        }


VALUES = {
    "steps": 120,
    "batch_size": 16,
    "evaluations": 6,
    "patience": None,
    "watch": "loss",
    "as_released": [],
    "learning_rate": 0.01,
}


def go(folder, data=None, new=Toy, **changes):
    values = VALUES | {k: v for k, v in changes.items() if k in VALUES}
    rest = {k: v for k, v in changes.items() if k not in VALUES}
    engine.seed_everything(3, 0)
    recipe = new(make_config(Config, values, "toy"), About((1, 1, 8), 1), {})
    spool = Spool(folder / "spool.jsonl", run="toy")
    options = {"seed": 3, "state": State(folder), "spool": spool, "device": torch.device("cpu"), "run": "toy"} | rest
    return engine.train(recipe, data or Data(), Data(40), **options)


class Bomb(Exception):
    pass


def bomb_at(step):
    def progress(at, total, losses):
        if at >= step:
            raise Bomb

    return progress


def test_resume_is_bit_exact_wherever_it_was_killed(tmp_path):
    whole = go(tmp_path / "whole")
    for k, at in enumerate((50, 60, 100)):
        with pytest.raises(Bomb):
            go(tmp_path / f"cut{k}", save_every=0.0, progress=bomb_at(at))
        resumed = go(tmp_path / f"cut{k}", save_every=1e9)
        assert models.weights_digest(resumed["weights"]) == models.weights_digest(whole["weights"])
        assert resumed["curves"] == whole["curves"]
        assert list(resumed["snapshots"]) == list(whole["snapshots"]) == [20, 40, 60, 80, 100, 120]
        starts = [e["start"] for e in events(tmp_path / f"cut{k}" / "spool.jsonl") if e["event"] == "train"]
        assert starts[0] == 0 and starts[1] >= at - 1


class Convolutions(Toy):
    """The same loss of a network that reads the vectors as pictures."""

    def __init__(self, config, about, needs):
        super().__init__(config, about, needs)
        layers = nn.Unflatten(1, (2, 2, 2)), nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 1)
        self.net = nn.Sequential(*layers, nn.Flatten())
        self.optimizers = {"adam": torch.optim.Adam(self.parameters(), lr=config.learning_rate, fused=True)}
        self.layouts = []

    def train_step(self, batch, at):
        self.layouts.append(self.net[1].weight.is_contiguous(memory_format=torch.channels_last))
        return super().train_step(batch, at)


def test_channels_last_changes_the_layout_and_resumes_bit_exactly(tmp_path):
    made = []

    def new(config, about, needs):
        made.append(Convolutions(config, about, needs))
        return made[-1]

    def train(folder, **options):
        return go(tmp_path / folder, new=new, steps=60, evaluations=1, **options)

    plain, whole = train("plain"), train("whole", channels_last=True)
    with pytest.raises(Bomb):
        train("cut", channels_last=True, save_every=0.0, progress=bomb_at(50))
    resumed = train("cut", channels_last=True, save_every=1e9)
    assert [set(recipe.layouts) for recipe in made] == [{False}, {True}, {True}, {True}]
    assert models.weights_digest(resumed["weights"]) == models.weights_digest(whole["weights"])
    losses = [result["curves"]["train/loss"]["y"] for result in (whole, plain)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_another_seed_gives_other_weights(tmp_path):
    a, b = go(tmp_path / "a"), go(tmp_path / "b", seed=4)
    assert models.weights_digest(a["weights"]) != models.weights_digest(b["weights"])


def test_batches_are_permutations_laid_end_to_end():
    seen = np.concatenate([batches.batch_indices(10, 4, 7, step) for step in range(5)])
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert not np.array_equal(seen[:10], seen[10:])
    assert np.array_equal(batches.batch_indices(10, 4, 7, 2), seen[8:12])
    assert len(batches.batch_indices(3, 10, 0, 5)) == 10


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_saves_and_ends_and_nothing_is_lost(tmp_path, number):
    def send(step, total, losses):
        if step == 60:
            os.kill(os.getpid(), number)

    with pytest.raises(Interrupted) as stopped:
        go(tmp_path, progress=send)
    assert stopped.value.code == 128 + number
    assert read_json(tmp_path / "state.json")[-1]["step"] == 60
    resumed, whole = go(tmp_path), go(tmp_path / "whole")
    assert models.weights_digest(resumed["weights"]) == models.weights_digest(whole["weights"])


def test_nan_names_loss_step_and_last_good_state(tmp_path):
    class Poison(Data):
        def batch(self, indices, fields, rng):
            batch = super().batch(indices, fields, rng)
            self.calls = getattr(self, "calls", 0) + 1
            return {"image": batch["image"] * float("nan")} if self.calls == 73 else batch

    with pytest.raises(
        RedrawError, match=r"^toy: loss loss is nan at step 73 \(last good state: step 72\): lower the learning rate"
    ):
        go(tmp_path, data=Poison(), save_every=0.0)
    assert State(tmp_path).load()[0] == 72


def test_a_learning_rate_that_explodes_never_reaches_a_saved_state(tmp_path):
    with pytest.raises(RedrawError, match="^toy: (weights .* not finite|loss loss is (nan|inf))"):
        go(tmp_path, learning_rate=1e20, save_every=0.0)
    found = State(tmp_path).load()
    assert found is None or all(torch.isfinite(v).all() for v in found[1]["recipe"].values())


def test_a_corrupted_state_falls_back_to_the_one_before(tmp_path, capsys):
    with pytest.raises(Bomb):
        go(tmp_path, save_every=0.0, progress=bomb_at(60))
    book = read_json(tmp_path / "state.json")
    assert len(book) == 2
    newest = tmp_path / book[-1]["file"]
    newest.write_bytes(newest.read_bytes()[:-100] + b"x" * 100)
    assert State(tmp_path).load()[0] == book[0]["step"]
    assert capsys.readouterr().err == f"{newest}: does not match its hash; going back to the state before it\n"
    assert models.weights_digest(go(tmp_path)["weights"]) == models.weights_digest(go(tmp_path / "whole")["weights"])


def test_only_the_last_two_states_are_kept(tmp_path):
    go(tmp_path, save_every=0.0, steps=10, evaluations=1)
    assert len(list(tmp_path.glob("step-*.pt"))) == 2


def test_early_stopping_counts_evaluations_without_a_better_one(tmp_path):
    result = go(tmp_path, learning_rate=0.0, patience=2)
    assert result["stopped"] == "early" and result["steps"] < 120
    assert go(tmp_path / "b", patience=None)["stopped"] == "budget"


def test_watch_must_be_a_validation_loss(tmp_path):
    with pytest.raises(RedrawError, match="watch: 'recon' is no validation loss: known: loss"):
        go(tmp_path, watch="recon")


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (VALUES | {"learning_rte": 1.0}, 'toy: Config has no field learning_rte: did you mean "learning_rate"?'),
        (
            {k: v for k, v in VALUES.items() if k != "steps"},
            "toy: no value for steps: give one in the paper's sheet under config",
        ),
        (VALUES | {"steps": "many"}, "toy: steps is 'many', but must be int: correct the value"),
        (
            VALUES | {"learning_rate": float("nan")},
            "toy: learning_rate is nan, but must be a finite number: correct the value",
        ),
        (VALUES | {"steps": True}, "toy: steps is True, but must be int: correct the value"),
    ],
)
def test_config_faults_are_one_line(values, line):
    with pytest.raises(RedrawError) as fault:
        make_config(Config, values, "toy")
    assert str(fault.value) == line


def test_export_has_the_same_bytes_for_the_same_weights(tmp_path):
    weights = {"a": torch.arange(5.0), "b": torch.ones(2, 2)}
    models.save(tmp_path / "x" / "model.pt", {"weights": weights})
    models.save(tmp_path / "y" / "model.pt", {"weights": dict(weights)})
    assert (tmp_path / "x" / "model.pt").read_bytes() == (tmp_path / "y" / "model.pt").read_bytes()


# --- the best, not the last ------------------------------------------------------------------------------------------


class Best(Toy):
    """What is watched is a ratio of two means over the split, and turns upwards in the middle of the training."""

    keeps = "best"

    def __init__(self, config, about, needs):
        super().__init__(config, about, needs)
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def train_step(self, batch, at):
        self.steps += 1
        return super().train_step(batch, at)

    def validate(self, batch):
        far = (self.steps - 70).abs().float() + batch["image"].square().mean()
        return {"far": far, "twice": 2 * torch.ones(())}

    @staticmethod
    def combined(means):
        return {"ratio": means["far"] / means["twice"]}


def test_a_recipe_that_keeps_the_best_ends_with_its_weights(tmp_path):
    found = go(tmp_path, new=Best, watch="ratio")
    curve = found["curves"]["validation/ratio"]
    assert not {"validation/far", "validation/twice"} & set(found["curves"])
    assert curve["y"] == pytest.approx([25.5, 15.5, 5.5, 5.5, 15.5, 25.5], abs=0.2)
    assert found["kept"] in (60, 80) and curve["y"][curve["x"].index(found["kept"])] == min(curve["y"])
    assert int(found["weights"]["steps"]) == found["kept"] and found["steps"] == 120
    assert models.weights_digest(found["weights"]) == models.weights_digest(found["snapshots"][found["kept"]])


@pytest.mark.parametrize("at", [50, 60, 100])
def test_resuming_keeps_the_same_best(tmp_path, at):
    whole = go(tmp_path / "whole", new=Best, watch="ratio")
    with pytest.raises(Bomb):
        go(tmp_path / "cut", new=Best, watch="ratio", save_every=0.0, progress=bomb_at(at))
    resumed = go(tmp_path / "cut", new=Best, watch="ratio", save_every=1e9)
    assert resumed["kept"] == whole["kept"] and resumed["curves"] == whole["curves"]
    assert models.weights_digest(resumed["weights"]) == models.weights_digest(whole["weights"])


def test_the_last_weights_are_kept_where_nothing_is_watched_or_the_recipe_does_not_ask(tmp_path):
    unwatched, plain = go(tmp_path / "a", new=Best, watch=None), go(tmp_path / "b")
    assert "kept" not in unwatched and int(unwatched["weights"]["steps"]) == 120
    assert "kept" not in plain
    assert models.weights_digest(plain["weights"]) == models.weights_digest(plain["snapshots"][120])


def test_stopping_early_ends_with_the_best(tmp_path):
    found = go(tmp_path, new=Best, watch="ratio", patience=1)
    assert found["stopped"] == "early" and found["kept"] < found["steps"] < 120
    assert int(found["weights"]["steps"]) == found["kept"]
