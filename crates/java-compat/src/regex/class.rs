//! Character classes: `[a-z&&[^b]]`, `\d`, `\p{Alpha}`.

use super::SyntaxError;
use super::translate::{Translator, push_char, swap_case};

/// `\h` and `\v`
const BLANKS: &str = r"\x{20}\t\x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}";
const VERTICAL: &str = r"\n\x0B\x0C\r\x{85}\x{2028}\x{2029}";
const SPACES: &str = r"\x{20}\t\n\x0B\x0C\r";
/// `Character.isWhitespace`
const JAVA_WHITESPACE: &str = r"\t-\r\x1C-\x1F\x{20}\x{1680}\x{2000}-\x{2006}\x{2008}-\x{200A}\x{2028}\x{2029}\x{205F}\x{3000}";

impl Translator<'_> {
    /// A class behind its opening bracket, as the engine writes it.
    pub(super) fn class(&mut self) -> Result<String, SyntaxError> {
        self.descend()?;
        let class = self.class_inside()?;
        self.ascend();
        Ok(class)
    }

    fn class_inside(&mut self) -> Result<String, SyntaxError> {
        let negated = self.take('^');
        let mut sets: Vec<String> = Vec::new();
        let mut items = String::new();
        loop {
            let Some((c, quoted)) = self.next() else {
                return Err(self.unclosed_class());
            };
            match c {
                ']' if !quoted && (!items.is_empty() || !sets.is_empty()) => break,
                '[' if !quoted => {
                    let inner = self.class()?;
                    items.push_str(&inner);
                }
                '&' if !quoted && self.peek() == Some(('&', false)) => {
                    while self.take('&') {}
                    if !items.is_empty() {
                        sets.push(std::mem::take(&mut items));
                    }
                }
                _ => self.class_item(c, quoted, &mut items)?,
            }
        }
        if !items.is_empty() {
            sets.push(items);
        }
        let head = if negated { "[^" } else { "[" };
        Ok(match sets.as_slice() {
            [] => return Err(self.error("Bad class syntax")),
            [one] => format!("{head}{one}]"),
            several => {
                let several: Vec<String> = several.iter().map(|set| format!("[{set}]")).collect();
                format!("{head}{}]", several.join("&&"))
            }
        })
    }

    fn unclosed_class(&self) -> SyntaxError {
        self.error_at("Unclosed character class", self.at.saturating_sub(1))
    }

    /// A character, a range or an escaped class.
    fn class_item(&mut self, c: char, quoted: bool, items: &mut String) -> Result<(), SyntaxError> {
        let low = match (c, quoted) {
            ('\\', false) => match self.class_escape()? {
                Item::Class(class) => {
                    items.push_str(&class);
                    return Ok(());
                }
                Item::Char(c) => c,
            },
            _ => c,
        };
        let ranges = self.peek() == Some(('-', false))
            && !matches!(self.peek_second(), None | Some((']' | '[', false)));
        if !ranges {
            self.push_range(items, low, low);
            return Ok(());
        }
        self.take('-');
        let high = match self.next() {
            Some(('\\', false)) => match self.class_escape()? {
                Item::Char(c) => c,
                Item::Class(_) => return Err(self.error_before("Illegal character range")),
            },
            Some((c, _)) => c,
            None => return Err(self.unclosed_class()),
        };
        if high < low {
            return Err(self.error_before("Illegal character range"));
        }
        self.push_range(items, low, high);
        Ok(())
    }

    fn class_escape(&mut self) -> Result<Item, SyntaxError> {
        let Some((c, _)) = self.next() else {
            return Err(self.unclosed_class());
        };
        match self.predefined(c)? {
            Some(class) => Ok(Item::Class(class)),
            None => self.escaped_char(c).map(Item::Char),
        }
    }

    /// Without `u`, ignoring case concerns ASCII letters only.
    fn push_range(&self, items: &mut String, low: char, high: char) {
        let mut push = |low: char, high: char| {
            push_char(items, low);
            if low != high {
                items.push('-');
                push_char(items, high);
            }
        };
        push(low, high);
        if self.flags.ignore_case {
            for (first, last) in [('a', 'z'), ('A', 'Z')] {
                let (first, last) = (low.max(first), high.min(last));
                if first <= last {
                    push(swap_case(first), swap_case(last));
                }
            }
        }
    }

    /// The class that a letter behind a backslash stands for, if it stands for one.
    pub(super) fn predefined(&mut self, c: char) -> Result<Option<String>, SyntaxError> {
        let unicode = self.flags.unicode_classes;
        let positive = match c.to_ascii_lowercase() {
            'd' if unicode => r"\p{Nd}",
            'd' => "0-9",
            's' if unicode => r"\s",
            's' => SPACES,
            'w' if unicode => r"\w",
            'w' => "a-zA-Z_0-9",
            'h' => BLANKS,
            'v' => VERTICAL,
            'p' => {
                let name = self.property_name()?;
                let class = self.property(&name)?;
                let negated = c == 'P';
                return Ok(Some(bracketed(&class, negated)));
            }
            _ => return Ok(None),
        };
        Ok(Some(bracketed(positive, c.is_ascii_uppercase())))
    }

    /// The inside of a class for `\p{name}`.
    fn property(&self, name: &str) -> Result<String, SyntaxError> {
        let ignore_case = self.flags.ignore_case;
        let posix = match (name, self.flags.unicode_classes) {
            ("Lower" | "Upper", false) if ignore_case => "a-zA-Z",
            ("Lower", false) => "a-z",
            ("Upper", false) => "A-Z",
            ("Alpha", false) => "a-zA-Z",
            ("Digit", false) => "0-9",
            ("Alnum", false) => "a-zA-Z0-9",
            ("Punct", false) => r"!-/:-@\[-`\{-~",
            ("Graph", false) => "!-~",
            ("Print", false) => r"\x{20}-~",
            ("Blank", false) => r"\x{20}\t",
            ("Cntrl", false) => r"\x00-\x1F\x7F",
            ("XDigit", false) => "0-9a-fA-F",
            ("Space", false) => SPACES,
            ("Lower", true) => r"\p{Lowercase}",
            ("Upper", true) => r"\p{Uppercase}",
            ("Alpha", true) => r"\p{Alphabetic}",
            ("Digit", true) => r"\p{Nd}",
            ("Alnum", true) => r"\p{Alphabetic}\p{Nd}",
            ("Punct", true) => r"\p{P}",
            ("Space", true) => r"\p{White_Space}",
            ("Cntrl", true) => r"\p{Cc}",
            ("Graph" | "Print" | "Blank" | "XDigit", true) => {
                return Err(self.unsupported(&format!(r"\p{{{name}}} under (?U)")));
            }
            ("ASCII", _) => r"\x00-\x7F",
            ("L1", _) => r"\x00-\x{FF}",
            ("all" | "ALL", _) => r"\x{0}-\x{10FFFF}",
            ("javaLowerCase" | "javaUpperCase" | "javaTitleCase", _) if ignore_case => {
                r"\p{Lowercase}\p{Uppercase}\p{Lt}"
            }
            ("javaLowerCase", _) => r"\p{Lowercase}",
            ("javaUpperCase", _) => r"\p{Uppercase}",
            ("javaTitleCase", _) => r"\p{Lt}",
            ("javaAlphabetic", _) => r"\p{Alphabetic}",
            ("javaDigit", _) => r"\p{Nd}",
            ("javaLetter", _) => r"\p{L}",
            ("javaLetterOrDigit", _) => r"\p{L}\p{Nd}",
            ("javaWhitespace", _) => JAVA_WHITESPACE,
            ("javaSpaceChar", _) => r"\p{Z}",
            ("javaISOControl", _) => r"\x00-\x1F\x7F-\x{9F}",
            _ => return self.unicode_property(name),
        };
        Ok(posix.to_owned())
    }

    /// `\p{Lu}`, `\p{IsLatin}`, `\p{IsAlphabetic}`, `\p{sc=Latin}`
    fn unicode_property(&self, name: &str) -> Result<String, SyntaxError> {
        if let Some((kind, value)) = name.split_once('=') {
            return match kind.to_ascii_lowercase().as_str() {
                "sc" | "script" => Ok(format!(r"\p{{Script={value}}}")),
                "gc" | "general_category" => self.category(value, name),
                _ => Err(self.unsupported(&format!(r"\p{{{name}}}"))),
            };
        }
        let Some(value) = name.strip_prefix("Is") else {
            return self.category(name, name);
        };
        if let Ok(category) = self.category(value, name) {
            return Ok(category);
        }
        let binary = match value.to_ascii_uppercase().as_str() {
            "LOWERCASE" | "UPPERCASE" | "TITLECASE" if self.flags.ignore_case => {
                r"\p{Lowercase}\p{Uppercase}\p{Lt}"
            }
            "ALPHABETIC" => r"\p{Alphabetic}",
            "LETTER" => r"\p{L}",
            "LOWERCASE" => r"\p{Lowercase}",
            "UPPERCASE" => r"\p{Uppercase}",
            "TITLECASE" => r"\p{Lt}",
            "PUNCTUATION" => r"\p{P}",
            "CONTROL" => r"\p{Cc}",
            "WHITE_SPACE" => r"\p{White_Space}",
            "DIGIT" => r"\p{Nd}",
            "HEX_DIGIT" => r"\p{Nd}\p{Hex_Digit}",
            "IDEOGRAPHIC" => r"\p{Ideographic}",
            "ASSIGNED" => r"\P{Cn}",
            _ => return Ok(format!(r"\p{{Script={value}}}")),
        };
        Ok(binary.to_owned())
    }

    fn category(&self, category: &str, name: &str) -> Result<String, SyntaxError> {
        const CATEGORIES: [&str; 37] = [
            "C", "Cc", "Cf", "Cn", "Co", "Cs", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me",
            "Mn", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc",
            "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs",
        ];
        match category {
            "Lu" | "Ll" | "Lt" if self.flags.ignore_case => {}
            "LC" => {}
            "LD" => return Ok(r"\p{L}\p{Nd}".to_owned()),
            known if CATEGORIES.contains(&known) => return Ok(format!(r"\p{{{known}}}")),
            _ if category.starts_with("In") => {
                return Err(self.unsupported(&format!("The Unicode block {{{name}}}")));
            }
            _ => {
                let what = format!("Unknown character property name {{{name}}}");
                return Err(self.error_before(&what));
            }
        }
        Ok(r"\p{Lu}\p{Ll}\p{Lt}".to_owned())
    }
}

enum Item {
    Char(char),
    Class(String),
}

fn bracketed(inside: &str, negated: bool) -> String {
    let head = if negated { "[^" } else { "[" };
    format!("{head}{inside}]")
}
