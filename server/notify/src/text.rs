//! What people wrote, made fit to stand in a sentence. The door already refuses such characters; mail trusts nobody.

/// One line with single blanks: no line break, no control, nothing invisible that turns or hides its neighbours.
pub fn line(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).map(blank_for_control).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same with the author's line breaks kept; empty lines are dropped.
pub fn lines(text: &str) -> String {
    text.lines().map(line).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// At most `max` characters; a cut is marked.
pub fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

fn blank_for_control(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}
