"""The runs of released weights: each network of theirs fits ours key by key, and what does not is named."""

from __future__ import annotations

from itertools import pairwise

import golden
import pytest
import torch
from torch import Tensor

from redraw.core import RedrawError
from redraw.imported import importable
from redraw.papers import attngan, stackgan_v2
from redraw.papers.damsm import Config, TextEncoder
from redraw.recipe import make_config
from redraw.released import KINDS, fit
from redraw.report.printed import printed_cells
from redraw.resolve import resolve
from redraw.sheets import PAPERS, ROOT, read_params, read_sheets

SHEETS = read_sheets(PAPERS)
RUNS = importable(SHEETS)


def config(run: str, kind: type) -> object:
    """As the sheet has it at scale paper."""
    paper, name = run.split("/")
    values, _, _ = resolve(SHEETS[paper], name, {**read_params(ROOT / "params.yaml"), "scale": "paper"})
    return make_config(kind, values, run)


def shapes(of: dict) -> dict[str, Tensor]:
    """Published keys and shapes, as PyTorch 0.3 saved them."""
    return {k: torch.empty(s, device="meta") for k, s in of.items() if not k.endswith("num_batches_tracked")}


def attngan_generator(run: str = "attngan/released_birds", **changed) -> dict[str, Tensor]:
    values = config(run, attngan.Config)
    values = attngan.Config(**{**{f: getattr(values, f) for f in values.__dataclass_fields__}, **changed})
    with torch.device("meta"):
        return attngan.Generator(values, 256, True).state_dict()


def attngan_discriminator(size: int) -> dict[str, Tensor]:
    values = config("attngan/released_birds", attngan.Config)
    with torch.device("meta"):
        return attngan.Discriminator(size, values.ndf, 256).state_dict()


def text_encoder(words: int, run: str = "attngan/released_damsm") -> dict[str, Tensor]:
    with torch.device("meta"):
        return TextEncoder(config(run, Config), words).state_dict()


def stackgan_v2_generator(run: str, embedding: int = 0) -> dict[str, Tensor]:
    kind = stackgan_v2.Config if embedding else stackgan_v2.UnconditionalConfig
    values = config(run, kind)
    with torch.device("meta"):
        return stackgan_v2.Generator(values, embedding, values.c_dim if embedding else 0).state_dict()


def published(name: str, tag: str) -> dict[str, Tensor]:
    return shapes(golden.load(name)[0]["states"][tag])


def released_text(words: int) -> dict[str, Tensor]:
    one = {"weight_ih_l0": (512, 300), "weight_hh_l0": (512, 128), "bias_ih_l0": (512,), "bias_hh_l0": (512,)}
    both = {f"rnn.{k}{end}": s for end in ("", "_reverse") for k, s in one.items()}
    return shapes({"encoder.weight": (words, 300), **both})


def test_attngans_published_generator_and_discriminators_fit_as_they_are():
    assert len(fit(published("attngan_g_equal", "G"), attngan_generator(), "f")) == len(attngan_generator())
    for size in (64, 128, 256):
        fit(published("attngan_d", f"real.D{size}"), attngan_discriminator(size), "f")


def test_attngans_published_text_encoder_fits():
    fit(released_text(5450), text_encoder(5450), "f")


def test_attngans_networks_of_coco_fit_and_have_the_published_sizes():
    """48 hidden channels and three residual blocks; 27,297 words."""
    generator = attngan_generator("attngan/released_coco")
    n, word, blocks = 48, 256, 3
    code = 4 * 100 * (word + 1)
    widths = [16 * n >> k for k in range(5)]
    first = 200 * 32 * widths[0] + 64 * widths[0] + sum(a * 2 * b * 9 + 4 * b for a, b in pairwise(widths))
    residual = (2 * n) * (4 * n) * 9 + 8 * n + (2 * n) ** 2 * 9 + 4 * n
    later = n * word + blocks * residual + (2 * n) ** 2 * 9 + 4 * n
    learned = {k: v.numel() for k, v in generator.items() if "running" not in k and "num_batches" not in k}
    assert sum(learned.values()) == code + first + 2 * later + 3 * 27 * n == 13_811_456
    # As published for birds, but for the widths and a residual block more in each of two stages.
    birds = set(golden.load("attngan_g_equal")[0]["states"]["G"])
    more = {k for k in generator if ".residual.2." in k}
    assert {k for k in generator if k not in more} == birds and len(more) == 2 * 12
    found = released_text(27297)
    fit(found, text_encoder(27297, "attngan/released_coco_damsm"), "f")
    assert sum(v.numel() for v in found.values()) == 27297 * 300 + 2 * (512 * (300 + 128) + 2 * 512) == 8_629_420


