require "active_record"

ActiveRecord::Base.establish_connection(ENV.fetch("DATABASE_URL"))

class Mod < ActiveRecord::Base; end
class DeletedItem < ActiveRecord::Base; end

counts = Mod.group(:status).count
archived = counts.delete("ARCHIVED") || 0
counts.delete_if { |_, n| n.zero? }
counts.update("DELETED" => DeletedItem.where(entity: "mod").count)

counts.each { |status, n| puts format("%-10s %6d", status, n) }
puts "and #{archived} archived"

slugs = Mod.order(downloads: :desc).limit(10).pluck(:slug)
puts slugs.shift until slugs.empty?
counts.clear
