"""Captions' embeddings as their authors released them: which caption has which vector, and what is drawn from them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from raw_trees import SPECIES, captions_of, write_cub
from released_files import part_of_stackgan, validation_captions
from small_sets import prepared

from redraw import models, scoring
from redraw.blocks.conditioning import ReadsText
from redraw.conditions import conditions_of
from redraw.core import RedrawError
from redraw.data.base import Prepared
from redraw.metrics import METRICS
from redraw.papers.given_embeddings import GivenEmbeddings
from redraw.recipe import About, Recipe, make_config
from redraw.released import assembled
from redraw.scores import OWN, _arrays
from redraw.sheets import PAPERS, read_yaml

CONFIG = read_yaml(PAPERS / "gan_int_cls.yaml")["config"]["GivenEmbeddings"]
WIDTH, EACH, FILES = 1024, 10, 12
AGAIN = "get the file again, then run the same command"


@pytest.fixture(scope="module")
def birds(tmp_path_factory) -> Prepared:
    """Twelve pictures, the test species' are 2, 5, 8 and 11; ten captions each, of characters."""
    folder = tmp_path_factory.mktemp("birds")
    return prepared("cub", write_cub(folder / "raw"), folder / "prepared", size=8)


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(FILES, EACH, WIDTH)).astype(np.float32)


def empty(birds: Prepared, **fields: Any) -> GivenEmbeddings:
    config = make_config(GivenEmbeddings.Config, {**CONFIG, "as_released": (), **fields}, "test")
    return GivenEmbeddings(config, About((3, 8, 8), 3, tuple(birds.vocabulary)), {})


def filled(birds: Prepared, *files: tuple[Path, str, str], **fields: Any) -> tuple[GivenEmbeddings, list[str]]:
    """The table of (path, kind, part), as a run's weights are kept and read, and what is said of it."""
    recipe = empty(birds, **fields)
    about = {
        str(role): (path, {"kind": kind, "into": [part], "file": path.name})
        for role, (path, kind, part) in enumerate(files)
    }
    state, notes = assembled(about, recipe, birds)
    other = empty(birds, **fields)
    other.load_state_dict(state)
    return other.eval(), notes


def part(
    birds: Prepared, folder: Path, vectors: np.ndarray, which: range | list[int], name: str = "test"
) -> list[tuple]:
    """The files of some pictures, in the order of ``which``."""
    paths = part_of_stackgan(folder / name, [birds.names[i] for i in which], vectors[list(which)])
    return [(path, kind, name) for kind, path in paths.items()]


def tokens_of(birds: Prepared, i: int) -> torch.Tensor:
    """[10, 201]."""
    return torch.from_numpy(birds.tokens.table("trained").all_of(np.array([i]))[0])


# --- the table -------------------------------------------------------------------------------------------------------


def test_the_sheet_gives_exactly_the_fields_of_the_config():
    assert {*CONFIG, "as_released"} == {f for f in GivenEmbeddings.Config.__dataclass_fields__}


def test_each_caption_of_a_file_has_its_vector_whatever_the_order_of_files(birds, vectors, tmp_path):
    given, notes = filled(birds, *part(birds, tmp_path, vectors, [11, 2, 8, 5]))
    for i in (2, 5, 8, 11):
        assert np.array_equal(given.text(tokens_of(birds, i)).numpy(), vectors[i])
    assert not given.knows(tokens_of(birds, 0).numpy()).any() and given.embedding_dim == WIDTH
    assert notes == [
        "40 captions have a vector",
        "0 of 80 captions of train have one",
        "40 of 40 captions of test have one",
    ]
    assert not list(given.parameters())


def test_train_and_test_make_one_table(birds, vectors, tmp_path):
    both = [*part(birds, tmp_path, vectors, [2, 5, 8, 11]), *part(birds, tmp_path, vectors, [0, 1, 3], "train")]
    given, notes = filled(birds, *both)
    assert np.array_equal(given.text(tokens_of(birds, 3)).numpy(), vectors[3])
    assert notes[:2] == ["70 captions have a vector", "30 of 80 captions of train have one"]


def test_files_are_found_by_the_last_part_of_their_name(birds, vectors, tmp_path):
    """StackGAN's flowers lie in jpg/ or in a folder of their class, Oxford's images in jpg/."""
    paths = part_of_stackgan(tmp_path, [f"class_7/{birds.names[4].rpartition('/')[2]}.jpg", "x/of_no_set"], vectors[:2])
    given, notes = filled(birds, *((path, kind, "test") for kind, path in paths.items()))
    assert np.array_equal(given.text(tokens_of(birds, 4)).numpy(), vectors[0])
    assert "test: 1 of 2 files are no image of the data set: left out" in notes


