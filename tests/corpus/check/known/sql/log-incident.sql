INSERT INTO audit_logs (action, entity, entity_id, payload)
VALUES
  ('incident', 'mods', '2024-05-07',
   jsonb_build_object('said', 'DROP TABLE mods; -- by mistake',
                      'by', 'it''s not known; DELETE FROM users')),
  ('incident', 'favorites', '2024-05-07',
   to_jsonb($q$TRUNCATE favorites; UPDATE users SET role = 'admin';$q$::text)),
  ('restore', 'mods', '2024-05-08', NULL);

SELECT action, payload ->> 'said'
  FROM audit_logs
 WHERE action IN ('incident', 'DELETE', 'TRUNCATE')
    OR payload::text LIKE '%DELETE FROM%';
