require "sequel"

DB = Sequel.connect(ENV.fetch("DATABASE_URL"))

statements = {
  "sessions" => DB[:sessions].where { expires_at < Sequel::CURRENT_TIMESTAMP }.delete_sql,
  "mods" => DB[:mods].where(status: "DRAFT").update_sql(status: "ARCHIVED"),
  "favorites" => DB[:favorites].truncate_sql,
}

statements.each do |table, sql|
  puts "-- #{table}: #{DB[table.to_sym].count} rows"
  puts "#{sql};"
end

puts "-- DROP TABLE import_staging;" if DB.table_exists?(:import_staging)
DB.disconnect