def test_five_vectors_are_those_of_the_first_five_captions(birds, vectors, tmp_path):
    given, notes = filled(birds, *part(birds, tmp_path, vectors[:, :5], [2]))
    assert np.array_equal(given.text(tokens_of(birds, 2)[:5]).numpy(), vectors[2, :5])
    assert not given.knows(tokens_of(birds, 2)[5:].numpy()).any()
    assert "test: 1 of 1 files have 5 vectors and more captions here: those of the first ones" in notes


def test_captions_as_texts_read_as_the_run_reads_them(birds, vectors, tmp_path):
    texts = [*captions_of(3), "Of No Bird", "é"]
    file = validation_captions(
        tmp_path / "val_captions.t7", [t.upper() for t in texts], vectors.reshape(-1, WIDTH)[:12]
    )
    given, notes = filled(birds, (file, "embedded_captions", "test"))
    assert np.array_equal(given.text(tokens_of(birds, 2)).numpy(), vectors[0])  # picture 3 is the third one
    typed = torch.from_numpy(birds.tokens.encode_texts(["of no bird"])[0])
    assert np.array_equal(given.text(typed)[0].numpy(), vectors[1, 0])
    assert notes[0] == "11 captions have a vector" and "10 of 40 captions of test have one" in notes
    assert notes[-1] == "test: 1 captions begin with a character that the run does not read: left out"


def test_of_two_vectors_of_a_caption_the_first_counts_and_how_many_differ_is_said(birds, tmp_path):
    texts = ["a bird", captions_of(1)[0], "A bird", "a bird"]
    values = np.zeros((4, WIDTH), np.float32)
    values[:, 0] = 1, 5, 1, 1.5
    given, notes = filled(birds, (validation_captions(tmp_path / "v.t7", texts, values), "embedded_captions", "test"))
    found = given.text(torch.from_numpy(birds.tokens.encode_texts(["a bird"])[0]))
    assert found[0, 0] == 1 and len(given.vectors) == 2
    assert notes[-1] == "2 vectors of captions that had one before; 1 differ, by 0.5 at most: the first one counts"


def test_padding_is_0_and_the_table_follows_its_reader(birds, vectors, tmp_path):
    given, _ = filled(birds, *part(birds, tmp_path, vectors, [2]))
    assert not given.text(torch.zeros(3, 201, dtype=torch.int64)).any()

    class Drawer(ReadsText, Recipe):
        pass

    drawer = Drawer(None, None, {})
    drawer.hold("text", {"text": given}, "a test")
    captions = torch.cat([tokens_of(birds, 2)[:2], torch.zeros(1, 201, dtype=torch.int64)])[None]
    assert torch.allclose(drawer.embedding_of({"captions": captions})[0], torch.from_numpy(vectors[2, :2].mean(0)))
    assert not drawer.state_dict()
    assert drawer.to(torch.float64).held["text"].vectors.dtype == torch.float64


# --- what is wrong ---------------------------------------------------------------------------------------------------


def said(call, *args: Any, **fields: Any) -> str:
    with pytest.raises(RedrawError) as caught:
        call(*args, **fields)
    assert "\n" not in str(caught.value)
    print(caught.value)
    return str(caught.value)


def test_a_caption_without_a_vector_is_one_line(birds, vectors, tmp_path):
    given, _ = filled(birds, *part(birds, tmp_path, vectors, [2]))
    asked = torch.cat([tokens_of(birds, 2)[:1], tokens_of(birds, 0)[:2]])
    assert said(given.text, asked) == (
        "given_embeddings: 2 of 3 captions have no vector among 10, the first is 'bird 1 of many, caption 0': ask only for "
        "those that have one, by `among` in the evaluation"
    )
    assert said(given.text, asked[:, :200]) == (
        "given_embeddings: captions of 200 characters, but the table's have 201: give both runs the same tokens"
    )
    assert said(empty(birds).text, asked).startswith("given_embeddings: 3 of 3 captions have no vector among 0, ")


def test_a_vocabulary_of_words_is_one_line():
    config = make_config(GivenEmbeddings.Config, {**CONFIG, "as_released": ()}, "test")
    assert said(GivenEmbeddings, config, About((3, 8, 8), 3, ("<pad>", "a", "bird")), {}) == (
        "given_embeddings: its captions must be characters: give its tokens tokenizer: characters"
    )


def pickled(path: Path, value: Any) -> Path:
    path.write_bytes(pickle.dumps(value, 2))
    return path


# Each gives (path, kind, part) of files that do not make a table.


def names_alone(birds, folder, vectors):
    return part(birds, folder, vectors, [2])[:1]


def vectors_alone(birds, folder, vectors):
    return part(birds, folder, vectors, [2])[1:]


def of_two_parts(birds, folder, vectors):
    names, _ = part(birds, folder, vectors, [2], "a")
    return [(*names[:2], "test"), (*part(birds, folder, vectors, [2, 5], "b")[1][:2], "test")]


