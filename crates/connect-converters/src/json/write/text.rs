//! Scalars and names to JSON.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_api::data::Value;
use connect_api::data::values::{Utf8, write_java_double, write_java_float};

pub fn scalar(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Boolean(b) => write_bool(out, *b),
        Value::Int8(n) => write_integer(out, (*n).into()),
        Value::Int16(n) => write_integer(out, (*n).into()),
        Value::Int32(n) => write_integer(out, (*n).into()),
        Value::Int64(n) => write_integer(out, *n),
        Value::Float32(f) => {
            let quoted = !f.is_finite();
            write_quoted_if(out, quoted, |out| {
                let _ = write_java_float(&mut Utf8(out), *f);
            });
        }
        Value::Float64(d) => {
            let quoted = !d.is_finite();
            write_quoted_if(out, quoted, |out| {
                let _ = write_java_double(&mut Utf8(out), *d);
            });
        }
        Value::String(text) => write_string(out, text),
        Value::Bytes(bytes) => write_base64(out, bytes),
        _ => {}
    }
}

fn write_quoted_if(out: &mut Vec<u8>, quoted: bool, write: impl FnOnce(&mut Vec<u8>)) {
    if quoted {
        out.push(b'"');
    }
    write(out);
    if quoted {
        out.push(b'"');
    }
}

pub fn write_name(out: &mut Vec<u8>, name: &str) {
    out.push(b',');
    write_string(out, name);
    out.push(b':');
}

pub fn write_bool(out: &mut Vec<u8>, b: bool) {
    out.extend_from_slice(if b { b"true" } else { b"false" });
}

pub fn write_integer(out: &mut Vec<u8>, n: i64) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{n}");
}

pub fn write_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    write_string(out, &STANDARD.encode(bytes));
}

/// Characters beyond U+FFFF are written as two escapes, because that is how Java's writer sees them.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = rest
        .bytes()
        .position(|b| b < 0x20 || b == b'"' || b == b'\\' || b >= 0xf0)
    {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let mut chars = rest[at..].chars();
        if let Some(c) = chars.next() {
            write_escape(out, c);
        }
        rest = chars.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
    out.push(b'"');
}

fn write_escape(out: &mut Vec<u8>, c: char) {
    let short = match c {
        '"' => b'"',
        '\\' => b'\\',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        _ => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04X}");
            }
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}
