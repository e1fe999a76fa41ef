//! [`Charset`]: the character sets that Java knows by name.

use bytes::Bytes;
use bytestring::ByteString;
use encoding_rs::{EncoderResult, Encoding};

use crate::common;

/// A character set, found by any of its Java names in any case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Charset {
    Utf8,
    Ascii,
    /// The first 256 characters of Unicode, unlike the Web's `iso-8859-1`.
    Latin1,
    /// ISO-8859-9: Latin-1 with six Turkish letters.
    Latin5,
    Utf16(Order),
    Utf32(Order),
    Other(&'static Encoding),
}

/// The order of the bytes of a unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    /// As the byte order mark says, big-endian without one. UTF-16 is then written with one.
    Marked,
    Big,
    Little,
}

impl Charset {
    /// The character set of that name (`Charset.forName`).
    pub fn for_name(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        Some(match lower.as_str() {
            "utf-8" | "utf8" | "unicode-1-1-utf-8" => Charset::Utf8,
            "us-ascii" | "ascii" | "ascii7" | "iso646-us" | "646" | "us" | "cp367" | "ibm367"
            | "csascii" | "iso-ir-6" | "ansi_x3.4-1968" | "ansi_x3.4-1986" | "default"
            | "iso_646.irv:1991" => Charset::Ascii,
            "latin1" | "l1" | "cp819" | "ibm819" | "ibm-819" | "819" | "csisolatin1"
            | "iso-ir-100" | "iso_8859-1:1987" => Charset::Latin1,
            "utf-16" | "utf_16" | "utf16" | "unicode" | "unicodebig" => {
                Charset::Utf16(Order::Marked)
            }
            "utf-16be" | "utf_16be" | "x-utf-16be" | "unicodebigunmarked" | "iso-10646-ucs-2" => {
                Charset::Utf16(Order::Big)
            }
            "utf-16le" | "utf_16le" | "x-utf-16le" | "unicodelittleunmarked" => {
                Charset::Utf16(Order::Little)
            }
            "utf-32" | "utf_32" | "utf32" | "iso-10646-ucs-4" => Charset::Utf32(Order::Marked),
            "utf-32be" | "utf_32be" | "x-utf-32be" => Charset::Utf32(Order::Big),
            "utf-32le" | "utf_32le" | "x-utf-32le" => Charset::Utf32(Order::Little),
            other => return iso_8859(other).or_else(|| other_charset(other).map(Charset::Other)),
        })
    }

    /// Text of bytes; what is malformed becomes U+FFFD. UTF-8 is taken over without a copy.
    pub fn decode(self, bytes: Bytes) -> ByteString {
        let text: String = match self {
            Charset::Utf8 => return decode_utf8(bytes),
            Charset::Ascii => bytes
                .iter()
                .map(|b| if b.is_ascii() { *b as char } else { '\u{fffd}' })
                .collect(),
            Charset::Latin1 => bytes.iter().map(|b| *b as char).collect(),
            Charset::Latin5 => bytes.iter().map(|b| from_latin5(*b)).collect(),
            Charset::Utf16(order) => decode_utf16(order, &bytes),
            Charset::Utf32(order) => decode_utf32(order, &bytes),
            Charset::Other(encoding) => {
                let text = encoding.decode_without_bom_handling(&bytes).0;
                if lacks_controls(encoding) {
                    text.replace(is_c1, "\u{fffd}")
                } else {
                    text.into_owned()
                }
            }
        };
        text.into()
    }

    /// Bytes of a text; characters that the set lacks become `?`.
    pub fn encode(self, text: ByteString) -> Bytes {
        let bytes: Vec<u8> = match self {
            Charset::Utf8 => return text.into_bytes(),
            Charset::Ascii => text
                .chars()
                .map(|c| if c.is_ascii() { c as u8 } else { b'?' })
                .collect(),
            Charset::Latin1 => text
                .chars()
                .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
                .collect(),
            Charset::Latin5 => text.chars().map(to_latin5).collect(),
            Charset::Utf16(order) => encode_utf16(order, &text),
            Charset::Utf32(Order::Little) => text
                .chars()
                .flat_map(|c| u32::from(c).to_le_bytes())
                .collect(),
            Charset::Utf32(_) => text
                .chars()
                .flat_map(|c| u32::from(c).to_be_bytes())
                .collect(),
            Charset::Other(encoding) => encode_other(encoding, &text),
        };
        bytes.into()
    }
}

