-- Comments on posts older than three years go to the cold table.

CREATE TABLE IF NOT EXISTS comments_archive (
    LIKE comments INCLUDING DEFAULTS,
    archived_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX IF NOT EXISTS comments_archive_post_idx ON comments_archive (post_id);

WITH old_posts AS (
    SELECT id FROM posts WHERE published_at < now() - interval '3 years'
),
moved AS (
    DELETE FROM comments c
     USING old_posts o
     WHERE c.post_id = o.id
    RETURNING c.*
)
INSERT INTO comments_archive (id, body, spam, author_name, author_id, post_id, created_at)
SELECT id, body, spam, author_name, author_id, post_id, created_at
  FROM moved;
