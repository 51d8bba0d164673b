//! Making a story shorter that shows a violation.

use super::story::Story;
use super::violation::Kind;

/// Leaves out what can be left out: runs of steps, then single ones, as long as `shows` still finds a violation of that
/// kind.
pub fn shrunk(story: &Story, kind: Kind, shows: impl Fn(&Story) -> Vec<Kind>) -> Story {
    let mut story = story.clone();
    let mut run = story.steps.len() / 2;
    while run > 0 {
        let (mut at, mut shorter) = (0, false);
        while at < story.steps.len() {
            let mut without = story.clone();
            without.steps.drain(at..(at + run).min(story.steps.len()));
            if shows(&without).contains(&kind) {
                (story, shorter) = (without, true);
            } else {
                at += run;
            }
        }
        run = if run == 1 && shorter { 1 } else { run / 2 };
    }
    story
}
