"""What may come in: terms that were accepted, files with the published hash, and else those of the first fetch.

    work/incoming/accepted.json    {set: date and digest of the terms that were accepted}; of one machine, not for git
    work/incoming/receipts.json    {file: what was let in, from where, when}; so that a list need not read everything
    downloads.json                 {file: SHA-256, bytes, address and date of the first fetch}; to be committed

The last holds files of which no SHA-256 is public. Whoever has it refuses what differs, as with published hashes.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import RedrawError, locked, read_json, write_json
from .sources import Source, SourceSet

CHUNK = 1 << 20
BY_HAND = "put there by hand"


class NotWanted(ValueError):
    """A whole file that is not the one that is wanted; says by what."""


@dataclass(frozen=True)
class Store:
    """Where files lie as they were published, fetched or put there by hand, and the book of first fetches."""

    folder: Path = Path("work/incoming")
    book: Path = Path("downloads.json")

    def path(self, source: Source) -> Path:
        return self.folder / source.id.partition("/")[0] / source.name

    @property
    def _accepted(self) -> Path:
        return self.folder / "accepted.json"

    @property
    def _receipts(self) -> Path:
        return self.folder / "receipts.json"

    # -- terms ----------------------------------------------------------------------------------------------------

    def accept(self, group: SourceSet) -> None:
        """Note that somebody has accepted the terms of a set, as they read today."""
        with locked(self.folder / ".lock", str(self.folder)):
            said = read_json(self._accepted) or {}
            write_json(self._accepted, said | {group.name: {"date": _today(), "terms": group.terms_digest}})

    def accepted(self, group: SourceSet) -> bool:
        said = (read_json(self._accepted) or {}).get(group.name, {})
        return not group.acknowledge or said.get("terms") == group.terms_digest

    def require_accepted(self, group: SourceSet) -> None:
        """Raises RedrawError where the terms of a set that asks for it were not accepted here."""
        if not self.accepted(group):
            before = "have changed since they were" if group.name in (read_json(self._accepted) or {}) else "were not"
            raise RedrawError(
                f"{group.name}: its terms {before} accepted here: read and accept them with "
                f"`redraw download --accept {group.name}`, then run the same command"
            )

    # -- hashes ---------------------------------------------------------------------------------------------------

    def first_seen(self, source: Source) -> dict[str, Any] | None:
        """The entry of an earlier fetch, here or by whoever committed the book."""
        return (read_json(self.book) or {}).get(source.id)

    def sha256(self, source: Source) -> str | None:
        """What the file must hash to; None where nobody has said yet."""
        if source.hash and source.hash.startswith("sha256:"):
            return source.hash.partition(":")[2]
        seen = self.first_seen(source)
        return seen["sha256"] if seen else None

    def size(self, source: Source) -> int | None:
        seen = self.first_seen(source)
        return source.bytes or (seen["bytes"] if seen else None)

    def check(self, source: Source, path: Path) -> str:
        """SHA-256 of a file that may come in. Raises NotWanted for any other."""
        size, wanted = path.stat().st_size, self.size(source)
        if wanted is not None and size != wanted:
            raise NotWanted(f"{size:,} bytes, {self._who(source)} {wanted:,}")
        kind, _, value = (source.hash or "").partition(":")
        found = hashes(path, {"sha256", *({kind} if kind in ("md5", "sha1", "git-blob") else ())})
        if kind == "sha256-prefix":
            found[kind] = found["sha256"][: len(value)]
        if kind and found[kind] != value:
            raise NotWanted(f"{kind} {found[kind][:12]}…, published is {value[:12]}…")
        seen = self.first_seen(source)
        if seen and found["sha256"] != seen["sha256"]:
            raise NotWanted(f"sha256 {found['sha256'][:12]}…, {self._who(source)} {seen['sha256'][:12]}…")
        return found["sha256"]

    def _who(self, source: Source) -> str:
        seen = self.first_seen(source)
        return f"{self.book} has of {seen['date']}" if seen and not source.bytes else "published are"

    def let_in(self, source: Source, sha256: str, origin: str) -> bool:
        """Note a file that was checked. True where its hash is now known for the first time."""
        path = self.path(source)
        said = {"sha256": sha256, "bytes": path.stat().st_size, "url": origin, "date": _today()}
        with locked(self.folder / ".lock", str(self.folder)):
            receipts = read_json(self._receipts) or {}
            before = receipts.get(source.id, {})
            if origin == BY_HAND and before.get("sha256") == sha256:
                said |= {"url": before["url"], "date": before["date"]}
            receipts[source.id] = said | {"mtime_ns": path.stat().st_mtime_ns}
            write_json(self._receipts, receipts)
            if self.sha256(source) is not None:
                return False
            write_json(self.book, (read_json(self.book) or {}) | {source.id: said})
            return True

    def state(self, source: Source) -> str:
        """absent, present, or verified: checked, and neither size nor time have changed since. Reads no file."""
        path, said = self.path(source), (read_json(self._receipts) or {}).get(source.id, {})
        if not path.is_file():
            return "absent"
        at = path.stat()
        return "verified" if (at.st_size, at.st_mtime_ns) == (said.get("bytes"), said.get("mtime_ns")) else "present"


def hashes(path: Path, kinds: set[str]) -> dict[str, str]:
    """Hex digests of a file in one pass; "git-blob" is what `git hash-object` prints."""
    made: dict[str, Any] = {k: hashlib.new("sha1" if k == "git-blob" else k, usedforsecurity=False) for k in kinds}
    if "git-blob" in made:
        made["git-blob"].update(f"blob {path.stat().st_size}\0".encode())
    with open(path, "rb") as f:
        while chunk := f.read(CHUNK):
            for one in made.values():
                one.update(chunk)
    return {k: one.hexdigest() for k, one in made.items()}


def _today() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime())
