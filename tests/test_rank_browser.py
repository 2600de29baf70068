"""The page for raters in a real Chromium: raters of known taste, keys alone, reload, files, sending; phone and desktop."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from chromium_pipe import Browser
from ranked_runs import CAPTIONS, LEVELS, lay_out, planned

from redraw.core import read_json
from redraw.rater.judgements import checked
from redraw.rater.page import write
from redraw.rater.scored import ranks_of, score

pytestmark = pytest.mark.browser
HOSTILE = [
    "</script><script>document.title='hacked'</script>",
    "<img src=x onerror=document.title='hacked'>",
    "\u202eثلاثة زائد اثنين \u2028 🦜",
    "a very " * 300 + "long caption",
]
WORTH = (-1.0, 0.0, 1.2)
# what a rater sees of each set, from the left: the grey in the middle of its first picture
LOOK = """(async () => {
  const seen = [];
  for (const set of document.querySelectorAll('.set')) {
    const img = set.querySelector('img'), canvas = document.createElement('canvas');
    await img.decode();
    canvas.width = img.naturalWidth;
    canvas.height = img.naturalHeight;
    const pen = canvas.getContext('2d');
    pen.drawImage(img, 0, 0);
    seen.push(pen.getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1).data[0]);
  }
  return {seen, item: document.getElementById('ask').dataset.item, caption: document.getElementById('caption').textContent,
          slots: [...document.querySelectorAll('.set')].map(s => Number(s.dataset.slot))};
})()"""
ASKING = "!document.getElementById('ask').hidden"
DONE = "!document.getElementById('done').hidden"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A page of all captions, hostile ones among them."""
    folder = tmp_path_factory.mktemp("rank")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        plan = planned()
        write(plan, lay_out(plan, [*HOSTILE, *CAPTIONS[4:]]), Path("page"), 28)
    return folder / "page"


@pytest.fixture
def browser(chromium, tmp_path):
    with Browser(chromium, tmp_path / "profile") as found:
        found.window(1280, 900)
        found.downloads(tmp_path)
        yield found


def begin(browser, place, name, url=None):
    browser.go(url or (place / "index.html").as_uri())
    browser.js("document.getElementById('name').select()")
    browser.press(*name, "Enter")
    assert browser.js(ASKING)


def judge(browser, key, rng, attentive=True, ties=0.15):
    """Answer the question that is asked as somebody of that taste would, by keys; returns (item, ranks by what was seen)."""
    at = browser.js(LOOK)
    about = key["items"][at["item"]]
    assert at["caption"] == about["caption"]
    if about["kind"] == "attention":
        worth = [5.0 if attentive and about["slots"][slot] == "real" else rng.random() for slot in at["slots"]]
    else:
        worth = [WORTH[LEVELS.index(grey)] + rng.standard_normal() for grey in at["seen"]]
        assert [about["slots"][slot] for slot in at["slots"]] == [LEVELS.index(grey) for grey in at["seen"]]
    order = np.argsort(worth)[::-1]
    ranks = np.arange(1.0, 4)
    browser.press(str(order[0] + 1))
    if about["kind"] == "ranked" and rng.random() < ties:
        browser.press("=")
        ranks[:2] = 1.5
    browser.press(str(order[1] + 1), str(order[2] + 1), "Enter")
    if about["kind"] == "attention":
        return at["item"], None
    found = np.empty(3)
    found[[LEVELS.index(at["seen"][k]) for k in order]] = ranks
    return at["item"], found