def test_the_authors_text_of_coco_is_read_as_their_evaluation_reads_it():
    sheet = SHEETS["attngan"]
    for name in ("released_coco", "released_coco_damsm"):
        about = sheet["runs"][name]
        words, form = sheet["tokens"][about["tokens"]], sheet["forms"][about["form"]]
        assert about["dataset"] == words["dataset"] == form["dataset"] == "coco-attngan"
        assert (words["vocabulary"], words["max_words"], words["longer"]) == ("released", 20, "sample")
        assert "D6" not in about["as_released"]  # no classes
    printed = {c["cell_id"]: c for c in printed_cells(sheet) if c["released"] == "released_coco"}
    assert set(printed) == {
        "attngan:table-3:coco:attngan:is", "attngan:table-2:coco:attngan2-lambda=50:is",
        "attngan:table-2:coco:attngan2-lambda=50:r-precision",
    }  # fmt: skip
    assert all(set(c["ours"]) & set(sheet["runs"]["released_coco"]["score"]) for c in printed.values())


def test_every_run_names_a_kind_of_file_and_a_source_that_there_is():
    from redraw.data.sources import find

    assert len(RUNS) > 15
    for about in RUNS.values():
        for of in about["released"].values():
            assert of["kind"] in KINDS
            assert "source" not in of or find(of["source"])


BIRDS = "bird_AttnGAN2.pth"
THIS = "give the file of this network"
SIZES = f"{THIS}, or give the run the sizes that the file was trained with"
WRONG = {
    "COCO's generator for birds": (
        lambda: (attngan_generator(ngf=48, residuals=3), attngan_generator()),
        f"{BIRDS}: h_net1.fc.0.weight is 24576 x 200, the network's is 16384 x 200: {SIZES}",
    ),
    "a generator of one image more": (
        lambda: (attngan_generator(), attngan_generator(sizes=(64, 128))),
        f"{BIRDS}: h_net3.att.conv_context.weight is none of the network's: {THIS}",
    ),
    "AttnDCGAN for AttnGAN": (
        lambda: (attngan_generator("attngan/released_dcgan"), attngan_generator()),
        f"{BIRDS}: h_net2.residual.0.block.0.weight is not in it (it has ca_net.fc.weight, ca_net.fc.bias, "
        f"h_net1.fc.0.weight, …): {THIS}",
    ),
    "a discriminator for the generator": (
        lambda: (published("attngan_d", "real.D64"), attngan_generator()),
        f"{BIRDS}: ca_net.fc.weight is not in it (it has img_code_s16.0.weight, img_code_s16.2.weight, "
        f"img_code_s16.3.weight, …): {THIS}",
    ),
    "the discriminator of another size": (
        lambda: (published("attngan_d", "real.D128"), attngan_discriminator(64)),
        f"{BIRDS}: img_code_s32.0.weight is none of the network's: {THIS}",
    ),
    "a small discriminator": (
        lambda: (published("attngan_d", "small.D64"), attngan_discriminator(64)),
        f"{BIRDS}: img_code_s16.0.weight is 8 x 3 x 4 x 4, the network's is 64 x 3 x 4 x 4: {SIZES}",
    ),
    "another vocabulary": (
        lambda: (released_text(27297), text_encoder(5450)),
        f"{BIRDS}: encoder.weight is 27297 x 300, the network's is 5450 x 300: {SIZES}",
    ),
    "StackGAN-v2's generator for AttnGAN": (
        lambda: (stackgan_v2_generator("stackgan_v2/released_birds", 1024), attngan_generator()),
        f"{BIRDS}: ca_net.fc.weight is 512 x 1024, the network's is 400 x 256: {SIZES}",
    ),
    "birds' StackGAN-v2 for dogs": (
        lambda: (stackgan_v2_generator("stackgan_v2/released_birds", 1024), stackgan_v2_generator("stackgan_v2/released_dog")),
        f"{BIRDS}: h_net1.fc.0.weight is 32768 x 228, the network's is 32768 x 100: {SIZES}",
    ),
    "a text encoder for a generator": (
        lambda: (released_text(5450), attngan_generator()),
        f"{BIRDS}: ca_net.fc.weight is not in it (it has encoder.weight, rnn.weight_ih_l0, rnn.weight_hh_l0, …): {THIS}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_file_of_another_network_is_named_by_its_first_mismatch(what):
    networks, expected = WRONG[what]
    found, wanted = networks()
    with pytest.raises(RedrawError) as caught:
        fit({k: v for k, v in found.items() if not k.endswith("num_batches_tracked")}, wanted, BIRDS)
    print(f"{what}: {caught.value}")
    assert str(caught.value) == expected
