"""Skip-thought vectors: the recurrence as published, what a step learns from, the released files and what is wrong with them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from redraw import engine
from redraw.core import RedrawError
from redraw.models import weights_digest
from redraw.papers.align_draw.skip_thoughts import Config, Encoder, SkipThoughts
from redraw.recipe import About, Step, make_config
from redraw.released import convert, converted, fit
from redraw.sheets import PAPERS, read_yaml

SHEET = read_yaml(PAPERS / "align_draw.yaml")
WORDS = ("<pad>", "<unk>", "a", "cat", "on", "bench", ".")
ABOUT = About((3, 8, 8), 1, WORDS)
ENGINE = {"steps": 4, "batch_size": 6, "evaluations": 1, "patience": None, "watch": None, "as_released": ()}
SMALL = {"word_dim": 5, "uni_dim": 4, "bi_dim": 3}
AT = Step(0, 1, 0.0)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def build(about: About = ABOUT, **fields) -> SkipThoughts:
    torch.manual_seed(0)
    values = {**SHEET["config"]["SkipThoughts"], **ENGINE, **SMALL, **fields}
    return SkipThoughts(make_config(Config, values, "test"), about, {})


def some_captions(n: int = 6, length: int = 7) -> Tensor:
    """[N, 4, T]"""
    generator = torch.Generator().manual_seed(0)
    captions = torch.randint(1, len(WORDS), (n, 4, length), generator=generator)
    captions[torch.arange(length) >= torch.randint(2, length + 1, (n, 4, 1), generator=generator)] = 0
    return captions


def released_gru(inputs: int, dim: int, prefix: str = "encoder", seed: int = 0) -> dict[str, np.ndarray]:
    """Arrays as the authors' file has them."""
    shapes = {
        "W": (inputs, 2 * dim),
        "U": (dim, 2 * dim),
        "b": (2 * dim,),
        "Wx": (inputs, dim),
        "Ux": (dim, dim),
        "bx": (dim,),
    }
    rng = np.random.default_rng(seed)
    return {f"{prefix}_{name}": rng.normal(size=shape).astype(np.float32) / 2 for name, shape in shapes.items()}


def last_state(arrays: dict[str, np.ndarray], vectors: np.ndarray, prefix: str = "encoder") -> np.ndarray:
    """The recurrence written out in float64, one sentence [T, W]."""
    w, u, b, wx, ux, bx = (arrays[f"{prefix}_{k}"].astype(np.float64) for k in ("W", "U", "b", "Wx", "Ux", "bx"))
    h = np.zeros(len(ux))
    for x in vectors.astype(np.float64):
        r, z = np.split(1 / (1 + np.exp(-(x @ w + b + h @ u))), 2)
        h = z * h + (1 - z) * np.tanh(x @ wx + bx + r * (h @ ux))
    return h


def write_released(
    folder, dictionary=("<eos>", "UNK", "bench", "a", "cat", "Dog"), dims=(5, 4, 3)
) -> dict[str, np.ndarray]:
    word_dim, uni, bi = dims
    arrays = {
        "uni": released_gru(word_dim, uni),
        "bi": released_gru(word_dim, bi, seed=1) | released_gru(word_dim, bi, "encoder_r", 2),
    }
    for name, held in arrays.items():
        extra = {"Wemb": np.zeros((2, word_dim), np.float32), "history_errs": np.array([{}], object)}
        np.savez(folder / f"{name}_skip.npz", **held, **extra)
    tables = {f"{n}_words": np.random.default_rng(k).normal(size=(len(dictionary), word_dim)).astype(np.float32) for k, n in
              enumerate(("uni", "bi"))}  # fmt: skip
    for name, table in tables.items():
        np.save(folder / f"{name[0]}table.npy", table)
    (folder / "dictionary.txt").write_text("\n".join(dictionary) + "\n")
    return {**arrays["uni"], **{f"bi_{k}": v for k, v in arrays["bi"].items()}, **tables}


FILES = {
    "uni": ("uni_skip.npz", "skip_thoughts"), "bi": ("bi_skip.npz", "skip_thoughts"), "dictionary": ("dictionary.txt", "text"),
    "uni_words": ("utable.npy", "skip_thoughts_table"), "bi_words": ("btable.npy", "skip_thoughts_table"),
}  # fmt: skip


def read(folder) -> dict[str, dict[str, Tensor]]:
    return {role: convert(folder / name, kind) for role, (name, kind) in FILES.items()}


def test_the_runs_files_are_those():
    released = SHEET["runs"]["released_skip_thoughts"]["released"]
    assert {role: (of["file"], of["kind"]) for role, of in released.items()} == FILES


# --- the network -------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_factorisation(monkeypatch):
    """Orthogonal matrices of the paper's size take minutes."""
    monkeypatch.setattr(nn.init, "orthogonal_", lambda weight: nn.init.normal_(weight, 0, 0.02))


