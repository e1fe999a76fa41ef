//! From Java's syntax to that of the engine.
//!
//! The pattern is read as Java reads it and written anew, so that nothing keeps its text by accident: classes are
//! written out (`\d` is ASCII in Java), anchors become look-around (line ends differ), flags are applied where they
//! stand (`(?i)` is ASCII in Java), groups lose their names, possessive quantifiers become atomic groups.

use super::SyntaxError;

/// A pattern for the engine.
pub(super) struct Translated {
    pub text: String,
    pub groups: usize,
    pub names: Vec<(String, usize)>,
}

pub(super) fn translate(pattern: &str) -> Result<Translated, SyntaxError> {
    let mut translator = Translator {
        pattern,
        letters: unquoted(pattern),
        at: 0,
        flags: Flags::default(),
        groups: 0,
        names: Vec::new(),
        refers_ahead: None,
        out: String::with_capacity(pattern.len() * 2),
        depth: 0,
    };
    translator.alternatives()?;
    if translator.peek().is_some() {
        return Err(translator.error_before("Unmatched closing ')'"));
    }
    if translator
        .refers_ahead
        .is_some_and(|group| group <= translator.groups)
    {
        return Err(translator.unsupported("a reference to a group that comes later"));
    }
    Ok(Translated {
        text: translator.out,
        groups: translator.groups,
        names: translator.names,
    })
}

/// Deeper nesting than any sensible pattern has would exhaust the stack.
const MAX_DEPTH: usize = 100;

/// A character, and whether `\Q…\E` takes its meaning away.
type Letter = (char, bool);

fn unquoted(pattern: &str) -> Vec<Letter> {
    let mut letters = Vec::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix(r"\Q") {
            let (literal, behind) = quoted.split_once(r"\E").unwrap_or((quoted, ""));
            letters.extend(literal.chars().map(|c| (c, true)));
            rest = behind;
            continue;
        }
        letters.push((c, false));
        rest = &rest[c.len_utf8()..];
        if c == '\\'
            && let Some(escaped) = rest.chars().next()
        {
            letters.push((escaped, false));
            rest = &rest[escaped.len_utf8()..];
        }
    }
    letters
}

/// `(?idmsuxU)`
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    pub ignore_case: bool,
    pub unix_lines: bool,
    pub multiline: bool,
    pub dot_all: bool,
    pub unicode_case: bool,
    pub comments: bool,
    pub unicode_classes: bool,
}

pub(super) struct Translator<'a> {
    pattern: &'a str,
    letters: Vec<Letter>,
    pub(super) at: usize,
    pub(super) flags: Flags,
    groups: usize,
    names: Vec<(String, usize)>,
    /// The lowest number of a group referred to before it began.
    refers_ahead: Option<usize>,
    out: String,
    depth: usize,
}

/// Line ends but for the pair `\r\n`.
const LINE_ENDS: &str = r"\n\r\x{85}\x{2028}\x{2029}";

