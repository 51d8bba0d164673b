#!/usr/bin/env python3
"""Finds dead links in the posts. Reports them; editors remove them by hand."""
import os
import re
import sys
from urllib.request import Request, urlopen

import psycopg

LINK = re.compile(r"https?://[^\s)>\"']+")


def alive(url: str) -> bool:
    headers = {"User-Agent": "inkwell-links"}
    headers.update({"Accept": "*/*"})
    try:
        with urlopen(Request(url, method="HEAD", headers=headers), timeout=10) as res:
            return res.status < 400
    except OSError:
        return False


def main() -> int:
    pending: dict[str, set[int]] = {}
    with psycopg.connect(os.environ["DATABASE_URL"]) as conn:
        for post_id, body in conn.execute(
            "SELECT id, body FROM posts WHERE deleted_at IS NULL"
        ):
            for url in LINK.findall(body):
                pending.setdefault(url, set()).add(post_id)

    for url in list(pending):
        if alive(url):
            del pending[url]

    for url, posts in sorted(pending.items()):
        print(f"delete {url} from post(s) {sorted(posts)}")
    return 1 if pending else 0


if __name__ == "__main__":
    sys.exit(main())
