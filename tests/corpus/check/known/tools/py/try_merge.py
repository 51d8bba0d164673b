import os
import sys

import psycopg2

STATEMENTS = (
    "UPDATE mods SET author_id = %(keep)s WHERE author_id = %(drop)s",
    "DELETE FROM favorites WHERE user_id = %(drop)s",
    "DELETE FROM users WHERE id = %(drop)s",
)


def rehearse(keep, drop):
    conn = psycopg2.connect(os.environ["DATABASE_URL"])
    try:
        with conn.cursor() as cur:
            for statement in STATEMENTS:
                cur.execute(statement, {"keep": keep, "drop": drop})
                print(cur.rowcount, statement.split()[0])
    finally:
        conn.rollback()
        conn.close()


if __name__ == "__main__":
    rehearse(*sys.argv[1:3])
