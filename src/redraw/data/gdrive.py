"""Files at Google Drive: the page that asks whether to go on is answered, resource keys are kept, a spent quota is told."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from .sources import Mirror
from .transfer import PASSING, Http, Refused

BASE = "https://drive.usercontent.google.com/download"
LARGEST_PAGE = 1 << 20
SPENT = ("quota exceeded", "too many users have viewed or downloaded")


def address(mirror: Mirror, base: str | None = None) -> str:
    """Ids that begin with 0B may need their resource key (Google's security update of 2021)."""
    asked = {"id": mirror.drive, "export": "download", "confirm": "t"}
    if mirror.key:
        asked["resourcekey"] = mirror.key
    return f"{base or BASE}?{urlencode(asked)}"


@dataclass
class Drive(Http):
    """As Http, for an address of ``address``. No cookie is stored."""

    key: str | None = None

    def open(self, session: Any, url: str, headers: dict[str, str]) -> Any:
        response = super().open(session, url, headers)
        if not _is_page(response):
            return response
        page = _read(response)
        if not page.fields:
            raise Refused(page.complaint())
        target = urljoin(response.url, page.action)
        if urlsplit(target).netloc != urlsplit(url).netloc:
            raise Refused("its page leads to another site")
        asked = page.fields | ({"resourcekey": self.key} if self.key else {})  # the form forgets the key
        response = super().open(session, f"{target.partition('?')[0]}?{urlencode(asked)}", headers)
        if _is_page(response):
            raise Refused(_read(response).complaint())
        return response


def _is_page(response: Any) -> bool:
    page = response.headers.get("Content-Type", "").lower().startswith("text/html")
    return page and response.status_code not in PASSING


class _Page(HTMLParser):
    """The hidden fields of the form that asks whether to go on, and what the page says."""

    def __init__(self) -> None:
        super().__init__()
        self.action, self.fields, self.said, self.code = "", dict[str, str](), "", 200
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        if tag == "form" and about.get("id") == "download-form":
            self._inside, self.action = True, about.get("action") or ""
        elif tag == "input" and self._inside and about.get("type") == "hidden" and about.get("name"):
            self.fields[str(about["name"])] = about.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False

    def handle_data(self, data: str) -> None:
        self.said += data

    def complaint(self) -> str:
        if any(words in self.said.lower() for words in SPENT):
            return "its quota of downloads is spent, which lasts about a day"
        if self.code in (401, 403, 404):
            return f"HTTP {self.code}: there is no such file, or it needs a resource key"
        return "answers with a page instead of the file"


def _read(response: Any) -> _Page:
    page = _Page()
    page.code = response.status_code
    with response:
        page.feed(response.raw.read(LARGEST_PAGE, decode_content=True).decode("utf-8", "replace"))
    return page
