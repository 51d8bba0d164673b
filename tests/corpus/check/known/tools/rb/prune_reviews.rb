require "active_record"

ActiveRecord::Base.establish_connection(ENV.fetch("DATABASE_URL"))

class Review < ActiveRecord::Base
  before_destroy { logger&.info("review #{id} goes") }

  def self.empty
    where(stars: 0).or(where(body: ["", nil]))
  end
end

def each_batch(scope, size: 200, &block)
  scope.in_batches(of: size) { |batch| batch.each(&block) }
end

before = Review.count
each_batch(Review.empty, &:destroy)
puts "#{before} reviews, now #{Review.count}"
