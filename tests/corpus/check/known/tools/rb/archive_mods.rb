#!/usr/bin/env ruby
# frozen_string_literal: true

require "active_record"

ActiveRecord::Base.establish_connection(ENV.fetch("DATABASE_URL"))

class Mod < ActiveRecord::Base
  scope :drafts, -> { where(status: "DRAFT") }
  scope :older_than, ->(time) { where(arel_table[:updated_at].lt(time)) }
end

days = Integer(ENV.fetch("DAYS", 365))
stale = Mod.drafts.older_than(Time.now - days * 86_400)

puts "#{stale.count} drafts"
changed = stale.update_all(status: "ARCHIVED") unless ARGV.include?("--dry-run")
puts "#{changed || 0} archived"
