import json
import os
import subprocess
import sys

import pytest

from redraw.core import (
    Quantity,
    RedrawError,
    atomic_path,
    atomic_write,
    canonical_json,
    digest,
    locked,
    nearest,
    read_json,
    write_json,
)


@pytest.mark.parametrize(
    ("text", "value", "spread", "unit"),
    [
        ("4.36 ± .03", 4.36, 0.03, 0.01),
        ("51.89", 51.89, None, 0.01),
        ("8,855", 8855, None, 1),
        ("99", 99, None, 1),
        ("10.37 ± 5.88", 10.37, 5.88, 0.01),
        ("170.25%", 170.25, None, 0.01),
        (".08", 0.08, None, 0.01),
        ("-96.3 +/- 0.4", -96.3, 0.4, 0.1),
        ("≤ 80.97", 80.97, None, 0.01),
        ("≈84.62", 84.62, None, 0.01),
    ],
)
def test_quantity_keeps_what_is_printed(text, value, spread, unit):
    q = Quantity.parse(text)
    assert (q.text, q.value, q.spread, q.unit) == (text, value, spread, pytest.approx(unit))
    low, high = q.interval
    assert low < q.value < high and high - low == pytest.approx(unit)


@pytest.mark.parametrize("text", ["/", "-", "", "n/a", "4.36 or so", "≤", "80.97 ≤"])
def test_what_prints_no_number_is_no_quantity(text):
    assert Quantity.parse(text) is None


def test_canonical_json_is_one_text_per_value():
    assert canonical_json({"b": 1, "a": [1.0, "ü"]}) == canonical_json(json.loads('{"a":[1.0,"ü"],"b":1}'))
    assert digest({"a": 1}) != digest({"a": 2})
    with pytest.raises(ValueError, match="(?i)nan|out of range"):
        canonical_json(float("nan"))


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path):
    target = tmp_path / "a.txt"
    atomic_write(target, "old")
    with pytest.raises(RuntimeError), atomic_path(target) as part:
        part.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_read_json_of_a_missing_or_torn_file_is_none(tmp_path):
    assert read_json(tmp_path / "none.json") is None
    (tmp_path / "torn.json").write_text('{"a": ')
    assert read_json(tmp_path / "torn.json") is None
    write_json(tmp_path / "whole.json", {"a": 1})
    assert read_json(tmp_path / "whole.json") == {"a": 1}


def test_a_kernel_lock_goes_with_its_process(tmp_path):
    lock = str(tmp_path / "l")
    code = f"import time, redraw.core as c\nwith c.locked({lock!r}, 'x'):\n print('held', flush=True)\n time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    with (
        pytest.raises(RedrawError, match=f"^the thing is in use by process {holder.pid} on [^ ]+: wait for it"),
        locked(tmp_path / "l", "the thing", wait=False),
    ):
        pass
    holder.kill()
    holder.wait()
    with locked(tmp_path / "l", "the thing", wait=False):
        pass


def test_nearest_names_the_word_that_was_meant():
    assert nearest("sclae", ["scale", "seeds"]) == 'did you mean "scale"?'
    assert nearest("zzz", ["scale", "seeds"]) == "known: scale, seeds"


def test_half_a_surrogate_pair_is_written_read_and_digested(tmp_path):
    value = {"caption": "a\ud800b 🦜", "plain": 'c:\\ "d"'}
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value
    assert digest(value) == digest(read_json(tmp_path / "a.json")) != digest({**value, "caption": "ab 🦜"})
