require "sequel"
require "optparse"

options = { grace: 3600 }
OptionParser.new do |opts|
  opts.on("--grace SECONDS", Integer) { |n| options[:grace] = n }
end.parse!

DB = Sequel.connect(ENV.fetch("DATABASE_URL"))
sessions = DB[:sessions]

cutoff = Time.now - options[:grace]
over = sessions.where { expires_at < cutoff }

puts "#{over.count} of #{sessions.count} sessions are over"
puts "#{over.delete} rows"
DB.disconnect
