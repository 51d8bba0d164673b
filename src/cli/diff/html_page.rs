//! What stands around the rows of a page: its policy, looks and one script; and text as a page has it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::fmt::{self, Write};

/// Hides rows without what was typed, and tables without such rows.
pub(super) const SCRIPT: &str = r#"
const box = document.getElementById("search");
let timer;
const find = () => {
  const wanted = box.value.toLowerCase();
  for (const table of document.querySelectorAll("details.table")) {
    let shown = 0;
    const named = table.querySelector("summary b").textContent.toLowerCase().includes(wanted);
    for (const row of table.querySelectorAll("tbody")) {
      const fits = named || row.textContent.toLowerCase().includes(wanted);
      row.hidden = !fits;
      if (fits) shown += 1;
    }
    table.hidden = wanted !== "" && !named && shown === 0;
  }
};
box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(find, 120); });
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== box) { event.preventDefault(); box.focus(); }
  if (event.key === "Escape") { box.value = ""; find(); box.blur(); }
});
"#;

const STYLE: &str = r#"
:root { color-scheme: light dark;
  --back: #ffffff; --fore: #1b1f24; --dim: #66707b; --line: #d8dee4; --soft: #f6f8fa;
  --add: #116329; --add-back: #e6ffec; --add-mark: #abf2bc;
  --del: #a40e26; --del-back: #ffebe9; --del-mark: #ffc1bc; --chg: #7d4e00; }
@media (prefers-color-scheme: dark) { :root {
  --back: #0d1117; --fore: #e6edf3; --dim: #8d96a0; --line: #30363d; --soft: #161b22;
  --add: #56d364; --add-back: #10281a; --add-mark: #1f6f33;
  --del: #ff7b72; --del-back: #301418; --del-mark: #8e2a2f; --chg: #e3b341; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--fore); font: 15px/1.5 system-ui, sans-serif; }
header { position: sticky; top: 0; z-index: 2; display: flex; gap: 1rem; flex-wrap: wrap; align-items: center;
  justify-content: space-between; padding: .7rem 1.5rem; background: var(--back); border-bottom: 1px solid var(--line); }
h1 { font-size: 1.1rem; font-weight: 600; margin: 0; overflow-wrap: anywhere; }
.arrow, small, .note, .when { color: var(--dim); font-weight: 400; }
code { font: .95em ui-monospace, monospace; }
input { font: inherit; padding: .3rem .7rem; min-width: 14rem; color: inherit; background: var(--soft);
  border: 1px solid var(--line); border-radius: 6px; }
main { max-width: 110rem; margin: 0 auto; padding: 1rem 1.5rem 4rem; }
details { margin: 0 0 1.2rem; border: 1px solid var(--line); border-radius: 8px; overflow: clip; }
summary { cursor: pointer; padding: .6rem 1rem; background: var(--soft); overflow-wrap: anywhere; }
summary span { margin-left: .6rem; font-variant-numeric: tabular-nums; }
summary small { margin-left: .8rem; }
.schema, .note { margin: .5rem 1rem; } .schema { color: var(--chg); }
.none { font-size: 1.2rem; color: var(--add); }
table { width: 100%; border-collapse: collapse; font: 13px/1.5 ui-monospace, monospace; }
th { text-align: left; font-weight: 500; color: var(--dim); padding: .3rem .6rem; border-top: 1px solid var(--line); }
td { vertical-align: top; padding: .3rem .6rem; border-top: 1px solid var(--line); white-space: pre-wrap; overflow-wrap: anywhere; }
td.op, th:first-child { width: 1.5rem; text-align: center; } td.key { max-width: 22rem; min-width: 6rem; font-weight: 600; }
td.old, td.new { width: 38%; } .col, .path { color: var(--dim); } td.col { min-width: 7rem; white-space: nowrap; }
span.add, .add td.op, .add td.key { color: var(--add); } span.del, .del td.op, .del td.key { color: var(--del); }
span.chg, .chg td.op { color: var(--chg); }
tbody.add td.whole, td.new { background: var(--add-back); } tbody.del td.whole, td.old { background: var(--del-back); }
td.whole div { display: inline-block; margin-right: 1.2rem; }
mark { color: inherit; border-radius: 3px; } td.old mark { background: var(--del-mark); } td.new mark { background: var(--add-mark); }
.null { color: var(--dim); }
@media print { header { position: static; } input { display: none; } }
"#;

/// The end of the page.
pub(super) const FOOT: &str = "</body>\n</html>\n";

/// The page up to its body. Its policy names the hashes of the one style and the one script that it may have.
pub(super) fn head(title: &str) -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n\
         <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'sha256-{}'; \
         script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        hash(STYLE),
        hash(SCRIPT),
        escape(title)
    )
}

/// Text of any origin as text of a page. Characters that turn the direction of what follows or cannot be seen are
/// spelled out.
pub(super) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    // A string takes everything.
    let _ = Escaped(&mut html).write_str(text);
    html
}

/// What is written to it is escaped.
pub(super) struct Escaped<W>(pub W);

impl<W: fmt::Write> fmt::Write for Escaped<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let is_plain =
            |c: char| !matches!(c, '&' | '<' | '>' | '"' | '\'') && (c == '\n' || c == '\t' || !is_hidden(c));
        let mut rest = text;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| !is_plain(*c)) {
            self.0.write_str(&rest[..at])?;
            match c {
                '&' => self.0.write_str("&amp;")?,
                '<' => self.0.write_str("&lt;")?,
                '>' => self.0.write_str("&gt;")?,
                '"' => self.0.write_str("&quot;")?,
                '\'' => self.0.write_str("&#39;")?,
                c => write!(self.0, "{}", c.escape_default())?,
            }
            rest = &rest[at + c.len_utf8()..];
        }
        self.0.write_str(rest)
    }
}

fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
