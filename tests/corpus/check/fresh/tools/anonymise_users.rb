#!/usr/bin/env ruby
# frozen_string_literal: true

require 'sequel'
require 'time'

DB = Sequel.connect(ENV.fetch('DATABASE_URL'))

cutoff = Time.now - Integer(ARGV.fetch(0, 730)) * 86_400
gone = DB[:users].where { last_seen_at < cutoff }.exclude(role: 'ADMIN')

puts "#{gone.count} account(s) not seen since #{cutoff.to_date}"

DB.transaction do
  gone.select_map(:id).each do |id|
    DB[:users].where(id: id).update(
      email: "user-#{id}@invalid.example",
      name: nil
    )
  end
end