def test_sizes_of_the_released_encoders(no_factorisation):
    """20,000 words aside: three gates of 2,400 units on 620 inputs, twice three of 1,200; the second biases stay 0."""
    with torch.device("meta"):
        learned = [
            sum(p.numel() for p in Encoder(1, 620, dim, both, 0.1).gru.parameters() if p.requires_grad)
            for dim, both in ((2400, False), (1200, True))
        ]
    assert learned == [3 * 2400 * (620 + 2400 + 1), 2 * 3 * 1200 * (620 + 1200 + 1)] == [21_751_200, 13_111_200]
    assert SHEET["config"]["SkipThoughts"]["uni_dim"] + 2 * SHEET["config"]["SkipThoughts"]["bi_dim"] == 4800


def test_halves_have_length_1_and_padding_says_nothing():
    model, tokens = build(), some_captions()[:, 0]
    found = model.text(tokens)
    assert found.shape == (6, model.embedding_dim) == (6, 10)
    assert torch.allclose(found.view(6, 2, 5)[:, :, :4].new_ones(6), found[:, :4].norm(dim=1), atol=1e-6)
    assert torch.allclose(found[:, 4:].norm(dim=1), torch.ones(6), atol=1e-6)
    assert torch.allclose(model.text(F.pad(tokens, (0, 3))), found, atol=1e-6)
    assert torch.allclose(torch.cat([model.text(row[None]) for row in tokens]), found, atol=1e-6)


def test_training_reads_an_end_and_use_does_not():
    encoder = build().uni
    tokens = torch.tensor([[2, 3, 0]])
    assert torch.allclose(encoder(tokens, end=True), encoder(torch.tensor([[2, 3]]), end=False)) is False
    with torch.no_grad():
        _, state = encoder.gru(encoder.table(tokens))
    assert torch.allclose(encoder(tokens, end=True), state[0], atol=1e-6)


def test_a_decoder_is_asked_for_every_word_and_the_end():
    """Without weights on words each is as likely as any other: log V nats a word, ends counted, padding not."""
    model = build()
    for decoders in model.decoders.values():
        nn.init.zeros_(decoders.to_words.weight)
    sentences = F.pad(some_captions()[:, :3], (0, 1))
    asked = (sentences[:, ::2] != 0).sum() + 2 * len(sentences)
    for name, decoders in model.decoders.items():
        loss = decoders(getattr(model, name), sentences)
        assert loss.item() == pytest.approx(asked.item() * math.log(len(WORDS)), rel=1e-5)


def test_what_is_behind_the_longest_is_not_trained_on():
    captions = some_captions(length=9)
    found = []
    for length in (9, 4):
        torch.manual_seed(0)
        found.append(build(longest=4).losses({"captions": captions[..., :length]}))
    assert found[0][1] == found[1][1] and torch.equal(found[0][0]["uni"], found[1][0]["uni"])


def test_a_decoder_sees_the_words_before_and_the_sentence_between():
    model = build()
    decoders, encoder = model.decoders["uni"], model.uni
    h, sentence = torch.randn(1, 4), torch.tensor([[2, 3, 4, 0]])
    seen = [torch.zeros(5), *encoder.table(sentence[0, :3])]
    states, _ = decoders.before(torch.stack([torch.cat([x, h[0]]) for x in seen])[None])
    logits = decoders.to_words(states[0])
    wanted = F.cross_entropy(logits, torch.tensor([2, 3, 4, 0]), reduction="sum")
    assert torch.allclose(decoders.nats(decoders.before, encoder.table, sentence, h), wanted, rtol=1e-5)


# --- training ----------------------------------------------------------------------------------------------------------


def stepped(model: SkipThoughts, steps: int) -> SkipThoughts:
    model.train()
    for step in range(steps):
        engine.seed_everything(0, step)
        losses = model.train_step({"captions": some_captions()}, AT)
        assert all(torch.isfinite(loss) for loss in losses.values())
    return model


def test_a_step_moves_all_weights_but_the_second_biases():
    model = build()
    before = {name: p.clone() for name, p in model.named_parameters()}
    stepped(model, 1)
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, before[name]) == ("bias_hh" in name), name
        assert "bias_hh" not in name or not parameter.any()


def test_decoders_may_learn_first():
    model = build(decoders_first=2)
    before = {name: p.clone() for name, p in model.named_parameters()}
    stepped(model, 1)
    still = {name for name, p in model.named_parameters() if torch.equal(p, before[name])}
    assert still == {name for name in before if ".gru." in name or "bias_hh" in name}
    model.train_step({"captions": some_captions()}, Step(2, 4, 0.0))
    assert all(torch.equal(p, before[n]) == ("bias_hh" in n) for n, p in model.named_parameters())


def test_training_learns_and_is_told_apart_by_its_seed():
    model = build(learning_rate=1e-2)
    batch = {"captions": some_captions()}
    torch.manual_seed(0)
    first = model.validate(batch)
    stepped(model, 20)
    torch.manual_seed(0)
    last = model.validate(batch)
    assert last["nats_per_word"] < first["nats_per_word"] - 0.05 and 0 <= last["error"] <= 100
    assert weights_digest(stepped(build(), 2).state_dict()) == weights_digest(stepped(build(), 2).state_dict())


