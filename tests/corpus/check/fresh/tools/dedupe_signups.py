#!/usr/bin/env python3
"""Keeps the oldest sign-up of each address.

Without --commit the work is rolled back at the end and only counted.
"""
import argparse
import os

import psycopg2

TABLE = "newsletter_signups"

STATEMENT = f"""
    DELETE FROM {TABLE} later
     USING {TABLE} first
     WHERE lower(later.email) = lower(first.email)
       AND later.id > first.id
"""


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commit", action="store_true")
    return parser.parse_args()


def main() -> None:
    args = parse()
    conn = psycopg2.connect(os.environ["DATABASE_URL"])
    try:
        with conn.cursor() as cur:
            cur.execute(STATEMENT)
            print(f"{cur.rowcount} sign-up(s)")
        if args.commit:
            conn.commit()
        else:
            conn.rollback()
    finally:
        conn.close()


if __name__ == "__main__":
    main()
