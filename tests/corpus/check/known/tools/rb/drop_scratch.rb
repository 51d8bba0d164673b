require "pg"

SCRATCH = %w[import_staging scratch_mods].freeze

def statement(table)
  ["DROP", "TABLE", "IF EXISTS", PG::Connection.quote_ident(table), "CASCADE"].join(" ")
end

conn = PG.connect(ENV.fetch("DATABASE_URL"))
begin
  SCRATCH.each do |table|
    sql = statement(table)
    warn sql
    conn.exec(sql)
  end
ensure
  conn.close
end