def test_both_models_are_clipped_by_themselves():
    model = build(clip=1e-3)
    engine.seed_everything(0, 0)
    model.train_step({"captions": some_captions()}, AT)
    for optimizer in model.optimizers.values():
        grads = [p.grad for g in optimizer.param_groups for p in g["params"]]
        assert torch.stack([g.norm() for g in grads]).norm().item() == pytest.approx(1e-3, rel=1e-3)


def test_one_step_at_the_papers_size(monkeypatch):
    monkeypatch.setattr(
        nn.init, "orthogonal_", lambda weight: nn.init.normal_(weight, 0, 0.02)
    )  # fifteen QRs otherwise
    model = build(**{k: SHEET["config"]["SkipThoughts"][k] for k in SMALL})
    assert model.embedding_dim == 4800
    losses = model.train_step({"captions": some_captions(2, 4)}, AT)
    assert all(0 < loss < 2 * math.log(len(WORDS)) for loss in losses.values())


# --- released files ----------------------------------------------------------------------------------------------------


def test_the_released_files_give_the_written_out_recurrence(tmp_path):
    arrays = write_released(tmp_path)
    model = build(decoders=False)
    state, roles = model.state_dict(), SHEET["runs"]["released_skip_thoughts"]["released"]
    for role, found in model.selected(read(tmp_path)).items():
        for place in roles[role]["into"]:
            own = {k.removeprefix(f"{place}."): v for k, v in state.items() if k.startswith(f"{place}.")}
            state |= {f"{place}.{k}": v for k, v in fit(found, own, role).items()}
    model.load_state_dict(state)
    # "on" and "." are not in the dictionary: UNK; "a cat on bench ."
    rows = [3, 4, 1, 2, 1]
    uni = last_state(arrays, arrays["uni_words"][rows])
    vectors = arrays["bi_words"][rows]
    bi = np.concatenate([last_state(arrays, vectors, "bi_encoder"), last_state(arrays, vectors[::-1], "bi_encoder_r")])
    wanted = np.concatenate([part / np.linalg.norm(part) for part in (uni, bi)])
    tokens = torch.tensor([[2, 3, 4, 5, 6, 0, 0]])
    assert np.allclose(model.text(tokens)[0].detach().numpy(), wanted, atol=1e-6)
    assert torch.equal(model.uni.table.weight[0], torch.from_numpy(arrays["uni_words"][0]))  # padding is the end


def test_a_file_says_its_sizes_and_what_is_left_out(tmp_path):
    write_released(tmp_path)
    uni, bi = (converted(tmp_path / f"{name}_skip.npz", "skip_thoughts") for name in ("uni", "bi"))
    assert uni.sizes == {"word_dim": 5, "uni_dim": 4} and bi.sizes == {"word_dim": 5, "bi_dim": 3}
    assert uni.left_out == ("Wemb", "history_errs")


def spoilt(folder, **changes) -> None:
    arrays = released_gru(5, 4) | changes
    np.savez(folder / "x.npz", **{k: v for k, v in arrays.items() if v is not None})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"encoder_Ux": None}, "no array encoder_Ux"),
        ({"encoder_U": np.zeros((4, 4), np.float32)}, r"encoder_U is \[4, 4\], expected \[4, 8\]"),
        ({"encoder_b": np.zeros((8, 1), np.float32)}, r"encoder_b is float32 \[8, 1\]"),
        ({"encoder_bx": np.full(4, np.nan, np.float32)}, "encoder: bias_ih_l0 has a number that is not finite"),
        ({"encoder_W": np.array([{}], object)}, "no archive of arrays"),
    ],
)
def test_a_file_of_another_kind_is_one_line(tmp_path, changes, said):
    spoilt(tmp_path, **changes)
    with pytest.raises(RedrawError, match=said):
        convert(tmp_path / "x.npz", "skip_thoughts")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("skip_thoughts", "bytes"),
        ("skip_thoughts_table", "bytes"),
        ("skip_thoughts", "utable.npy"),
        ("skip_thoughts_table", "uni_skip.npz"),
    ],
)
def test_what_is_no_file_of_its_kind_is_one_line(tmp_path, kind, name):
    write_released(tmp_path)
    (tmp_path / "bytes").write_bytes(b"no array at all")
    with pytest.raises(RedrawError, match="give the file that the authors released") as e:
        convert(tmp_path / name, kind)
    assert "\n" not in str(e.value)


def test_a_dictionary_of_other_tables(tmp_path):
    write_released(tmp_path)
    (tmp_path / "dictionary.txt").write_text("<eos>\nUNK\n")
    with pytest.raises(
        RedrawError, match="skip_thoughts, uni_words: 6 rows, the dictionary has 2 words: give the two that"
    ):
        build(decoders=False).selected(read(tmp_path))


def test_bad_values_are_one_line():
    with pytest.raises(RedrawError, match="its captions must be words"):
        build(About((3, 8, 8), 1, ("", "a", "b")))
    with pytest.raises(RedrawError, match="decoders: false: there is nothing to train"):
        build(decoders=False).train_step({"captions": some_captions()}, AT)