/// The Web reads the bytes that a Windows code page leaves open as control characters; Java does not.
fn lacks_controls(encoding: &'static Encoding) -> bool {
    encoding.is_single_byte() && encoding.name().starts_with("windows-")
}

fn is_c1(c: char) -> bool {
    matches!(c, '\u{80}'..='\u{9f}')
}

/// The numbered parts of ISO 8859 in their many spellings.
fn iso_8859(name: &str) -> Option<Charset> {
    let name = name.strip_prefix("iso").unwrap_or(name);
    let name = name.trim_start_matches(['-', '_']);
    let part = name.strip_prefix("8859")?.strip_prefix(['-', '_'])?;
    Some(match part {
        "1" => Charset::Latin1,
        "2" => Charset::Other(encoding_rs::ISO_8859_2),
        "3" => Charset::Other(encoding_rs::ISO_8859_3),
        "4" => Charset::Other(encoding_rs::ISO_8859_4),
        "5" => Charset::Other(encoding_rs::ISO_8859_5),
        "6" => Charset::Other(encoding_rs::ISO_8859_6),
        "7" => Charset::Other(encoding_rs::ISO_8859_7),
        "8" => Charset::Other(encoding_rs::ISO_8859_8),
        "9" => Charset::Latin5,
        "13" => Charset::Other(encoding_rs::ISO_8859_13),
        "15" => Charset::Other(encoding_rs::ISO_8859_15),
        "16" => Charset::Other(encoding_rs::ISO_8859_16),
        _ => return None,
    })
}

fn other_charset(name: &str) -> Option<&'static Encoding> {
    Some(match name {
        "windows-1250" | "cp1250" => encoding_rs::WINDOWS_1250,
        "windows-1251" | "cp1251" => encoding_rs::WINDOWS_1251,
        "windows-1252" | "cp1252" => encoding_rs::WINDOWS_1252,
        "windows-1253" | "cp1253" => encoding_rs::WINDOWS_1253,
        "windows-1254" | "cp1254" => encoding_rs::WINDOWS_1254,
        "windows-1255" | "cp1255" => encoding_rs::WINDOWS_1255,
        "windows-1256" | "cp1256" => encoding_rs::WINDOWS_1256,
        "windows-1257" | "cp1257" => encoding_rs::WINDOWS_1257,
        "windows-1258" | "cp1258" => encoding_rs::WINDOWS_1258,
        "latin2" | "l2" => encoding_rs::ISO_8859_2,
        "latin-9" | "latin9" | "l9" => encoding_rs::ISO_8859_15,
        "koi8-r" | "koi8_r" | "koi8" | "cskoi8r" => encoding_rs::KOI8_R,
        "koi8-u" | "koi8_u" => encoding_rs::KOI8_U,
        "ibm866" | "cp866" | "ibm-866" | "866" | "csibm866" => encoding_rs::IBM866,
        "shift_jis" | "shift-jis" | "sjis" | "x-sjis" | "ms_kanji" | "csshiftjis"
        | "windows-31j" | "ms932" | "windows-932" | "cswindows31j" => encoding_rs::SHIFT_JIS,
        "euc-jp" | "euc_jp" | "eucjp" | "eucjis" | "x-euc-jp" | "x-eucjp" => encoding_rs::EUC_JP,
        "iso-2022-jp" | "iso2022jp" | "jis" | "csiso2022jp" | "jis_encoding" => {
            encoding_rs::ISO_2022_JP
        }
        "euc-kr" | "euc_kr" | "euckr" | "ks_c_5601-1987" | "ksc5601" | "ksc_5601" | "5601"
        | "x-windows-949" | "ms949" | "windows-949" => encoding_rs::EUC_KR,
        "gbk" | "cp936" | "windows-936" | "gb2312" | "euc-cn" | "euc_cn" | "euccn"
        | "gb2312-80" | "x-euc-cn" => encoding_rs::GBK,
        "gb18030" | "gb18030-2000" | "gb18030-2022" => encoding_rs::GB18030,
        "big5" | "csbig5" => encoding_rs::BIG5,
        "tis-620" | "tis620" | "tis620.2533" | "x-windows-874" | "ms874" | "windows-874" => {
            encoding_rs::WINDOWS_874
        }
        _ => return None,
    })
}

