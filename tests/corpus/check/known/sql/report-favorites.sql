\pset format aligned
\pset null '-'

WITH ranked AS (
    SELECT m.slug,
           count(f.user_id) AS favorites,
           rank() OVER (ORDER BY count(f.user_id) DESC) AS place
      FROM mods m
      LEFT JOIN favorites f ON f.mod_id = m.id
     WHERE m.status = 'PUBLISHED'
     GROUP BY m.slug
)
SELECT place, slug, favorites
  FROM ranked
 WHERE place <= 25
 ORDER BY place, slug;
