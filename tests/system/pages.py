# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading what the playbooks that report write, as a person and a spreadsheet do."""

from __future__ import annotations

import csv
import re
from html import unescape
from html.parser import HTMLParser


def sections(page: str) -> dict[str, str]:
    """What a reader sees on a page below each heading, on one line; for a mark its label, in brackets."""
    body = re.sub(r'<[^>]* aria-label="([^"]*)"[^>]*>[^<]?(?=</)', r" [\1] ", page.partition("<body>")[2])
    parts = re.split(r"<h[12]>(.*?)</h[12]>", body)
    texts = [" ".join(unescape(re.sub(r"<[^>]*>", " ", part)).split()) for part in parts]
    return dict(zip(texts[1::2], texts[2::2], strict=True))


class Elements(HTMLParser):
    """The elements and the attributes that a browser finds on a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.values: dict[str, list[str | None]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, and what its attributes say."""
        self.tags.add(tag)
        for name, value in attrs:
            self.values.setdefault(name, []).append(value)


def cells(text: str) -> list[list[str]]:
    """The cells of a CSV file as a spreadsheet reads them, without the first row."""
    return list(csv.reader(text.splitlines(keepends=True)))[1:]
