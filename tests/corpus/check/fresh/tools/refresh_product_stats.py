"""Works out the figures behind the product pages."""
import os

import pandas as pd
from sqlalchemy import create_engine

QUERY = """
    SELECT p.id AS product_id, i.quantity, i.unit_cents, o.placed_at
      FROM order_items i
      JOIN orders o ON o.id = i.order_id
      JOIN products p ON p.id = i.product_id
     WHERE o.status IN ('PAID', 'SHIPPED')
"""


def figures(engine) -> pd.DataFrame:
    sold = pd.read_sql(QUERY, engine)
    sold["revenue"] = sold["quantity"] * sold["unit_cents"]
    grouped = sold.groupby("product_id")
    return pd.DataFrame(
        {
            "pieces": grouped["quantity"].sum(),
            "revenue_cents": grouped["revenue"].sum(),
            "last_sold": grouped["placed_at"].max(),
        }
    ).reset_index()


if __name__ == "__main__":
    engine = create_engine(os.environ["DATABASE_URL"])
    stats = figures(engine)
    stats.to_sql("product_stats", engine, if_exists="replace", index=False)
    print(f"{len(stats)} product(s)")
