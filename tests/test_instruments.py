"""The readers of coloured images: what they learn, how images come to them, and how they are loaded again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from raw_trees import ATTRIBUTES, write_cub
from small_sets import prepared
from torch.nn.functional import cross_entropy

from redraw import models
from redraw.core import RedrawError, digest, file_digest, write_json
from redraw.engine import seed_everything
from redraw.instruments.attribute_reader import AttributeReader
from redraw.instruments.image_classifier import ImageClassifier
from redraw.instruments.trunk import Config, Trunk, middle, resized
from redraw.metrics import METRICS
from redraw.recipe import About, Step, make_config

CPU = torch.device("cpu")
VALUES = {
    "steps": 60, "batch_size": 16, "evaluations": 1, "patience": None, "watch": None, "as_released": [], "crop": 8,
    "image_size": 8, "widths": [4, 8], "features": 8, "learning_rate": 0.02, "input_noise": 0.1,
}  # fmt: skip
NAMES = ("back::red", "back::blue", "back::grey", "bill::long", "bill::short", "alone::yes")


def config(**changes) -> Config:
    return make_config(Config, VALUES | changes, "toy")


def classifier(**changes) -> ImageClassifier:
    """Of five classes it is shown 1 and 4."""
    seed_everything(0, 0)
    return ImageClassifier(config(**changes), About((3, 12, 12), 5, trained_classes=(1, 4)), {})


def reader(names=NAMES, **changes) -> AttributeReader:
    seed_everything(0, 0)
    return AttributeReader(config(**changes), About((3, 12, 12), 5, attributes=tuple(names)), {})


def two_colours(n: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """(images [n, 3, 12, 12], reddish or bluish, and which [n]), specks over both."""
    generator = torch.Generator().manual_seed(seed)
    which = torch.randint(0, 2, (n,), generator=generator)
    colours = torch.tensor([[0.5, -0.5, -0.5], [-0.5, -0.5, 0.5]])[which]
    return colours[:, :, None, None] + 0.4 * torch.randn(n, 3, 12, 12, generator=generator), which


def train(recipe, batch_of, steps=60) -> None:
    recipe.train()
    for k in range(steps):
        recipe.train_step(batch_of(k), Step(k, steps, 0.0))
    recipe.eval()


# --- the classifier of images -----------------------------------------------------------------------------------


def test_columns_are_the_classes_of_the_training_split():
    net = classifier()
    assert net.labels == {"logits": ("1", "4")} and net.column.tolist() == [-1, 0, -1, -1, 1]
    found = net.encode({"image": torch.zeros(3, 3, 12, 12)})
    assert found["logits"].shape == (3, 2) and found["features"].shape == (3, 8)
    assert not [name for name in net.state_dict() if "column" in name], "it follows from the data, not from training"


def test_two_colours_are_learnt_and_read_by_class_id():
    net = classifier()

    def batch(k):
        images, which = two_colours(16, k)
        return {"image": images, "class_id": torch.tensor([4, 1])[which]}

    images, which = two_colours(100, 1000)
    class_id = torch.tensor([4, 1])[which]
    before = net.eval().validate({"image": images, "class_id": class_id})
    train(net, batch)
    after = net.validate({"image": images, "class_id": class_id})
    assert after["cross_entropy"] < 0.2 < before["cross_entropy"] and after["error"] <= 3
    logits = net.encode({"image": net.view(images)})["logits"].numpy()
    items = {"logits": logits, "class_id": class_id.numpy(), "logits_labels": np.array(net.labels["logits"])}
    assert METRICS["accuracy"].fn(items)["value"] == pytest.approx(100 - float(after["error"]), abs=1e-4)


def test_validation_is_cross_entropy_and_percent_misread_of_the_middle():
    net = classifier().eval()
    images, _ = two_colours(8)
    class_id = torch.tensor([1, 4] * 4)
    found = net.validate({"image": images, "class_id": class_id})
    logits, _ = net.read(images[..., 2:10, 2:10])
    target = torch.tensor([0, 1] * 4)
    torch.testing.assert_close(found["cross_entropy"], cross_entropy(logits, target))
    assert float(found["error"]) == 100 * float((logits.argmax(1) != target).float().mean())


@pytest.mark.parametrize("size", [(8, 8), (5, 5), (32, 32), (9, 13)])
def test_images_of_any_size_are_read_at_one(size):
    net = classifier().eval()
    colour = torch.tensor([0.7, -0.2, 0.1])[None, :, None, None]
    usual = net.encode({"image": colour.expand(2, 3, 8, 8)})
    found = net.encode({"image": colour.expand(2, 3, *size)})
    torch.testing.assert_close(found["logits"], usual["logits"])


@pytest.mark.parametrize("make", [classifier, reader])
def test_every_parameter_gets_a_gradient(make):
    net = make()
    images, which = two_colours(8)
    attributes = torch.tensor([[1, 0, 0, 1, 0, 1], [0, 1, 0, 0, 1, 0], [0, 0, 1, 0, 1, 0]])[which + torch.arange(8) % 2]
    net.train_step(
        {"image": images, "class_id": torch.tensor([1, 4])[which], "attributes": attributes}, Step(9, 60, 0.0)
    )
    silent = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == [] and len(list(net.named_parameters())) == 10


# --- views and augmentation -------------------------------------------------------------------------------------


def test_a_view_is_the_same_part_of_larger_pictures():
    """Papers prepare the same pictures at several sizes; the scorer learned from one of them."""
    image = torch.randn(2, 3, 12, 12)
    larger = image.repeat_interleave(4, 2).repeat_interleave(4, 3)  # 48 pixels, of which 8 in 12 are 32
    net = classifier()
    torch.testing.assert_close(net.view(larger), net.view(image), rtol=1e-5, atol=1e-6)


def test_a_view_is_the_middle_reduced():
    image = torch.arange(12.0).expand(1, 3, 12, 12)  # every column by its number
    found = classifier(image_size=4).view(image)
    assert found.shape == (1, 3, 4, 4) and found[0, 0, 0].tolist() == [2.5, 4.5, 6.5, 8.5]
    rows = classifier(image_size=4).view(image.transpose(2, 3))
    assert rows[0, 0, :, 0].tolist() == [2.5, 4.5, 6.5, 8.5]


def test_images_that_are_no_larger_than_the_crop_are_seen_whole():
    image = torch.arange(8.0).expand(1, 3, 8, 8)
    assert torch.equal(middle(image, 8), image) and torch.equal(middle(image, 30), image)
    assert torch.equal(middle(torch.zeros(1, 3, 6, 20), 8), torch.zeros(1, 3, 6, 20))
    assert middle(torch.zeros(1, 3, 9, 20), 8).shape == (1, 3, 8, 8)


def test_shrinking_takes_means_and_growing_lies_between():
    image = torch.tensor([[[[0.0, 1.0], [4.0, 7.0]]]])
    assert resized(image, 1).item() == 3 and torch.equal(resized(image, 2), image)
    grown = resized(image, 4)[0, 0]
    assert grown[0].tolist() == [0, 0.25, 0.75, 1] and grown[3, 3] == 7 and (grown[1:3, 1:3].diff() > 0).all()


def test_augmentation_is_a_function_of_the_seed():
    net, (images, _) = classifier(), two_colours(8)

    def seen(seed):
        torch.manual_seed(seed)
        return net.augmented(images)

    assert torch.equal(seen(1), seen(1)) and not torch.equal(seen(1), seen(2))
    assert seen(1).shape == (8, 3, 8, 8)


def test_augmentation_mirrors_half_of_the_images():
    image = torch.arange(8.0).expand(400, 3, 8, 8)
    torch.manual_seed(0)
    found = classifier(input_noise=0.0).augmented(image)
    mirrored = (found == image.flip(3)).all((1, 2, 3))
    assert torch.equal(found[~mirrored], image[~mirrored]) and 150 < mirrored.sum() < 250


def test_augmentation_cuts_at_every_place_one_for_the_batch():
    image = (torch.arange(12.0) + 100 * torch.arange(12.0)[:, None]).expand(4, 3, 12, 12)
    net, corners = classifier(input_noise=0.0), set()
    torch.manual_seed(0)
    for _ in range(300):
        found = net.augmented(image)
        (corner,) = {float(x.min()) for x in found}
        window = image[0, :, int(corner) // 100 :, int(corner) % 100 :][:, :8, :8]
        assert all(torch.equal(x, window) or torch.equal(x, window.flip(2)) for x in found)
        corners.add(corner)
    assert corners == {100.0 * top + left for top in range(5) for left in range(5)}


def test_augmentation_adds_noise_of_the_size_that_is_asked_for():
    torch.manual_seed(0)
    noise = classifier(input_noise=0.3).augmented(torch.zeros(100, 3, 8, 8))
    assert abs(noise.std() - 0.3) < 0.01 and abs(noise.mean()) < 0.01
    assert not classifier(input_noise=0.0).augmented(torch.zeros(2, 3, 8, 8)).any()


def test_the_step_size_rises_over_a_fifth_of_the_training_and_falls_to_nothing():
    net, sizes = classifier(), []
    for k in range(100):
        net.step(net.head.weight.sum(), Step(k, 100, 0.0))
        sizes.append(net.optimizers["adam"].param_groups[0]["lr"] / 0.02)
    np.testing.assert_allclose(sizes[:20], np.arange(1, 21) / 20)
    np.testing.assert_allclose(np.diff(sizes[20:]), -1 / 80, atol=1e-9)
    assert sizes[20] == pytest.approx(0.9975) and sizes[-1] == pytest.approx(0.01), "the last step moves too"


@pytest.mark.parametrize(("side", "widths"), [(10, (4, 8)), (4, (4, 4, 4)), (3, (4, 4))])
def test_sides_that_cannot_be_halved_are_refused(side, widths):
    with pytest.raises(RedrawError) as fault:
        Trunk(config(image_size=side, widths=widths), 3)
    assert str(fault.value) == (
        f"image_size {side}: not divisible by 2 as often as there are widths ({len(widths)}): give a power of two, or "
        "fewer widths"
    )


# --- the reader of attributes -----------------------------------------------------------------------------------


def losses(net, images, rows):
    return net.eval().losses(images, torch.tensor(rows))


def test_columns_are_the_attributes():
    net = reader()
    found = net.encode({"image": torch.zeros(2, 3, 8, 8)})
    assert (
        net.labels == {"attributes": NAMES}
        and found["attributes"].shape == (2, 6)
        and found["features"].shape == (2, 8)
    )


def test_the_loss_is_the_mean_over_groups_of_images_that_show_one_attribute_of_them():
    net, (images, _) = reader().eval(), two_colours(4)
    logits, _ = net.read(images)
    # back: two reds, one with two colours and one with none; bill: the last alone
    rows = [[1, 0, 0, 0, 0, 1], [1, -1, 0, 1, 1, 0], [0, 1, 1, -1, -1, 1], [0, 0, -1, 0, 1, 1]]
    found = losses(net, images, rows)
    back = cross_entropy(logits[:2, :3], torch.tensor([0, 0]))
    bill = cross_entropy(logits[3:, 3:5], torch.tensor([1]))
    torch.testing.assert_close(found["cross_entropy"], (back + bill) / 2)
    wrong = ((logits[:2, :3].argmax(1) != 0).float().mean() + (logits[3, 3:5].argmax() != 1).float()) / 2
    assert float(found["error"]) == pytest.approx(100 * float(wrong))


def test_what_is_not_clear_does_not_count():
    net, (images, _) = reader(), two_colours(3)
    clear, unclear = [0, 1, 0, 1, 0, 0], [1, 1, 0, 0, 0, 0]
    alone = losses(net, images[:1], [clear])
    torch.testing.assert_close(losses(net, images, [clear, unclear, [-1] * 6]), alone)
    assert losses(net, images[:1], [[0, 1, 0, 1, 0, 1]]) == alone, "a group of one value cannot be misread"
    assert losses(net, images[:1], [[1, 0, 0, 1, 0, 0]])["cross_entropy"] != alone["cross_entropy"]


def test_a_batch_in_which_nothing_is_clear_is_refused():
    with pytest.raises(
        RedrawError, match="^attribute reader: no image of the batch shows exactly one attribute of any"
    ):
        losses(reader(), torch.zeros(2, 3, 8, 8), [[1, 1, 0, 0, 0, 1], [-1, 0, 0, 1, 1, 0]])


def test_data_without_attributes_are_refused():
    with pytest.raises(
        RedrawError, match="^attribute reader: this data set has no attributes: train it on one that has"
    ):
        reader(())


def test_two_colours_are_learnt_as_attributes():
    net = reader()

    def batch(k):
        images, which = two_colours(16, k)
        rows = torch.tensor([[1, 0, 0, 0, 1, 0], [0, 1, 0, 1, 0, 0]])[which]
        rows[::5, :2] = torch.tensor([1, 1])  # now and then both colours: these teach bills alone
        return {"image": images, "attributes": rows}

    train(net, batch)
    images, which = two_colours(100, 1000)
    found = net.validate({"image": images, "attributes": torch.tensor([[1, 0, 0, 0, 1, 0], [0, 1, 0, 1, 0, 0]])[which]})
    assert found["error"] <= 3 and found["cross_entropy"] < 0.2
    assert found == net.losses(images[..., 2:10, 2:10], torch.tensor([[1, 0, 0, 0, 1, 0], [0, 1, 0, 1, 0, 0]])[which])
    read = net.encode({"image": net.view(images)})["attributes"]
    assert (read[:, 3:5].argmax(1) == 1 - which).float().mean() > 0.95


# --- a trained model by itself ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("birds")
    return prepared("cub", write_cub(folder / "raw"), folder / "prepared", size=12)


def kept(birds, folder, recipe="instruments.image_classifier:ImageClassifier", needs=(), split="test_own_test"):
    """A fresh network in ``folder`` as a training leaves it, and that network."""
    spec = {
        "run": f"p/{folder.name}.s0", "recipe": recipe, "config": VALUES, "needs": dict(needs),
        "splits": {"train": split, "validation": "test"},
    }  # fmt: skip
    seed_everything(5, 0)
    described = models.described(spec, birds)
    net = models.build(described).eval()
    weights = net.state_dict()
    models.save(folder / "model.pt", {"described": described, "weights": weights, "snapshots": {3: weights}})
    record = {"run": spec["run"], "recipe": recipe, "model": file_digest(folder / "model.pt"), "weights": "w" * 64}
    write_json(folder / "manifest.json", {**record, "digest": digest(record)})
    return folder / "manifest.json", net


@pytest.mark.parametrize(
    "recipe", ["instruments.image_classifier:ImageClassifier", "instruments.attribute_reader:AttributeReader"]
)
def test_a_model_is_loaded_without_data_and_without_spec(birds, tmp_path, monkeypatch, recipe):
    _, net = kept(birds, tmp_path / "far" / "eye", recipe)
    (tmp_path / "far").rename(tmp_path / "near")
    monkeypatch.chdir(tmp_path / "near")
    found = models.load_instrument(tmp_path / "near" / "eye" / "manifest.json", CPU)
    assert (found.run, found.weights, found.module) == ("p/eye.s0", "w" * 64, recipe.split(":")[0])
    assert type(found.recipe) is type(net) and found.recipe.labels == net.labels
    assert not found.recipe.training and not any(p.requires_grad for p in found.recipe.parameters())
    image = two_colours(3)[0]
    ours, theirs = net.encode({"image": image}), found.recipe.encode({"image": image})
    assert all(torch.equal(ours[k], theirs[k]) for k in ours) and set(ours) == set(theirs)


def test_a_model_names_its_classes_and_attributes_itself(birds, tmp_path):
    manifest, _ = kept(birds, tmp_path / "eye")
    assert models.load_instrument(manifest, CPU).recipe.labels == {"logits": ("2",)}, "the test species"
    stored = torch.load(tmp_path / "eye" / "model.pt", weights_only=True)["described"]
    assert stored["about"]["attributes"] == ATTRIBUTES and stored["about"]["image_shape"] == (3, 12, 12)
    assert stored["about"]["classes"] == 3 and len(stored["about"]["vocabulary"]) == 71
    manifest, _ = kept(birds, tmp_path / "other", split="train")
    assert models.load_instrument(manifest, CPU).recipe.labels == {"logits": ("0", "1")}


def test_loading_gives_the_last_weights_and_the_snapshots(birds, tmp_path):
    manifest, net = kept(birds, tmp_path / "eye")
    recipe, snapshots = models.load(manifest, CPU)
    assert list(snapshots) == [3]
    assert (
        len({models.weights_digest(weights) for weights in (snapshots[3], recipe.state_dict(), net.state_dict())}) == 1
    )


def test_a_changed_model_is_refused(birds, tmp_path):
    manifest, _ = kept(birds, tmp_path / "eye")
    model = manifest.with_name("model.pt")
    damaged = bytearray(model.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    model.write_bytes(damaged)
    with pytest.raises(RedrawError) as fault:
        models.load_instrument(manifest, CPU)
    assert str(fault.value) == (
        f"{model}: not the weights that manifest.json names: run `redraw retrain p/eye.s0` or `dvc checkout`"
    )


@pytest.mark.parametrize("lacking", ["manifest.json", "model.pt"])
def test_a_missing_model_says_the_command(birds, tmp_path, lacking):
    manifest, _ = kept(birds, tmp_path / "eye")
    (tmp_path / "eye" / lacking).unlink()
    with pytest.raises(RedrawError) as fault:
        models.load_instrument(manifest, CPU)
    assert str(fault.value) == (
        f"{tmp_path}/eye/model.pt: no trained model: run `snakemake --cores all {manifest}` or `dvc pull`"
    )


def test_what_a_model_needs_is_loaded_with_it(birds, tmp_path):
    first, _ = kept(birds, tmp_path / "first")
    then, _ = kept(birds, tmp_path / "then", needs={"first": str(first)})
    assert models.load_instrument(then, CPU).run == "p/then.s0"
    first.unlink()
    with pytest.raises(RedrawError, match=f"^{tmp_path}/first/model.pt: no trained model"):
        models.load_instrument(then, CPU)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("instruments.eye:Eye", "p/x.s0: no module src/redraw/instruments/eye.py: write it, or remove the run"),
        (
            "instruments.image_classifier:ImageClasifier",
            "p/x.s0: instruments.image_classifier has no recipe 'ImageClasifier': did you mean \"ImageClassifier\"?",
        ),
    ],
)
def test_a_recipe_that_is_not_there(path, line):
    with pytest.raises(RedrawError) as fault:
        models.recipe_class(path, "p/x.s0")
    assert str(fault.value) == line