/// UTF-8 as Java decodes it: like everyone else, but a surrogate's three bytes become one U+FFFD, not three.
pub(crate) fn decode_utf8(bytes: Bytes) -> ByteString {
    let bytes = match common::text(bytes) {
        Ok(text) => return text,
        Err(bytes) => bytes,
    };
    let mut text = String::with_capacity(bytes.len());
    let mut rest = &bytes[..];
    while let Err(error) = std::str::from_utf8(rest) {
        let (valid, bad) = rest.split_at(error.valid_up_to());
        text.push_str(std::str::from_utf8(valid).unwrap_or_default());
        text.push(char::REPLACEMENT_CHARACTER);
        let len = match bad {
            [0xed, 0xa0..=0xbf, 0x80..=0xbf, ..] => 3,
            [0xed, 0xa0..=0xbf, ..] => 2,
            _ => error.error_len().unwrap_or(bad.len()),
        };
        rest = &bad[len..];
    }
    text.push_str(std::str::from_utf8(rest).unwrap_or_default());
    text.into()
}

fn from_latin5(byte: u8) -> char {
    match byte {
        0xd0 => 'Ğ',
        0xdd => 'İ',
        0xde => 'Ş',
        0xf0 => 'ğ',
        0xfd => 'ı',
        0xfe => 'ş',
        other => other as char,
    }
}

fn to_latin5(c: char) -> u8 {
    let byte = match c {
        'Ğ' => 0xd0,
        'İ' => 0xdd,
        'Ş' => 0xde,
        'ğ' => 0xf0,
        'ı' => 0xfd,
        'ş' => 0xfe,
        other => match u8::try_from(u32::from(other)) {
            Ok(byte) => byte,
            Err(_) => return b'?',
        },
    };
    if from_latin5(byte) == c { byte } else { b'?' }
}

