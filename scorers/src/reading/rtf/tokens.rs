//! Tokens of RTF. Nothing fails: what is no token is a byte of text.

/// A piece of RTF.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'a> {
    Open,
    Close,
    /// A control word: `\fs24` is "fs" with 24.
    Word(&'a str, Option<i32>),
    /// A control symbol: `\~`.
    Symbol(u8),
    /// A byte of text that was written `\'e9`.
    Hex(u8),
    Byte(u8),
}

/// The tokens of a file, in turn.
pub(super) struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    fn word(&mut self) -> Token<'a> {
        let letters = self.rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let (name, rest) = self.rest.split_at(letters);
        self.rest = rest;
        let minus = usize::from(self.rest.first() == Some(&b'-'));
        let digits = self.rest.iter().skip(minus).take_while(|b| b.is_ascii_digit()).count();
        let mut value = None;
        if digits > 0 {
            let number = self.rest.iter().skip(minus).take(digits).fold(0i32, |number, digit| {
                number.saturating_mul(10).saturating_add(i32::from(digit - b'0'))
            });
            value = Some(if minus > 0 { -number } else { number });
            self.skip(minus + digits);
        }
        if self.rest.first() == Some(&b' ') {
            self.skip(1);
        }
        let name = std::str::from_utf8(name).unwrap_or_default();
        if name == "bin" {
            // Bytes as they are, whatever they look like.
            self.skip(usize::try_from(value.unwrap_or(0)).unwrap_or(0));
        }
        Token::Word(name, value)
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(match (first, rest.first().copied()) {
            (b'{', _) => Token::Open,
            (b'}', _) => Token::Close,
            (b'\\', Some(letter)) if letter.is_ascii_alphabetic() => self.word(),
            (b'\\', Some(b'\'')) => {
                let digit =
                    |at: usize| rest.get(at).and_then(|digit| char::from(*digit).to_digit(16));
                let byte = digit(1).zip(digit(2)).and_then(|(a, b)| u8::try_from(a * 16 + b).ok());
                self.skip(if byte.is_some() { 3 } else { 1 });
                byte.map_or(Token::Symbol(b'\''), Token::Hex)
            }
            (b'\\', Some(symbol)) => {
                self.skip(1);
                Token::Symbol(symbol)
            }
            (b'\\', None) => return None, // Cut short.
            (byte, _) => Token::Byte(byte),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Token, Tokens};

    #[test]
    fn tokens_are_told_and_nothing_runs_past_the_end() {
        let tokens: Vec<_> = Tokens::of(b"{\\fs-24 a\\'e9\\~\\bin3 }}}\\b0}").collect();
        let expected = [
            Token::Open,
            Token::Word("fs", Some(-24)),
            Token::Byte(b'a'),
            Token::Hex(0xE9),
            Token::Symbol(b'~'),
            Token::Word("bin", Some(3)),
            Token::Word("b", Some(0)),
            Token::Close,
        ];
        assert_eq!(tokens, expected);
        assert_eq!(Tokens::of(b"\\").next(), None);
        assert_eq!(
            Tokens::of(b"\\'e").collect::<Vec<_>>(),
            [Token::Symbol(b'\''), Token::Byte(b'e')]
        );
        let huge = Tokens::of(b"\\bin99999999999 }").collect::<Vec<_>>();
        assert_eq!(huge, [Token::Word("bin", Some(i32::MAX))]);
        assert_eq!(Tokens::of(b"\\bin-5 }").last(), Some(Token::Close));
    }
}
