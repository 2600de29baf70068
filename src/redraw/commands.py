"""What people call by hand, not the workflow: `redraw clean`, `redraw download NAME`, `redraw metrics --images`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .core import RedrawError, disk_trouble


def clean(remove: bool) -> None:
    """Show what params.yaml has no more use for; with ``remove`` delete it."""
    from . import cleaning

    total = 0
    for found in cleaning.clean() if remove else cleaning.leftovers():
        total += found.size
        print(f"{found.folder}  {found.size / 2**20:.1f} MiB  {found.because}")
    done = "removed" if remove else "to remove; `redraw clean --yes` does" if total else "to remove"
    print(f"{total / 2**20:.1f} MiB {done}")


def download(a: argparse.Namespace) -> int:
    """Data sets or weights by name, or terms to accept. Returns the exit code; raises RedrawError where neither is named."""
    from .data import DATASETS, fetch, raw_folder
    from .data.download import get
    from .data.gate import Store
    from .data.sources import find

    if not (a.names or a.accept) or a.spec or a.out:
        raise RedrawError("download: give NAME or --accept NAME, or --spec and --out as the workflow does")
    store, raw = Store(), Path("work/raw")
    try:
        for name in a.accept:
            group, _ = find(name)
            store.accept(group)
            print(f"{group.terms_page}\n{group.name}: accepted on this machine, as {store.folder}/accepted.json says")
        for name in a.names:
            if name in DATASETS:
                folder = raw / raw_folder(name)
                print(f"{folder}: {', '.join(fetch(name, folder, store)['files'])}: complete")
            else:
                print("\n".join(f"{path}: verified" for path in get(name, raw / name.partition("/")[0], store)))
    except KeyboardInterrupt:
        raise RedrawError("download: stopped; what has arrived is kept: run the same command to go on") from None
    except OSError as e:
        raise RedrawError(disk_trouble(Path(e.filename or store.folder).parent, e)) from None
    return 0


def score_folder(a: argparse.Namespace) -> int:
    """The score of anybody's images, as lines or JSON. Returns the exit code."""
    from . import folders

    if not (a.images and a.protocol) or a.spec or a.out:
        raise RedrawError("metrics: give --images DIR and --protocol NAME, or --spec and --out as the workflow does")
    found = folders.score_folder(a.images, a.protocol, a.captions, a.reference, a.scale)
    if a.json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
        return 0
    spread = "" if found["spread"] is None else f" ± {found['spread']:.4g}"
    print(f"{found['protocol_name']}: {found['value']:.6g}{spread} {found['unit']}".rstrip())
    print(
        f"  n {found['n']}, {found['better']} is better, scale {found['scale']}, protocol key {found['protocol_key']}"
    )
    return 0
