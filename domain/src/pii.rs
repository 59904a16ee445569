//! Personal data: a value that can be held and used, but neither printed nor stored in the clear.
//!
//! A decision puts a person's own data or words in a [`Pii`]. On append the event log turns each of
//! them into ciphertext under that person's key; on reading it opens them again, or leaves them
//! erased when the key was destroyed.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A sealed value, or one on its way to be sealed.
///
/// `Debug` never shows the value. `Serialize` writes ciphertext and refuses to write clear text.
#[derive(Clone, PartialEq, Eq)]
pub struct Pii<T>(State<T>);

#[derive(Clone, PartialEq, Eq)]
enum State<T> {
    Clear(T),
    Sealed(String),
    Erased,
}

/// Ciphertext as it stands in an event: base64 of nonce and AEAD output.
#[derive(Serialize, Deserialize)]
struct Wire {
    sealed: String,
}

impl<T> Pii<T> {
    /// Marks a value as personal.
    pub fn new(value: T) -> Self {
        Self(State::Clear(value))
    }

    /// The value, unless it is still sealed or was erased.
    pub fn get(&self) -> Option<&T> {
        match &self.0 {
            State::Clear(value) => Some(value),
            State::Sealed(_) | State::Erased => None,
        }
    }

    /// The value, unless it is still sealed or was erased.
    pub fn into_inner(self) -> Option<T> {
        match self.0 {
            State::Clear(value) => Some(value),
            State::Sealed(_) | State::Erased => None,
        }
    }

    /// Whether the person's key was destroyed, so that nobody can ever read it again.
    pub fn is_erased(&self) -> bool {
        matches!(self.0, State::Erased)
    }
}

impl<T> From<T> for Pii<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T> std::fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            State::Clear(_) => "Pii(clear)",
            State::Sealed(_) => "Pii(sealed)",
            State::Erased => "Pii(erased)",
        })
    }
}

impl<T> Serialize for Pii<T> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            State::Sealed(text) => Wire { sealed: text.clone() }.serialize(s),
            State::Clear(_) => {
                Err(serde::ser::Error::custom("personal data must be sealed before it is written"))
            }
            State::Erased => Err(serde::ser::Error::custom("erased data cannot be written")),
        }
    }
}

impl<'de, T> Deserialize<'de> for Pii<T> {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self(State::Sealed(Wire::deserialize(d)?.sealed)))
    }
}

/// As it stands in an event: always sealed.
impl<T> schemars::JsonSchema for Pii<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Sealed".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Personal data under the person's own key: base64 of nonce and ciphertext. The live feed tells null.",
            "type": ["object", "null"],
            "properties": { "sealed": { "type": "string", "contentEncoding": "base64" } },
            "required": ["sealed"],
            "additionalProperties": false,
        })
    }
}

/// Turns clear text into ciphertext.
pub type Seal<'a> = dyn FnMut(&[u8]) -> Result<String, PiiError> + 'a;

/// Turns ciphertext into clear text; `None` means the key was destroyed.
pub type Open<'a> = dyn FnMut(&str) -> Result<Option<Vec<u8>>, PiiError> + 'a;

/// One personal field of an event, whatever its type: what sealing and opening work on.
pub trait PiiField {
    /// Replaces clear text by what `seal` makes of it. Sealed and erased fields stay as they are.
    ///
    /// # Errors
    /// Those of `seal`, or of serialising the value.
    fn seal(&mut self, seal: &mut Seal<'_>) -> Result<(), PiiError>;

    /// Replaces ciphertext by what `open` finds in it; `None` means the key was destroyed.
    ///
    /// # Errors
    /// Those of `open`, or of reading the value.
    fn open(&mut self, open: &mut Open<'_>) -> Result<(), PiiError>;
}

/// Why a field could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PiiError(pub String);

impl<T: Serialize + DeserializeOwned> PiiField for Pii<T> {
    fn seal(&mut self, seal: &mut Seal<'_>) -> Result<(), PiiError> {
        if let State::Clear(value) = &self.0 {
            let clear = serde_json::to_vec(value).map_err(|e| PiiError(e.to_string()))?;
            self.0 = State::Sealed(seal(&clear)?);
        }
        Ok(())
    }

    fn open(&mut self, open: &mut Open<'_>) -> Result<(), PiiError> {
        if let State::Sealed(text) = &self.0 {
            self.0 = match open(text)? {
                Some(clear) => {
                    let value = serde_json::from_slice(&clear)
                        .map_err(|e| PiiError(format!("sealed value has another shape: {e}")))?;
                    State::Clear(value)
                }
                None => State::Erased,
            };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_text_is_neither_printed_nor_written() {
        let name = Pii::new("Ada".to_owned());
        assert_eq!(format!("{name:?}"), "Pii(clear)");
        assert!(serde_json::to_string(&name).is_err());
    }

    #[test]
    fn sealing_and_opening_give_the_value_back_or_say_it_is_erased() {
        let mut name = Pii::new("Ada".to_owned());
        name.seal(&mut |clear| Ok(String::from_utf8_lossy(clear).chars().rev().collect())).unwrap();
        assert_eq!(name.get(), None);
        let wire = serde_json::to_string(&name).unwrap();
        let mut back: Pii<String> = serde_json::from_str(&wire).unwrap();
        let mut gone = back.clone();
        back.open(&mut |text| Ok(Some(text.chars().rev().collect::<String>().into_bytes())))
            .unwrap();
        assert_eq!(back.get().map(String::as_str), Some("Ada"));
        gone.open(&mut |_| Ok(None)).unwrap();
        assert!(gone.is_erased());
    }
}