fn decode_utf16(order: Order, bytes: &[u8]) -> String {
    let (order, bytes) = match (order, bytes) {
        (Order::Marked, [0xff, 0xfe, rest @ ..]) => (Order::Little, rest),
        (Order::Marked, [0xfe, 0xff, rest @ ..]) => (Order::Big, rest),
        (order, bytes) => (order, bytes),
    };
    let (units, odd) = bytes.as_chunks::<2>();
    let mut units = units.iter().map(|unit| match order {
        Order::Little => u16::from_le_bytes(*unit),
        _ => u16::from_be_bytes(*unit),
    });
    let mut text = String::with_capacity(bytes.len() / 2);
    let mut cut_off = !odd.is_empty();
    while let Some(unit) = units.next() {
        // The first half of a pair takes the next unit with it, whether that is the second half or not.
        let pair = match unit {
            0xd800..0xdc00 => units.next().map(|next| [unit, next]),
            _ => Some([unit, 0]),
        };
        let c = pair.and_then(|pair| char::decode_utf16(pair).next()?.ok());
        cut_off &= pair.is_some();
        text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    if cut_off {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

fn encode_utf16(order: Order, text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 * text.len() + 2);
    if order == Order::Marked && !text.is_empty() {
        bytes.extend_from_slice(&[0xfe, 0xff]);
    }
    for unit in text.encode_utf16() {
        bytes.extend_from_slice(&match order {
            Order::Little => unit.to_le_bytes(),
            _ => unit.to_be_bytes(),
        });
    }
    bytes
}

fn decode_utf32(order: Order, bytes: &[u8]) -> String {
    let (order, bytes) = match (order, bytes) {
        (Order::Marked, [0xff, 0xfe, 0, 0, rest @ ..]) => (Order::Little, rest),
        (Order::Marked, [0, 0, 0xfe, 0xff, rest @ ..]) => (Order::Big, rest),
        (order, bytes) => (order, bytes),
    };
    let (units, odd) = bytes.as_chunks::<4>();
    let mut text: String = units
        .iter()
        .map(|unit| match order {
            Order::Little => u32::from_le_bytes(*unit),
            _ => u32::from_be_bytes(*unit),
        })
        .map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    if !odd.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

fn encode_other(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    let mut encoder = encoding.new_encoder();
    let mut bytes = Vec::with_capacity(text.len() + 16);
    let replaced = lacks_controls(encoding).then(|| text.replace(is_c1, "?"));
    let mut rest = replaced.as_deref().unwrap_or(text);
    loop {
        let (result, read) =
            encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut bytes, true);
        rest = &rest[read..];
        match result {
            EncoderResult::InputEmpty => return bytes,
            EncoderResult::OutputFull => bytes.reserve(rest.len() * 2 + 16),
            EncoderResult::Unmappable(_) => bytes.push(b'?'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_names_are_found_in_any_case() {
        for name in [
            "UTF-8",
            "utf8",
            "Latin1",
            "ISO8859_1",
            "8859_15",
            "Cp1252",
            "windows-1251",
            "SJIS",
            "EUC_KR",
            "UTF-16LE",
            "utf_32",
            "GB18030",
            "KOI8_R",
            "iso-8859-9",
        ] {
            assert!(Charset::for_name(name).is_some(), "{name}");
        }
        for name in [
            "",
            " ",
            "no-such",
            "iso-8859-12",
            "8859",
            "x-user-defined",
            "replacement",
        ] {
            assert_eq!(Charset::for_name(name), None, "{name}");
        }
    }

    #[test]
    fn text_goes_there_and_back() {
        for (name, text, bytes) in [
            ("ISO-8859-1", "h\u{80}é", &b"h\x80\xe9"[..]),
            ("ISO-8859-9", "ığĞ", b"\xfd\xf0\xd0"),
            ("UTF-16", "a", b"\xfe\xff\0a"),
            ("UTF-16LE", "a", b"a\0"),
            ("UTF-32", "a", b"\0\0\0a"),
            ("Shift_JIS", "日", b"\x93\xfa"),
            ("windows-1252", "€", b"\x80"),
        ] {
            let charset = Charset::for_name(name).unwrap();
            assert_eq!(charset.encode(text.into()), bytes, "{name}");
            assert_eq!(charset.decode(Bytes::from_static(bytes)), text, "{name}");
        }
    }

    #[test]
    fn what_is_malformed_is_replaced_as_in_java() {
        for (name, bytes, text) in [
            ("UTF-8", &b"\xed\xa0\x80\xf0\x9f"[..], "\u{fffd}\u{fffd}"),
            ("UTF-16", b"\xd9\xd0@(b\x80\xa0", "\u{fffd}\u{6280}\u{fffd}"),
            ("UTF-16", b"\xda\x8c,", "\u{fffd}"),
            ("windows-1252", b"\x81", "\u{fffd}"),
        ] {
            let charset = Charset::for_name(name).unwrap();
            assert_eq!(charset.decode(Bytes::from_static(bytes)), text, "{name}");
        }
        let encoded = Charset::for_name("cp1252").unwrap().encode("\u{81}".into());
        assert_eq!(encoded, "?");
    }

    #[test]
    fn what_a_set_lacks_is_a_question_mark() {
        for (name, bytes) in [
            ("US-ASCII", "a?"),
            ("ISO-8859-1", "a?"),
            ("ISO-8859-9", "a?"),
            ("Big5", "a?"),
        ] {
            assert_eq!(Charset::for_name(name).unwrap().encode("a😀".into()), bytes);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_any(bytes: Vec<u8>, which in 0usize..12) {
            let names = ["UTF-8", "UTF-16", "UTF-16BE", "UTF-32", "GBK", "GB18030", "Big5", "EUC-JP", "ISO-2022-JP",
                "Shift_JIS", "EUC-KR", "ISO-8859-9"];
            let charset = Charset::for_name(names[which]).unwrap();
            charset.encode(charset.decode(bytes.into()));
        }
    }
}
