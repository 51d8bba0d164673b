# frozen_string_literal: true

require "active_record"

ActiveRecord::Base.establish_connection(ENV.fetch("DATABASE_URL"))

class Tag < ActiveRecord::Base
end

names = File.readlines(ARGV.fetch(0, "data/tags.txt"), chomp: true)
names = names.map(&:strip).reject(&:empty?)
names.uniq!

# insert_all and not upsert_all: nothing is updated
result = Tag.insert_all(names.map { |name| { name: name } }, unique_by: :name)
puts "#{result.length} new of #{names.size}"