def test_raters_of_known_taste_are_scored_as_they_judged(browser, place, tmp_path):
    key = read_json(place / "items.json")
    told, judged, first = {}, 0, set()
    for k, name in enumerate(("anna", "bob", "carol", "dave", "eve", "asleep")):
        rng = np.random.default_rng(k)
        begin(browser, place, name)
        first.add(browser.js("document.getElementById('ask').dataset.item"))
        while browser.js(ASKING):
            item, ranks = judge(browser, key, rng, attentive=name != "asleep")
            judged += 1
            if ranks is not None and (name, item) not in told:
                told[name, item] = ranks
        assert browser.js(DONE) and browser.js("document.getElementById('send').hidden")
        browser.press("d")
        browser.wait(lambda name=name: (tmp_path / f"{name}.json").exists())
        file = checked(json.loads((tmp_path / f"{name}.json").read_text()), key, name)
        assert len(file["judgements"]) == 28 + 6 + 3 and all(j["seconds"] >= 0 for j in file["judgements"])
        for one in file["judgements"]:
            if key["items"][one["item"]]["kind"] == "ranked" and not one["showing"]:
                assert ranks_of(one, key).tolist() == told[name, one["item"]].tolist()
        twice = [j["item"] for j in file["judgements"] if j["showing"]]
        places = {(j["item"], j["showing"]): n for n, j in enumerate(file["judgements"])}
        assert all(places[item, 1] - places[item, 0] > 8 for item in twice)
        (place / "judgements").mkdir(exist_ok=True)
        (tmp_path / f"{name}.json").rename(place / "judgements" / f"{name}.json")
    assert judged == 6 * 37 >= 200 and len(first) > 1  # not everybody begins with the same
    record = score(place)
    assert [name for name, of in record["raters"].items() if not of["counted"]] == ["asleep"]
    expected = np.mean([ranks for (name, _), ranks in told.items() if name != "asleep"], 0)
    values = [m["value"] for m in record["ranks"]["methods"]]
    assert values == pytest.approx(expected) and values == sorted(values, reverse=True)
    assert record["ranks"]["differ"]["p"] < 1e-4 and 0.02 < record["ranks"]["tied"] < 0.4
    assert browser.complaints() == [] and browser.js("document.title") == "Which is best?"
    shown = [np.array([j["shown"] for j in read_json(f)["judgements"]]) for f in (place / "judgements").glob("*.json")]
    assert len({int(s[0, 0]) for s in shown}) > 1  # places turn from rater to rater


def test_reload_goes_on_where_it_was(browser, place):
    key, rng = read_json(place / "items.json"), np.random.default_rng(0)
    begin(browser, place, "anna")
    for _ in range(5):
        judge(browser, key, rng)
    at = browser.js("document.getElementById('ask').dataset.item")
    kept = browser.js("localStorage.getItem([...Object.keys(localStorage)].find(k => k.endsWith(' anna')))")
    browser.reload()
    assert browser.js("document.getElementById('begin').textContent") == "Go on as anna (5 of 37)"
    browser.press("Enter")  # the button has the focus
    assert browser.js(ASKING) and browser.js("document.getElementById('ask').dataset.item") == at
    assert browser.js("document.getElementById('count').textContent") == "6 of 37"
    assert json.loads(
        browser.js("localStorage.getItem([...Object.keys(localStorage)].find(k => k.endsWith(' anna')))")
    ) == (json.loads(kept))
    browser.go((place / "index.html").as_uri())  # somebody else on the same machine begins anew
    browser.js("document.getElementById('name').select()")
    browser.press(*"bob", "Enter")
    assert browser.js("document.getElementById('count').textContent") == "1 of 37"


def test_undo_takes_back_picks_and_then_questions(browser, place):
    begin(browser, place, "anna")
    ranks = "[...document.querySelectorAll('.rank')].map(r => r.textContent)"
    first = browser.js("document.getElementById('ask').dataset.item")
    browser.press("u", "Backspace", "=", "Enter", "9")  # nothing to take back, to share, to finish
    assert browser.js(ranks) == ["", "", ""] and browser.js("document.getElementById('next').disabled")
    browser.press("2", "2", "1")
    assert browser.js(ranks) == ["2", "1", ""]
    browser.press("u", "=", "3", "1")
    assert browser.js(ranks) == ["3", "=1", "=1"]
    browser.press("u", "u", "1", "3", "Enter")
    assert browser.js("document.getElementById('count').textContent") == "2 of 37"
    browser.press("u")
    assert browser.js("document.getElementById('ask').dataset.item") == first and browser.js(ranks) == ["2", "1", "3"]
    browser.press("Enter", "1", "=", "2", "=", "3", "Enter")
    assert browser.js("document.getElementById('count').textContent") == "3 of 37"
    kept = json.loads(browser.js("localStorage.getItem([...Object.keys(localStorage)].find(k => k.endsWith(' anna')))"))
    picked, shown = kept["judgements"][0]["order"], kept["judgements"][0]["shown"]
    assert picked == [[shown[1]], [shown[0]], [shown[2]]] and len(kept["judgements"][1]["order"]) == 1
    assert browser.complaints() == []


