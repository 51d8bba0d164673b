#!/usr/bin/env python3
"""Delete sessions that are over."""
import argparse
import os

import psycopg2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--dry-run", action="store_true")
    args = parser.parse_args()

    conn = psycopg2.connect(os.environ["DATABASE_URL"])
    with conn, conn.cursor() as cur:
        cur.execute(
            "DELETE FROM sessions WHERE expires_at < now() - make_interval(days => %s)",
            (args.days,),
        )
        print(f"{cur.rowcount} sessions")
        if args.dry_run:
            conn.rollback()
    conn.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
