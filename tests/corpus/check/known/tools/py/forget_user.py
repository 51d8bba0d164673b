import os
import sys

import psycopg
from psycopg import sql

OWNED = [("favorites", "user_id"), ("reviews", "user_id"), ("sessions", "user_id")]
TEMPLATE = sql.SQL("{verb} FROM {table} WHERE {column} = %s")


def forget(conn, user_id, really):
    verb = sql.SQL("DELETE" if really else "SELECT *")
    for table, column in OWNED:
        query = TEMPLATE.format(
            verb=verb, table=sql.Identifier(table), column=sql.Identifier(column)
        )
        cur = conn.execute(query, (user_id,))
        print(f"{table}: {cur.rowcount}")


def main():
    user_id, *flags = sys.argv[1:]
    with psycopg.connect(os.environ["DATABASE_URL"]) as conn:
        forget(conn, user_id, really="--really" in flags)


main()
