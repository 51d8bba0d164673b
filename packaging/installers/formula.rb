class Dbsnap < Formula
  desc "Snapshots of PostgreSQL and SQLite tables, with restores that prove themselves"
  homepage "https://docs.rs/dbsnap"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

@ARCHIVES@

  def install
    bin.install "dbsnap"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/dbsnap.bash" => "dbsnap"
    zsh_completion.install "completions/dbsnap.zsh" => "_dbsnap"
    fish_completion.install "completions/dbsnap.fish"
  end

  test do
    assert_equal "dbsnap #{version}", shell_output("#{bin}/dbsnap --version").chomp
    system bin/"dbsnap", "demo"
  end
end
