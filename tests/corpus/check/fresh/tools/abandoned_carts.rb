#!/usr/bin/env ruby
# frozen_string_literal: true

# Mails the owners of open carts before the nightly job deletes them.

require 'json'
require 'net/smtp'
require 'pg'

options = { days: 10, lock: '/tmp/abandoned-carts.lock' }
options.update(JSON.parse(File.read('mail.json'), symbolize_names: true)) if File.exist?('mail.json')
lock = options.delete(:lock)

abort 'already running' if File.exist?(lock)
File.write(lock, Process.pid.to_s)

begin
  conn = PG.connect(ENV.fetch('DATABASE_URL'))
  carts = conn.exec_params(<<~SQL, [options[:days]])
    SELECT o.number, u.email
      FROM orders o JOIN users u ON u.id = o.user_id
     WHERE o.status = 'CART'
       AND o.placed_at < now() - make_interval(days => $1::int)
  SQL

  carts.each do |cart|
    text = "Subject: Your cart #{cart['number']}\n\nWe will drop it in four days."
    Net::SMTP.start('localhost') { |smtp| smtp.send_message(text, 'shop@example.org', cart['email']) }
  end
  puts "#{carts.ntuples} mail(s)"
ensure
  conn&.close
  File.delete(lock)
end