def of_another_set(birds, folder, vectors):
    return [(p, kind, "test") for kind, p in part_of_stackgan(folder, ["COCO_1", "COCO_2"], vectors[:2]).items()]


def of_more_captions(birds, folder, vectors):
    return part(birds, folder, vectors.reshape(6, 20, WIDTH).repeat(2, 0), [2])


def names_twice(birds, folder, vectors):
    paths = part_of_stackgan(folder, ["a/x", "b/x"], vectors[:2])
    return [(path, kind, "test") for kind, path in paths.items()]


def unlike_vectors(birds, folder, vectors):
    names, _ = part(birds, folder, vectors, [2, 5])
    return [names, (pickled(folder / "v.pickle", [vectors[0], vectors[1][:9]]), "stackgan_vectors", "test")]


def names_for_vectors(birds, folder, vectors):
    (path, _, _), _ = part(birds, folder, vectors, [2])
    return [(path, "stackgan_vectors", "test")]


def vectors_for_names(birds, folder, vectors):
    _, (path, _, _) = part(birds, folder, vectors, [2])
    return [(path, "stackgan_names", "test")]


def no_vectors(birds, folder, vectors):
    return [(pickled(folder / "v.pickle", []), "stackgan_vectors", "test")]


def not_finite(birds, folder, vectors):
    return [(pickled(folder / "v.pickle", [np.full((10, WIDTH), np.nan, np.float32)]), "stackgan_vectors", "test")]


def other_texts(birds, folder, vectors):
    return [(validation_captions(folder / "v.t7", ["of coco"], vectors[0, :1]), "embedded_captions", "test")]


def narrow_texts(birds, folder, vectors):
    return [(validation_captions(folder / "v.t7", ["a bird"], vectors[0, :1, :512]), "embedded_captions", "test")]


def a_pickle_for_texts(birds, folder, vectors):
    (path, _, _), _ = part(birds, folder, vectors, [2])
    return [(path, "embedded_captions", "test")]


