//! How the demo looks: colours and a line that moves on a terminal, plain text everywhere else.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

/// Where the demo's text goes.
pub struct Screen {
    terminal: bool,
    colours: bool,
}

/// What a text is, as far as it shows.
#[derive(Clone, Copy)]
pub enum Look {
    Heading,
    Node,
    Faint,
    Bad,
}

impl Screen {
    /// Standard output. Without a terminal, or with `NO_COLOR` set to anything, there are no colours.
    pub fn stdout() -> Self {
        let terminal = io::stdout().is_terminal();
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            terminal,
            colours: terminal && !refused,
        }
    }

    /// The text, as it looks.
    pub fn paint(&self, look: Look, text: &str) -> String {
        if !self.colours {
            return text.to_owned();
        }
        let code = match look {
            Look::Heading => "1",
            Look::Node => "36",
            Look::Faint => "2",
            Look::Bad => "33",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// A line.
    pub fn line(&self, text: &str) {
        // A reader that has gone, as `head`, is no reason to stop the demo.
        let _ = writeln!(io::stdout(), "{}", text.trim_end());
    }

    pub fn heading(&self, text: &str) {
        self.line("");
        self.line(&self.paint(Look::Heading, text));
        self.line("");
    }

    /// A step of the demo that is done, and how long it took.
    pub fn done(&self, what: &str, text: &str, took: Duration) {
        self.wipe();
        let took = self.paint(Look::Faint, &format!("{:>6.2} s", took.as_secs_f64()));
        self.line(&format!("  {what:<10} {text:<70} {took}"));
    }

    /// A step under way; shows on a terminal only and is written over by the next line.
    pub fn progress(&self, what: &str, text: &str) {
        if self.terminal {
            self.wipe();
            let _ = write!(io::stdout(), "  {what:<10} {text}");
            let _ = io::stdout().flush();
        }
    }

    fn wipe(&self) {
        if self.terminal {
            let _ = write!(io::stdout(), "\r\u{1b}[2K");
        }
    }
}

/// A number with its thousands apart.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    if number < 0 {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Rows under their headings; the first column is text, the others are numbers.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let cells = cells.map(|cell| cell.chars().count());
        let heading = headings.get(column).map(|heading| heading.len());
        cells.chain(heading).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let mut text = String::from(" ");
        for (column, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            let _ = match column {
                0 => write!(text, " {cell:<width$}"),
                _ => write!(text, "   {cell:>width$}"),
            };
        }
        text
    };
    let heading = line(headings.to_vec());
    let rows = rows
        .iter()
        .map(|row| line(row.iter().map(String::as_str).collect()));
    std::iter::once(heading).chain(rows).collect()
}

/// A product that somebody bought, and who else buys most of it.
pub struct Branch {
    pub product: String,
    pub pieces: i64,
    /// Name and pieces.
    pub other: Option<(String, i64)>,
}

/// A customer, what the customer bought, and who else does:
///
/// ```text
///                 ┌─ 12 ─▶ Green tea ◀─  9 ── Ben Berg
///   Ann Berg ────┼─  3 ─▶ Honey     ◀─ 11 ── Carla Berg
///                 └─  1 ─▶ Kettle
/// ```
pub fn neighbourhood(screen: &Screen, customer: &str, branches: &[Branch]) -> Vec<String> {
    let numbers = branches
        .iter()
        .flat_map(|b| [b.pieces, b.other.as_ref().map_or(0, |(_, n)| *n)]);
    let digits = numbers.map(|n| n.to_string().len()).max().unwrap_or(1);
    let names = branches.iter().map(|b| b.product.chars().count());
    let longest = names.max().unwrap_or(0);
    let indent = " ".repeat(customer.chars().count() + 7);
    let middle = branches.len() / 2;
    let mut lines = Vec::new();
    for (place, branch) in branches.iter().enumerate() {
        let left = match place == middle {
            true => format!("  {} ────", screen.paint(Look::Node, customer)),
            false => indent.clone(),
        };
        let joint = joint(place, branches.len());
        let product = screen.paint(Look::Node, &format!("{:<longest$}", branch.product));
        let mut line = format!("{left}{joint}─ {:>digits$} ─▶ {product}", branch.pieces);
        if let Some((name, pieces)) = &branch.other {
            let name = screen.paint(Look::Node, name);
            let _ = write!(line, " ◀─ {pieces:>digits$} ── {name}");
        }
        lines.push(line);
    }
    lines
}

/// Where a line leaves the trunk; the customer stands before the middle one.
fn joint(place: usize, lines: usize) -> char {
    let (first, last, middle) = (place == 0, place + 1 == lines, place == lines / 2);
    match (first, last, middle) {
        (true, true, _) => '─',
        (true, ..) => '┌',
        (_, true, true) => '┴',
        (_, true, _) => '└',
        (.., true) => '┼',
        _ => '├',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Screen = Screen {
        terminal: false,
        colours: false,
    };

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (-1234567, "-1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn tables_align() {
        let rows = [["Tea", "1,200"], ["Espresso beans", "3"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(
            table(&["product", "sold"], &rows),
            [
                "  product           sold",
                "  Tea              1,200",
                "  Espresso beans       3",
            ]
        );
    }

    #[test]
    fn the_drawing_holds_together() {
        let branch = |product: &str, pieces, other: Option<(&str, i64)>| Branch {
            product: product.to_owned(),
            pieces,
            other: other.map(|(name, n)| (name.to_owned(), n)),
        };
        let branches = [
            branch("Tea", 12, Some(("Ben", 9))),
            branch("Honey", 3, Some(("Eva", 11))),
            branch("Mug", 1, None),
        ];
        assert_eq!(
            neighbourhood(&PLAIN, "Ann", &branches),
            [
                "          ┌─ 12 ─▶ Tea   ◀─  9 ── Ben",
                "  Ann ────┼─  3 ─▶ Honey ◀─ 11 ── Eva",
                "          └─  1 ─▶ Mug  ",
            ]
        );
        assert_eq!(
            neighbourhood(&PLAIN, "Ann", &branches[..2]),
            [
                "          ┌─ 12 ─▶ Tea   ◀─  9 ── Ben",
                "  Ann ────┴─  3 ─▶ Honey ◀─ 11 ── Eva",
            ]
        );
    }

    #[test]
    fn there_are_colours_on_a_terminal_alone() {
        let coloured = Screen {
            terminal: true,
            colours: true,
        };
        assert_eq!(coloured.paint(Look::Node, "x"), "\u{1b}[36mx\u{1b}[0m");
        assert_eq!(PLAIN.paint(Look::Node, "x"), "x");
    }
}
