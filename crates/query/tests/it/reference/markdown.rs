//! Pieces of Markdown.

/// A table with these headings.
pub fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let mut text = line(headings.map(str::to_owned));
    text += &line([(); N].map(|()| "---".to_owned()));
    for row in rows {
        text += &line(row.clone());
    }
    text + "\n"
}

fn line<const N: usize>(cells: [String; N]) -> String {
    let cells = cells.map(|cell| cell.replace('|', "\\|"));
    format!("| {} |\n", cells.join(" | "))
}

/// Links to the headings of the text, as a list of lists.
pub fn contents(text: &str) -> String {
    let mut contents = String::new();
    let mut is_code = false;
    for line in text.lines() {
        is_code ^= line.starts_with("```");
        let depth = line.bytes().take_while(|byte| *byte == b'#').count();
        if is_code || !(2..=3).contains(&depth) {
            continue;
        }
        let title = line[depth..].trim();
        let indent = "  ".repeat(depth - 2);
        contents += &format!("{indent}- [{title}](#{})\n", anchor(line));
    }
    contents
}

/// What links to a heading name.
pub fn anchor(heading: &str) -> String {
    let title = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = title
        .chars()
        .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

pub fn code(text: &str) -> String {
    format!("`{text}`")
}