THIS_SET = "give the files of this data set"
TAKE = "take the file away and get it again, then run the same command"
WRONG = {
    names_alone: "test: file names without their vectors: give char-CNN-RNN-embeddings.pickle of the same part, too",
    vectors_alone: "test: vectors without their file names: give filenames.pickle of the same part, too",
    of_two_parts: "test: 1 file names, but vectors of 2 files: give both files of one part",
    of_another_set: f"test: none of 2 files is an image of cub ('COCO_1', '{SPECIES[0]}/Red_Finch_0001_901'): {THIS_SET}",
    of_more_captions: f"test: 20 vectors a file, but the images have 10 captions at most: {THIS_SET}",
    names_twice: "test: two files are called 'x': give files whose last parts differ",
    unlike_vectors: f"…/v.pickle: file 2 has float32 [9, 1024], expected float32 [10, 1024]: {AGAIN}",
    names_for_vectors: f"…/filenames.pickle: file 1 has str, expected float32 [1, 1024]: {AGAIN}",
    vectors_for_names: "…/char-CNN-RNN-embeddings.pickle: not read: it asks for 'numpy…",
    no_vectors: f"…/v.pickle: a list of 0, expected the arrays of files: {AGAIN}",
    not_finite: f"…/v.pickle: file 1 has a number that is not finite: {AGAIN}",
    other_texts: f"given_embeddings: none of 1 captions with a vector is one of cub: {THIS_SET}",
    narrow_texts: f"…/v.t7: entry 1 of fea_txt is float32 [1, 512], expected float [1, 1024]: {AGAIN}",
    a_pickle_for_texts: "…/filenames.pickle: no Torch7 file, or a damaged one: …",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_files_are_one_line(birds, vectors, tmp_path, wrong):
    found = said(filled, birds, *wrong(birds, tmp_path, vectors))
    expected = WRONG[wrong]
    if expected.startswith("…/"):
        path, _, what = found.partition(": ")
        found = f"…/{Path(path).name}: {what}"
    assert found.startswith(expected.removesuffix("…")) if expected.endswith("…") else found == expected


def test_another_width_and_another_recipe_are_one_line(birds, vectors, tmp_path):
    files = part(birds, tmp_path, vectors, [2])
    assert said(filled, birds, *files, embedding_dim=128) == (
        "test: vectors of 1024 numbers, the run's embedding_dim is 128: make them agree"
    )
    assert said(filled, birds, *files, length=200) == (
        "given_embeddings: captions of 201 characters, but the table's have 200: give both runs the same tokens"
    )
    about = {name: (path, {"kind": kind, "into": [name], "file": path.name}) for path, kind, name in files}
    assert said(assembled, about, torch.nn.Linear(1, 1), birds) == (
        "Linear has no table of captions: give the run the recipe GivenEmbeddings"
    )
    without = Prepared.open(birds.folder)
    assert said(assembled, about, empty(birds), without) == (
        "given_embeddings: it looks captions up as its run reads them: give the run tokens of images"
    )


# --- captions that have one ------------------------------------------------------------------------------------------


def asked(captions: str = "test", images: str = "real", n: int = 40, **more: Any) -> dict:
    return {"captions": captions, "images": images, "n": n, **more}


def test_among_only_what_is_known_is_asked_for(birds, vectors, tmp_path):
    given, _ = filled(birds, *part(birds, tmp_path, vectors[:, :3], [5, 11]))
    found = conditions_of(asked(images="model"), birds, given.knows)
    assert set(found.image.tolist()) == {5, 11} and len(found) == 40 and given.knows(found.tokens).all()
    assert set(found.captions) == {text for i in (6, 12) for text in captions_of(i)[:3]}
    assert len(conditions_of(asked(), birds, given.knows)) == 2, "each picture once"
    full, _ = filled(birds, *part(birds, tmp_path, vectors, range(FILES)))
    whole = (conditions_of(asked(images="model"), birds, knows) for knows in (None, full.knows))
    assert len({tuple(c.captions) for c in whole}) == 1, "who knows all changes nothing"
    assert said(conditions_of, asked("train"), birds, given.knows).endswith(
        "none of 8 images has a known caption: ask for another split's"
    )


class Encoder(Recipe):
    """Says of a caption what the table says, and something more in one place."""

    def __init__(self, table: GivenEmbeddings, more: float = 0.0) -> None:
        super().__init__(None, About((3, 8, 8), 3), {})
        self.table, self.more = table, torch.nn.Parameter(torch.tensor(more))

    def encode(self, batch):
        found = self.table.text(batch["tokens"]).clone()
        found[:, 7] += self.more.detach()
        return {"text_embedding": found}


def test_an_encoder_is_held_against_the_vectors(birds, vectors, tmp_path):
    given, _ = filled(birds, *part(birds, tmp_path, vectors, [2, 5]))
    eyes = {"encoder": Encoder(given), "other": Encoder(given, 0.25), "self": given}
    instruments = {role: models.Instrument(net, f"p/{role}.s0", "", "", birds.tokens) for role, net in eyes.items()}
    agreement = asked(n=9, among="self", metric="embedding_agreement")
    evaluations = {
        "same": {**agreement, "instrument": "encoder"},
        "other": {**agreement, "instrument": "other"},
        "apart": {**agreement, "instrument": "other", "metric": "embedding_difference"},
    }
    scoring.draw((given, {}), instruments, birds, evaluations, 0, tmp_path)
    with np.load(tmp_path / "items.npz") as stored:
        items = dict(stored)
    group = "test-real-9-among-self"
    assert set(items) == {f"{group}/{n}" for n in ("class_id", "n_words", "captions")} | {
        f"{group}/{reader}/text_embedding" for reader in ("encoder.eval", "other.eval", OWN.name)
    }
    values = {name: METRICS[e["metric"]].fn(_arrays(items, e)) for name, e in evaluations.items()}
    assert values["same"]["value"] == pytest.approx(1, abs=1e-12) and values["same"]["parts"]["least"] > 1 - 1e-9
    own = items[f"{group}/{OWN.name}/text_embedding"].astype(np.float64)
    moved = own + 0.25 * np.eye(WIDTH)[7]
    cosines = (own * moved).sum(1) / np.linalg.norm(own, axis=1) / np.linalg.norm(moved, axis=1)
    assert values["other"]["value"] == pytest.approx(cosines.mean(), abs=1e-7)
    assert values["apart"]["value"] == pytest.approx(0.25, abs=1e-6) and len(values["apart"]["per_item"]) == 2


def test_agreement_of_what_cannot_agree_is_one_line():
    metric = METRICS["embedding_agreement"].fn
    ones = np.ones((2, 3), np.float32)
    assert said(metric, {"own_text_embedding": ones, "text_embedding": ones[:, :2]}) == (
        "embedding_agreement: [2, 3] against [2, 2] numbers: read both with encoders of one width"
    )
    assert said(metric, {"own_text_embedding": ones, "text_embedding": ones * [[1], [0]]}) == (
        "embedding_agreement: text_embedding is 0 in row 1: leave that caption out"
    )
    assert said(metric, {"text_embedding": ones}).startswith("embedding_agreement: there is no 'own_text_embedding'")


def test_among_another_kind_of_run_is_one_line(birds, tmp_path):
    instruments = {"painter": models.Instrument(torch.nn.Linear(1, 1), "", "", "")}
    evaluations = {"e": asked(n=2, among="painter")}
    assert said(scoring.draw, (None, {}), instruments, birds, evaluations, 0, tmp_path) == (
        "evaluation, among painter: name a run of GivenEmbeddings, and captions of a split"
    )
