import hashlib
import os
import pathlib

import psycopg

INSERT = """
    INSERT INTO mod_versions (id, mod_id, number, file_url)
    SELECT %s, m.id, %s, %s FROM mods m WHERE m.slug = %s
    ON CONFLICT (mod_id, number) DO NOTHING
"""


def digest(path):
    h = hashlib.sha256()
    with path.open("rb") as f:
        while chunk := f.read(1 << 16):
            h.update(chunk)
    return h.hexdigest()


def rows(directory):
    for path in sorted(pathlib.Path(directory).glob("*.zip")):
        slug, _, number = path.stem.rpartition("-")
        yield digest(path)[:24], number, f"/files/{path.name}", slug


with psycopg.connect(os.environ["DATABASE_URL"]) as conn:
    with conn.cursor() as cur:
        cur.executemany(INSERT, list(rows("files")))