def test_it_goes_by_tab_and_is_said_aloud(browser, place):
    begin(browser, place, "anna")
    label = "document.activeElement.getAttribute('aria-label') || document.activeElement.id"
    reached = []
    assert browser.js(label) == "caption"
    for _ in range(4):
        browser.press("Tab")
        reached.append(browser.js(label))
    assert reached == [f"Set {k}, 1 picture, not ranked" for k in "ABC"] + [
        "save"
    ]  # Undo and others can do nothing yet
    browser.js("document.querySelectorAll('.set')[1].focus()")
    browser.press("Enter")
    assert browser.js(label) == "Set B, 1 picture, rank 1"
    assert browser.js("document.getElementById('said').textContent") == "B, rank 1. Now the next best of the others."
    tree = browser.call("Accessibility.getFullAXTree")["nodes"]
    named = {(n["role"]["value"], n["name"]["value"]) for n in tree if not n["ignored"] and n.get("name")}
    assert ("button", "Set B, 1 picture, rank 1") in named and ("progressbar", "Questions answered") in named
    nameless = [n["role"]["value"] for n in tree if not n["ignored"] and n["role"]["value"] in ("button", "textbox", "checkbox")
                and not n["name"]["value"]]  # fmt: skip
    assert nameless == []


def test_a_file_takes_ones_answers_to_another_browser(chromium, browser, place, tmp_path):
    key, rng = read_json(place / "items.json"), np.random.default_rng(0)
    begin(browser, place, "anna")
    for _ in range(3):
        judge(browser, key, rng)
    browser.press("d")
    browser.wait(lambda: (tmp_path / "anna.json").exists())
    (tmp_path / "wrong.json").write_text(json.dumps({**read_json(tmp_path / "anna.json"), "items": "0" * 16}))
    with Browser(chromium, tmp_path / "another") as other:
        other.go((place / "index.html").as_uri())
        for name in ("wrong.json", "anna.json"):
            assert other.js("document.getElementById('trouble').textContent") == ""
            other.upload("#file", tmp_path / name)
            if name == "wrong.json":
                said = "document.getElementById('trouble').textContent"
                assert other.wait(said) == "wrong.json is not a file of this page."
                other.js("document.getElementById('trouble').textContent = ''")
        other.wait(ASKING)
        assert other.js("document.getElementById('count').textContent") == "4 of 37"
        assert other.js("document.getElementById('ask').dataset.item") == browser.js(
            "document.getElementById('ask').dataset.item"
        )
        assert other.complaints() == []


def test_what_is_sent_to_the_server_is_what_was_said(browser, place, tmp_path):
    key, rng = read_json(place / "items.json"), np.random.default_rng(0)
    call = [sys.executable, "-m", "redraw", "rank", "collect", str(place), "--port", "0"]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            url = server.stdout.readline().split()[0]
            begin(browser, place, "zoe", url)
            while browser.js(ASKING):
                judge(browser, key, rng)
            kept = json.loads(browser.js("document.getElementById('judgements').value"))
            browser.js("document.getElementById('post').focus()")
            browser.press("Enter")
            browser.wait("document.getElementById('sent').textContent.startsWith('37 answers were sent')")
            assert read_json(place / "judgements/zoe.json") == kept and browser.js("location.hash") == ""
            assert [c for c in browser.complaints() if "favicon" not in c and "404" not in c] == []
        finally:
            server.terminate()
    (place / "judgements/zoe.json").unlink()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("width", "phone"), [(1280, False), (390, True), (320, True)])
def test_it_fits_phone_and_desktop(browser, place, tmp_path, width, phone, dark):
    from PIL import Image

    browser.window(width, 844, phone, dark)
    begin(browser, place, "anna")
    key, rng = read_json(place / "items.json"), np.random.default_rng(0)
    widest = 0
    captions = set()
    while browser.js(ASKING):
        captions.add(browser.js("document.getElementById('caption').textContent"))
        widest = max(widest, browser.js("document.documentElement.scrollWidth"))
        judge(browser, key, rng)
    assert widest <= width and {*HOSTILE} <= captions
    assert browser.js("document.title") == "Which is best?"
    browser.picture(tmp_path / "done.png")
    paper = Image.open(tmp_path / "done.png").convert("RGB").getpixel((2, 400))
    assert (sum(paper) < 200) == dark
    small = "[...document.querySelectorAll('button')].filter(b => b.offsetHeight && b.offsetHeight < 40).length"
    assert browser.js(small) == 0
