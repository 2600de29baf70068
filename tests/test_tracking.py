"""The spool: whole lines whatever happened to the last one, one writer per artefact."""

from redraw.tracking import Spool, events


def test_a_torn_line_takes_no_other_along(tmp_path):
    path = tmp_path / "s.jsonl"
    first = Spool(path, run="a")
    first.write("losses", step=1, loss=0.5)
    first.close()
    with path.open("a") as f:
        f.write('{"t": 1, "event": "los')  # a full disk or a power cut
    assert [e["step"] for e in events(path)] == [1]
    second = Spool(path, run="a")
    second.write("losses", step=2, loss=0.25)
    second.close()
    assert [e["step"] for e in events(path)] == [1, 2]


def test_a_missing_spool_has_no_events(tmp_path):
    assert events(tmp_path / "none.jsonl") == []
