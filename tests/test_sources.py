"""sources.yaml: complete, of its form, true to what was read; and what `redraw datasets` says of it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from redraw import catalogue, cli, data
from redraw.core import RedrawError
from redraw.data import mnist, sources
from redraw.data.gate import Store
from redraw.names import STAND_INS, family
from redraw.plan import SCALES, Plan
from redraw.sheets import read_params, read_sheets, read_yaml

ROOT = Path(__file__).parents[1]
SETS = sources.read_sources()
FILES = {s.id: s for group in SETS.values() for s in group.files.values()}
FACTS = {  # a part of the hash or of an address, and the size where it is known, for each table of what was read
    "cub/images": ("0c685df5597a8b24909f6a7c9db6d11e008733779a671760afef78feb49bf081", 1_150_585_339),
    "cub/segmentations": ("1EamOKGLoTuZdtcVYbHMWNpkn3iAVj8TP", 39_272_883),
    "cub/captions": ("0-8y2UVmBHAlG26HafWYNoFQ", None),
    "cub/icml": ("0B0ywwgffWnLLLUc2WHYzM0Q2eWc", None),
    "cub/trainvalclasses": ("54fc017c4c0cd2ad", None),
    "cub/testclasses": ("2adcf5ae19ee338e", None),
    "oxford102/images": ("2d01ecc807db4629", 344_862_509),
    "oxford102/labels": ("4903e94206bac23b", 502),
    "oxford102/sets": ("46b8678f91fd95d3", 14_989),
    "oxford102/captions": ("0-Av8zFbeDDvNcF1sSjDR32w", None),
    "oxford102/icml": ("0-vy4hVV-6Hvpw3AiYipoa3g", None),
    "coco/train2014": ("ede4087e640bddba550e090eae701092534b554b42b05ac33f0300b984b31775", 13_510_573_713),
    "coco/val2014": ("fe9be816052049c3", 6_645_013_297),
    "coco/annotations2014": ("031296bbc80c45a1", 252_872_794),
    "coco/icml": ("0B0ywwgffWnLLamltREhDRjlaT3M", None),
    "karpathy/captions": ("4cfd70132527b809", 36_745_453),
    "flickr8k/images": ("f18a1e2920de5bd84dae7cf08ec78978", None),
    "stackgan_text/birds": ("0-sZrhftoEfdvHq6MweAeCjA", None),
    "stackgan_text/flowers": ("0-jxKV2PqKHFdfLN7Q93SuxQ", None),
    "attngan_text/birds": ("1O_LtUP9sch09QH3s_EBAgLEctBQ5JBSJ", None),
    "attngan_text/coco": ("1rSnbIGNDGZeHlsUlLdahj0RJ9oo6lgH9", None),
    "attngan_text/bird_captions": ("50a73915c23dc0d6f84f97f31a37cc75db084cbd", None),
    "df_gan_text/birds": ("1I6ybkR7L64K8hZOraEZDuHh0cCJw5OUj", None),
    "efficient_t2i/bird_images": ("13w8kckfJTWb4LD0Xf4J0huvgWmFLKpb9", None),
    "efficient_t2i/flower_images": ("1RiHiawgWhk6DbirOgIX7QH27fq0cJyrK", None),
    "mnist/train_images": ("440fcabf73cc546f", 9_912_422),
    "binarized_mnist/train": ("ad693b29f94c1427", 78_400_000),
    "omniglot/chardata": ("016a3536ffe5e1d38e42563a18d7a78bfaf643ec", None),
    "omniglot/background": ("ad41ab679c8b5d90", 9_464_212),
    "lsun/bedroom_train": ("a15644c2e7153106", 45_922_737_680),
    "lsun/church_val": ("34635b7547a3e51a", 5_957_308),
    "imagenet/train": ("1d675b47d978889d74fa0da5fadfb00e", None),
    "svhn/extra": ("a133a4beb38a00fc", 1_329_278_602),
    "cifar10/binary": ("c4a38c50a1bc5f3a", 170_052_171),
    "celeba/images": ("0B7EVK8r0v71pZjFTYXZWM3FlRnM", 1_443_490_838),
    "celeba/landmarks": ("6c02a87569907f6d", 12_156_055),
    "lfw/images": ("055f7d9c632d7370", 180_566_744),
    "yahoo/zhang": ("f3f9899b997a42beb24157e62e3eea8d", None),
    "yahoo/lagging": ("13azGlTuGdzWLCmgDmQPmvb_jcexVWX7i", None),
    "yelp/lagging": ("1FT49oLNV8syhmGXEgiK6XTjEfMNqqEJJ", None),
    "inception_v3/weights": ("sha256-prefix:0cc3c7bd", None),
    "inception_2015/pytorch": ("6726825d0af5f729", 95_628_359),
    "stackgan_inception/original": ("0-gBxxw4fU6ikmNtkfFSQALw", None),
    "fid_statistics/birds": ("1747il5vnY2zNkmQ1x_8hySx537ZAJEtj", None),
    "vgg19/weights": ("sha256-prefix:dcbb9e9d", None),
    "alexnet/weights": ("sha256-prefix:7be5be79", None),
    "ppgn/caffenet": ("4c8d77deb20ea792f84eb5e6d0a11ca0a8660a46", None),
    "ppgn/generator": ("181007__generator.caffemodel", None),
    "attngan_damsm/birds": ("1GNUKjVeyWYBJ8hEU-yrfYQpDOkxEyP3V", None),
    "attngan_damsm/bird_text": ("55f71fedeef57da825679f6d3bbec4062cba240e", None),
    "attngan_generators/birds": ("1lqNG75suOuR_8gjoEPYNp8VyT_ufPPig", None),
    "attngan_generators/coco": ("1i9Xkg9nU74RAvkcqKE-rJYhjvzKAMnCi", None),
    "attngan_damsm/coco": ("1zIrXCE9F6yfbEJIbNP5-YrEe2pZcPSGJ", None),
    "dm_gan_generators/birds": ("1BmDKqIyNY_7XWhXpxa2gm6TYxB2DQHS3", None),
    "dm_gan_generators/coco": ("1tQ9CJNiLlRLBKSUKHXKYms2tbfzllyO-", None),
    "stackgan_models/birds": ("0B3y_msrWZaXLNUNKa3BaRjAyTzQ", None),
    "stackgan_v2_models/churches": ("13Pw4PZOkiAM5y_KoOwBzlXK9eQ2hHLfT", None),
    "char_cnn_rnn/icml_birds": ("0B0ywwgffWnLLU0F3UHA3NzFTNEE", None),
    "char_cnn_rnn/cvpr_flowers": ("0B0ywwgffWnLLV205RXF4Y2hFY1E", None),
    "gan_int_cls_models/birds": ("0B0ywwgffWnLLSW84ZXRjdXhObzQ", None),
    "skip_thoughts/utable": ("790951d4b08e843e", 2_342_138_474),
    "skip_thoughts/bi_skip_options": ("d7e81430fcdcbc60", 689),
}


@pytest.mark.parametrize("id", FACTS)
def test_what_was_read_stands_there(id):
    what, size = FACTS[id]
    source = FILES[id]
    text = " ".join([source.hash or "", *(f"{m.url} {m.drive} {m.key}" for m in source.mirrors)])
    assert what in text and source.bytes == size


def test_every_file_can_be_got_somehow_and_is_told_apart():
    for source in FILES.values():
        assert source.mirrors or source.manual, source.id
        assert not {m.url for m in source.mirrors} & set(source.dead), source.id
    for group in SETS.values():
        names = [s.name.casefold() for s in group.files.values()]
        assert len(set(names)) == len(names), f"{group.name}: two files of one name"
    addresses = [m.url or m.drive for s in FILES.values() for m in s.mirrors]
    assert len(set(addresses)) == len(addresses)
    hashes = [s.hash for s in FILES.values() if s.hash]
    assert len(set(hashes)) == len(hashes)


def test_restricted_sets_ask_for_their_terms():
    """Everything of people, photographers and providers who forbid handing it on."""
    asks = {name for name, group in SETS.items() if group.acknowledge}
    assert asks >= {"cub", "oxford102", "flickr8k", "flickr30k", "imagenet", "celeba", "lfw", "yahoo", "yelp"}
    assert not asks & {"mnist", "omniglot", "coco", "karpathy", "lsun"}
    assert {s.licence for s in FILES.values()} <= set(read_yaml(sources.SHEET)["licences"])


def test_every_data_set_of_a_sheet_has_its_sources():
    for paper, sheet in read_sheets().items():
        for name in catalogue.named(sheet):
            assert family(name) in SETS, f"{paper}: {name}"


def test_readers_find_what_the_archives_give():
    """Each raw file that a reader needs comes out of exactly one file that is fetched by default."""
    for dataset in data.DATASETS.values():
        if dataset.made:
            continue
        for file in dataset.raw_files:
            top, _, rest = file.partition("/")
            group, first = (top, rest.partition("/")[0]) if top in SETS and rest else (dataset.raw, top)
            given = [g.removesuffix(".gz") for s in SETS[group].files.values() if not s.optional for g in s.gives]
            assert given.count(first) == 1, f"{dataset.name}: {file}"


def test_mnists_hashes_are_said_once():
    published = {s.name: s.hash for s in SETS["mnist"].files.values()}
    assert published == {name: f"sha256:{sha256}" for name, sha256 in mnist.PUBLISHED.items()}


@pytest.mark.parametrize("scale", [s for s in SCALES if s != "paper"])
def test_below_scale_paper_everything_is_made_here(scale):
    plan = Plan(read_params(ROOT / "params.yaml") | {"scale": scale, "rows": "all"})
    used = {a.spec["dataset"] for a in plan.artefacts.values() if a.rule == "download"}
    assert used and all(data.DATASETS[name].made for name in used)


@pytest.mark.parametrize(
    "old, new, line",
    [
        ("    kind: data\n", "    kind: date\n", "'date': did you mean \"data\"?"),
        (
            "licence: research_only",
            "licence: reserach_only",
            "no licence 'reserach_only': did you mean \"research_only\"?",
        ),
        ("sha256:0c68", "sha512:0c68", "sets.cub.files.images.hash"),
        ("from:\n", "form:\n", "unknown key 'form': did you mean \"from\"?"),
        ("  oxford102:\n", "  cub:\n", "the key 'cub' is given twice"),
        ("name: CUB_200_2011", "name: ../CUB_200_2011", "sets.cub.files.images.name"),
    ],
)
def test_a_mistake_in_the_sheet_is_one_line(tmp_path, old, new, line):
    text = sources.SHEET.read_text()
    assert old in text
    (tmp_path / "sources.yaml").write_text(text.replace(old, new, 1))
    with pytest.raises(RedrawError, match=re.escape(line)) as error:
        sources.read_sources(tmp_path / "sources.yaml")
    assert "\n" not in str(error.value) and "sources.yaml" in str(error.value)


# --- redraw datasets -------------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    return tmp_path


def test_the_list_fits_a_terminal_and_names_what_is_unknown(here, capsys):
    assert cli.main(["datasets"]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 120
    lines = {line.split()[0]: line for line in text.splitlines() if line[:1].isalpha()}
    assert re.search(r"1\.2 GB \+ 1 unknown +to accept +not fetched +no$", lines["cub"])
    assert re.search(r"unknown +to accept", lines["imagenet"]) and "11.6 MB" in lines["mnist"]
    after = text.partition("\ncub ")[2]
    papers = "for attngan, dm_gan, gan_int_cls, gawwn, show_attend_tell,\n    stackgan, stackgan_v2"
    assert f"{papers}; stand-ins: drawn_birds;" in after
    assert set(SETS) <= set(lines)


def test_the_list_for_programs_says_what_is_here(here, capsys):
    group = SETS["mnist"]
    source = group.files["train_labels"]
    store = Store()
    store.path(source).parent.mkdir(parents=True)
    store.path(source).write_bytes(b"x")
    (here / "results/data/mnist").mkdir(parents=True)
    (here / "results/data/mnist/manifest.json").write_text("{}")
    for name in data.mnist.RAW_FILES:
        (here / "work/raw/mnist").mkdir(parents=True, exist_ok=True)
        (here / "work/raw/mnist" / name).write_bytes(b"x")
    store.accept(SETS["cub"])
    assert cli.main(["datasets", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    sets = {s["name"]: s for s in said["sets"]}
    assert sets["mnist"]["raw_files"] == "complete" and sets["mnist"]["prepared"] == ["mnist"]
    papers = ["align_draw", "avb", "draw", "iwae", "neural_statistician", "ved"]
    assert sets["mnist"]["papers"] == papers and sets["mnist"]["stand_ins"] == ["digits"]
    states = {f["id"]: f["state"] for f in sets["mnist"]["files"]}
    assert states["mnist/train_labels"] == "present" and states["mnist/test_labels"] == "absent"
    store.let_in(source, "0" * 64, "somewhere")
    cli.main(["datasets", "--json"])
    again = {s["name"]: s for s in json.loads(capsys.readouterr().out)["sets"]}
    assert {f["state"] for f in again["mnist"]["files"]} == {"verified", "absent"}
    assert sets["cub"]["accepted"] and not sets["oxford102"]["accepted"] and sets["coco"]["accepted"]
    assert sets["cub"]["bytes"] is None and sets["coco"]["bytes"] == 20_408_459_804
    assert {s["name"] for s in said["stand_ins"]} == set(STAND_INS)