impl Translator<'_> {
    /// In the form of `PatternSyntaxException`, with a mark under the place unless it is the end.
    pub(super) fn error(&self, what: &str) -> SyntaxError {
        self.error_at(what, self.at)
    }

    /// Of what was just read.
    pub(super) fn error_before(&self, what: &str) -> SyntaxError {
        match self.at.checked_sub(1) {
            Some(at) => self.error_at(what, at),
            None => SyntaxError(format!("{what}\n{}", self.pattern)),
        }
    }

    pub(super) fn error_at(&self, what: &str, at: usize) -> SyntaxError {
        let mark = match at < self.pattern.chars().count() {
            true => format!("\n{}^", " ".repeat(at)),
            false => String::new(),
        };
        SyntaxError(format!("{what} near index {at}\n{}{mark}", self.pattern))
    }

    pub(super) fn unsupported(&self, what: &str) -> SyntaxError {
        self.error(&format!(
            "{what} is not supported here; write the pattern without it"
        ))
    }

    /// The next letter. In comments mode blanks and comments are passed over.
    pub(super) fn peek(&mut self) -> Option<Letter> {
        if self.flags.comments {
            while let Some(&(c, quoted)) = self.letters.get(self.at) {
                if quoted {
                    break;
                } else if c == '#' {
                    let rest = &self.letters[self.at..];
                    let length = rest.iter().position(|&(c, _)| matches!(c, '\n' | '\r'));
                    self.at += length.unwrap_or(rest.len());
                } else if matches!(c, ' ' | '\t'..='\r') {
                    self.at += 1;
                } else {
                    break;
                }
            }
        }
        self.letters.get(self.at).copied()
    }

    /// The letter behind the next one.
    pub(super) fn peek_second(&self) -> Option<Letter> {
        self.letters.get(self.at + 1).copied()
    }

    pub(super) fn next(&mut self) -> Option<Letter> {
        let letter = self.peek()?;
        self.at += 1;
        Some(letter)
    }

    /// Takes the next letter if it is this one with its meaning.
    pub(super) fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some((wanted, false));
        if found {
            self.at += 1;
        }
        found
    }

    /// As [`next`](Self::next), but blanks count: inside escapes and group heads.
    fn next_raw(&mut self) -> Option<char> {
        let (c, _) = self.letters.get(self.at).copied()?;
        self.at += 1;
        Some(c)
    }

    /// Into a group or class.
    pub(super) fn descend(&mut self) -> Result<(), SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.unsupported("such deep nesting"));
        }
        Ok(())
    }

    pub(super) fn ascend(&mut self) {
        self.depth -= 1;
    }

    fn alternatives(&mut self) -> Result<(), SyntaxError> {
        self.descend()?;
        loop {
            self.sequence()?;
            if !self.take('|') {
                break;
            }
            self.out.push('|');
        }
        self.ascend();
        Ok(())
    }

    fn sequence(&mut self) -> Result<(), SyntaxError> {
        while let Some((c, quoted)) = self.peek() {
            if !quoted && matches!(c, '|' | ')') {
                break;
            }
            let begin = self.out.len();
            if self.atom()? {
                self.quantifier(begin)?;
            }
        }
        Ok(())
    }

    /// Writes one atom; whether a quantifier may follow.
    fn atom(&mut self) -> Result<bool, SyntaxError> {
        let Some((c, quoted)) = self.next() else {
            return Ok(false);
        };
        if quoted {
            self.literal(c);
            return Ok(true);
        }
        match c {
            '(' => return self.group(),
            '[' => {
                let class = self.class()?;
                self.push_class(&class);
            }
            '\\' => self.escape()?,
            '.' => self.dot(),
            '^' => self.line_begin(),
            '$' => self.line_end(),
            '*' | '+' | '?' => {
                self.at -= 1;
                return Err(self.error(&format!("Dangling meta character '{c}'")));
            }
            '{' => return Err(self.error("Illegal repetition")),
            c => self.literal(c),
        }
        Ok(true)
    }

    fn quantifier(&mut self, begin: usize) -> Result<(), SyntaxError> {
        let quantifier = match self.peek() {
            Some((c @ ('*' | '+' | '?'), false)) => {
                self.at += 1;
                c.to_string()
            }
            Some(('{', false)) => self.counts()?,
            _ => return Ok(()),
        };
        self.out.push_str(&quantifier);
        if self.take('?') {
            self.out.push('?');
        } else if self.take('+') {
            self.out.insert_str(begin, "(?>");
            self.out.push(')');
        }
        match self.peek() {
            Some((c @ ('*' | '+' | '?'), false)) => {
                Err(self.error(&format!("Dangling meta character '{c}'")))
            }
            Some(('{', false)) => Err(self.unsupported("a quantifier behind another")),
            _ => Ok(()),
        }
    }

    /// `{n}`, `{n,}`, `{n,m}`
    fn counts(&mut self) -> Result<String, SyntaxError> {
        self.at += 1;
        let low = self.count()?;
        let mut text = low.to_string();
        if self.take(',') {
            text.push(',');
            if self.peek() != Some(('}', false)) {
                let high = self.count()?;
                if high < low {
                    return Err(self.error("Illegal repetition range"));
                }
                text.push_str(&high.to_string());
            }
        }
        if !self.take('}') {
            return Err(self.error("Unclosed counted closure"));
        }
        Ok(format!("{{{text}}}"))
    }

    fn count(&mut self) -> Result<u32, SyntaxError> {
        let mut digits = String::new();
        while let Some((c, false)) = self.peek() {
            if !c.is_ascii_digit() {
                break;
            }
            digits.push(c);
            self.at += 1;
        }
        if digits.is_empty() {
            return Err(self.error("Illegal repetition"));
        }
        digits
            .parse()
            .map_err(|_| self.error("Illegal repetition range"))
    }

    /// Writes a group; false for flags without one.
    fn group(&mut self) -> Result<bool, SyntaxError> {
        let outer = self.flags;
        if self.peek() != Some(('?', false)) {
            self.groups += 1;
            self.out.push('(');
            return self.group_body(outer);
        }
        self.at += 1;
        let Some(kind) = self.next_raw() else {
            return Err(self.error_before("Unknown inline modifier"));
        };
        match kind {
            ':' | '=' | '!' | '>' => {
                self.out.push_str("(?");
                self.out.push(kind);
            }
            '<' => match self.letters.get(self.at) {
                Some(&(c @ ('=' | '!'), _)) => {
                    self.at += 1;
                    self.out.push_str("(?<");
                    self.out.push(c);
                }
                _ => {
                    let name = self.group_name('>')?;
                    if self.names.iter().any(|(n, _)| *n == name) {
                        let what = format!("Named capturing group <{name}> is already defined");
                        return Err(self.error(&what));
                    }
                    self.groups += 1;
                    self.names.push((name, self.groups));
                    self.out.push('(');
                }
            },
            _ => {
                self.at -= 1;
                return self.modifiers(outer);
            }
        }
        self.group_body(outer)
    }

    /// From behind the head to the closing parenthesis; flags set inside end there.
    fn group_body(&mut self, outer: Flags) -> Result<bool, SyntaxError> {
        self.alternatives()?;
        if !self.take(')') {
            return Err(self.error("Unclosed group"));
        }
        self.flags = outer;
        self.out.push(')');
        Ok(true)
    }

    /// `(?i)` counts to the end of the group around it, `(?i:…)` to its own.
    fn modifiers(&mut self, outer: Flags) -> Result<bool, SyntaxError> {
        let mut value = true;
        let mut flags = self.flags;
        loop {
            match self.next_raw() {
                Some('i') => flags.ignore_case = value,
                Some('d') => flags.unix_lines = value,
                Some('m') => flags.multiline = value,
                Some('s') => flags.dot_all = value,
                Some('u') => flags.unicode_case = value,
                Some('x') => flags.comments = value,
                Some('U') => {
                    flags.unicode_classes = value;
                    flags.unicode_case = value;
                }
                Some('-') if value => value = false,
                Some(')') => {
                    self.flags = flags;
                    return Ok(false);
                }
                Some(':') => {
                    self.flags = flags;
                    self.out.push_str("(?:");
                    return self.group_body(outer);
                }
                _ => return Err(self.error_before("Unknown inline modifier")),
            }
        }
    }

    fn group_name(&mut self, end: char) -> Result<String, SyntaxError> {
        let mut name = String::new();
        loop {
            match self.next_raw() {
                Some(c) if c.is_ascii_alphabetic() => name.push(c),
                Some(c) if c.is_ascii_digit() && !name.is_empty() => name.push(c),
                Some(c) if c == end && !name.is_empty() => return Ok(name),
                _ if name.is_empty() => {
                    return Err(self
                        .error_before("capturing group name does not start with a Latin letter"));
                }
                _ => {
                    let what = format!("named capturing group is missing trailing '{end}'");
                    return Err(self.error(&what));
                }
            }
        }
    }

    fn dot(&mut self) {
        match (self.flags.dot_all, self.flags.unix_lines) {
            (true, _) => self.out.push_str("(?s:.)"),
            (false, true) => self.out.push_str(r"[^\n]"),
            (false, false) => {
                self.out.push_str("[^");
                self.out.push_str(LINE_ENDS);
                self.out.push(']');
            }
        }
    }

    fn line_begin(&mut self) {
        self.out
            .push_str(match (self.flags.multiline, self.flags.unix_lines) {
                (false, _) => r"(?:\A)",
                (true, true) => r"(?:(?:\A|(?<=\n))(?!\z))",
                (true, false) => r"(?:(?:\A|(?<=[\n\x{85}\x{2028}\x{2029}])|(?<=\r)(?!\n))(?!\z))",
            });
    }

    /// At the end, before a line end that is the last, and with `m` before any.
    fn line_end(&mut self) {
        self.out
            .push_str(match (self.flags.multiline, self.flags.unix_lines) {
                (false, true) => r"(?:(?=\n?\z))",
                (true, true) => r"(?:(?=\n|\z))",
                (false, false) => LAST_LINE_END,
                (true, false) => r"(?:(?=\r|(?<!\r)\n|[\x{85}\x{2028}\x{2029}]|\z))",
            });
    }

    fn literal(&mut self, c: char) {
        let swapped = swap_case(c);
        if self.flags.ignore_case && self.flags.unicode_case && c.is_alphabetic() {
            self.out.push_str("(?i:");
            push_char(&mut self.out, c);
            self.out.push(')');
        } else if self.flags.ignore_case && swapped != c {
            self.out.extend(['[', c, swapped, ']']);
        } else {
            push_char(&mut self.out, c);
        }
    }

    fn push_class(&mut self, class: &str) {
        if self.flags.ignore_case && self.flags.unicode_case {
            self.out.push_str("(?i:");
            self.out.push_str(class);
            self.out.push(')');
        } else {
            self.out.push_str(class);
        }
    }

    /// Behind a backslash, outside of classes.
    fn escape(&mut self) -> Result<(), SyntaxError> {
        let Some(c) = self.next_raw() else {
            return Err(self.error("Unexpected internal error"));
        };
        match c {
            'A' => self.out.push_str(r"(?:\A)"),
            'z' => self.out.push_str(r"(?:\z)"),
            'Z' if self.flags.unix_lines => self.out.push_str(r"(?:(?=\n?\z))"),
            'Z' => self.out.push_str(LAST_LINE_END),
            'b' if self.letters.get(self.at) == Some(&('{', false)) => {
                return Err(self.unsupported(r"\b{g}"));
            }
            'b' => self.out.push_str(r"(?:\b)"),
            'B' => self.out.push_str(r"(?:\B)"),
            'R' => {
                self.out
                    .push_str(r"(?:\r\n|[\n\x0B\x0C\r\x{85}\x{2028}\x{2029}])");
            }
            'G' => return Err(self.unsupported(r"\G")),
            'X' => return Err(self.unsupported(r"\X")),
            'k' => {
                if self.next_raw() != Some('<') {
                    return Err(self.error(r"\k is not followed by '<' for named capturing group"));
                }
                let name = self.group_name('>')?;
                let known = self.names.iter().find(|(n, _)| *n == name);
                let Some(&(_, group)) = known else {
                    let what = format!("named capturing group <{name}> does not exist");
                    return Err(self.error_before(&what));
                };
                self.refer(group)?;
            }
            '1'..='9' => {
                let mut group = c as usize - '0' as usize;
                // As many digits as make the number of a group.
                while let Some(&(digit @ '0'..='9', false)) = self.letters.get(self.at) {
                    let longer = group * 10 + (digit as usize - '0' as usize);
                    if longer > self.groups {
                        break;
                    }
                    group = longer;
                    self.at += 1;
                }
                self.refer(group)?;
            }
            c => match self.predefined(c)? {
                Some(class) => self.push_class(&class),
                None => {
                    let c = self.escaped_char(c)?;
                    self.literal(c);
                }
            },
        }
        Ok(())
    }

    fn refer(&mut self, group: usize) -> Result<(), SyntaxError> {
        if self.flags.ignore_case {
            return Err(self.unsupported("a back reference under (?i)"));
        }
        if group > self.groups {
            // A group that does not exist never matches.
            self.refers_ahead = Some(self.refers_ahead.map_or(group, |least| least.min(group)));
            self.out.push_str("(?!)");
        } else {
            self.out.push_str(&format!(r"(?:\{group})"));
        }
        Ok(())
    }

    /// The character that an escape stands for.
    pub(super) fn escaped_char(&mut self, c: char) -> Result<char, SyntaxError> {
        let code = match c {
            't' => 0x09,
            'n' => 0x0A,
            'r' => 0x0D,
            'f' => 0x0C,
            'a' => 0x07,
            'e' => 0x1B,
            '0' => self.octal()?,
            'x' if self.letters.get(self.at) == Some(&('{', false)) => {
                self.at += 1;
                self.hexadecimal_to('}')?
            }
            'x' => self.hexadecimal(2)?,
            'u' => self.utf16()?,
            'c' => match self.next_raw() {
                Some(c) => u32::from(c) ^ 64,
                None => return Err(self.error("Illegal control escape sequence")),
            },
            'N' => return Err(self.unsupported(r"\N{…}")),
            c if c.is_ascii_alphabetic() => {
                return Err(self.error_before("Illegal/unsupported escape sequence"));
            }
            c => return Ok(c),
        };
        char::from_u32(code).ok_or_else(|| self.unsupported("half of a surrogate pair"))
    }

    fn hexadecimal(&mut self, digits: usize) -> Result<u32, SyntaxError> {
        let mut code = 0;
        for _ in 0..digits {
            let digit = self.next_raw().and_then(|c| c.to_digit(16));
            code = code * 16
                + digit.ok_or_else(|| self.error("Illegal hexadecimal escape sequence"))?;
        }
        Ok(code)
    }

    fn hexadecimal_to(&mut self, end: char) -> Result<u32, SyntaxError> {
        let mut code: u32 = 0;
        let mut digits = 0;
        loop {
            match self.next_raw() {
                Some(c) if c == end && digits > 0 => return Ok(code),
                Some(c) if c.is_ascii_hexdigit() && code <= 0x10_FFFF => {
                    code = code * 16 + c.to_digit(16).unwrap_or(0);
                    digits += 1;
                }
                _ => return Err(self.error("Unclosed hexadecimal escape sequence")),
            }
        }
    }

    /// One escape or two that are a surrogate pair.
    fn utf16(&mut self) -> Result<u32, SyntaxError> {
        let high = self.hexadecimal(4)?;
        let behind = [('\\', false), ('u', false)];
        if (0xD800..0xDC00).contains(&high) && self.letters[self.at..].starts_with(&behind) {
            let begin = self.at;
            self.at += 2;
            let low = self.hexadecimal(4)?;
            if (0xDC00..0xE000).contains(&low) {
                return Ok(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00));
            }
            self.at = begin;
        }
        Ok(high)
    }

    /// One to three digits, at most 377.
    fn octal(&mut self) -> Result<u32, SyntaxError> {
        let mut code = 0;
        let mut digits = 0;
        while let Some(&(c @ '0'..='7', false)) = self.letters.get(self.at) {
            let longer = code * 8 + c as u32 - '0' as u32;
            if digits == 3 || longer > 0o377 {
                break;
            }
            code = longer;
            digits += 1;
            self.at += 1;
        }
        if digits == 0 {
            return Err(self.error("Illegal octal escape sequence"));
        }
        Ok(code)
    }

    /// Up to the brace, or one letter.
    pub(super) fn property_name(&mut self) -> Result<String, SyntaxError> {
        match self.next_raw() {
            Some('{') => {}
            Some(c) => return Ok(c.to_string()),
            None => return Err(self.error("Unclosed character family")),
        }
        let mut name = String::new();
        loop {
            match self.next_raw() {
                Some('}') if name.is_empty() => return Err(self.error("Empty character family")),
                Some('}') => return Ok(name),
                Some(c) => name.push(c),
                None => return Err(self.error("Unclosed character family")),
            }
        }
    }
}

const LAST_LINE_END: &str = r"(?:(?=(?:\r\n|(?<!\r)\n|[\r\x{85}\x{2028}\x{2029}])?\z))";

/// The other case of an ASCII letter.
pub(super) fn swap_case(c: char) -> char {
    if c.is_ascii_lowercase() {
        c.to_ascii_uppercase()
    } else {
        c.to_ascii_lowercase()
    }
}

/// A character without any meaning, in a class or outside.
pub(super) fn push_char(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() || c == '_' {
        out.push(c);
    } else {
        out.push_str(&format!(r"\x{{{:X}}}", u32::from(c)));
    }
}
