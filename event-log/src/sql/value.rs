//! Values that are bound to placeholders.

use std::borrow::Cow;

/// A value, with its type even when there is none: PostgreSQL asks for it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'v> {
    /// A number of 64 bits, or a yes (1) or no (0).
    Int(Option<i64>),
    /// A floating-point number.
    Real(Option<f64>),
    /// Text. PostgreSQL cannot store U+0000, so that both are given U+FFFD instead.
    Text(Option<Cow<'v, str>>),
    /// Bytes.
    Bytes(Option<Cow<'v, [u8]>>),
}

fn text(text: Cow<'_, str>) -> Value<'_> {
    let storable = if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text };
    Value::Text(Some(storable))
}

macro_rules! number {
    ($($from:ty: $to:expr;)*) => {$(
        impl From<$from> for Value<'_> {
            fn from(value: $from) -> Self {
                Self::Int(Some($to(value)))
            }
        }

        impl From<&$from> for Value<'_> {
            fn from(value: &$from) -> Self {
                (*value).into()
            }
        }

        impl From<Option<$from>> for Value<'_> {
            fn from(value: Option<$from>) -> Self {
                value.map_or(Self::Int(None), Into::into)
            }
        }

        impl From<&Option<$from>> for Value<'_> {
            fn from(value: &Option<$from>) -> Self {
                (*value).into()
            }
        }
    )*};
}

number! {
    i64: |n| n;
    u64: |n| i64::try_from(n).unwrap_or(i64::MAX);
    usize: |n| i64::try_from(n).unwrap_or(i64::MAX);
    u32: i64::from;
    u16: i64::from;
    u8: i64::from;
    bool: i64::from;
}

impl From<f64> for Value<'_> {
    fn from(value: f64) -> Self {
        Self::Real(Some(value))
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(value: &'v str) -> Self {
        text(value.into())
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        text(value.into())
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(value: &'v String) -> Self {
        text(value.as_str().into())
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(Some(value.into()))
    }
}

impl<'v> From<&'v [u8]> for Value<'v> {
    fn from(value: &'v [u8]) -> Self {
        Self::Bytes(Some(value.into()))
    }
}

impl<'v> From<Option<&'v str>> for Value<'v> {
    fn from(value: Option<&'v str>) -> Self {
        value.map_or(Self::Text(None), Into::into)
    }
}

impl From<Option<String>> for Value<'_> {
    fn from(value: Option<String>) -> Self {
        value.map_or(Self::Text(None), Into::into)
    }
}

impl<'v> From<&'v Option<String>> for Value<'v> {
    fn from(value: &'v Option<String>) -> Self {
        value.as_deref().into()
    }
}

impl<'v> From<Option<&'v String>> for Value<'v> {
    fn from(value: Option<&'v String>) -> Self {
        value.map(String::as_str).into()
    }
}
