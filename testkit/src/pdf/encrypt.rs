//! Encryption with an empty user password, as programs do that only forbid printing: anybody can
//! open the file, and nothing in its streams can be found by looking for words.
//!
//! It is the oldest and simplest of PDF's handlers (40-bit RC4), which every reader knows and nobody
//! should use. Being a stream cipher, it leaves lengths and offsets what they are.

/// `pdf` encrypted; it must have a plain cross-reference table, and its streams a direct `/Length`.
///
/// Only streams are encrypted. A reader decrypts strings too, so names of layers and document
/// information come out garbled; no text on a page does.
pub fn encrypted(pdf: &[u8]) -> Vec<u8> {
    let owner = [b'o'; 32];
    let id = [b'i'; 16];
    let permissions = (-4i32).to_le_bytes();
    let key = &md5(&[&PADDING[..], &owner, &permissions, &id].concat())[..5];
    let mut out = pdf.to_vec();
    let mut at = 0;
    while let Some(begins) = find(pdf, b" obj\n", at) {
        let ends = find(pdf, b"endobj", begins).unwrap_or(pdf.len());
        let header = pdf[..begins].rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let number = number(header);
        if let Some((from, to)) = stream(pdf, begins, ends) {
            let object_key = md5(&[key, &number.to_le_bytes()[..3], &[0, 0]].concat());
            rc4(&object_key[..10], &mut out[from..to]);
        }
        at = ends.max(begins + 1);
    }
    let mut user = PADDING;
    rc4(key, &mut user);
    let entries = format!(
        "<< /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{}> /U <{}> >> /ID [<{id}> <{id}>]",
        hex(&owner),
        hex(&user),
        id = hex(&id),
    );
    let trailer = find(pdf, b"trailer", 0).and_then(|at| find(pdf, b"<<", at));
    if let Some(at) = trailer {
        out.splice(at..at + 2, entries.bytes());
    }
    out
}

/// What fills up a password, which an empty one is made of.
const PADDING: [u8; 32] = [
    0x28, 0xBF, 0x4E, 0x5E, 0x4E, 0x75, 0x8A, 0x41, 0x64, 0x00, 0x4E, 0x56, 0xFF, 0xFA, 0x01, 0x08,
    0x2E, 0x2E, 0x00, 0xB6, 0xD0, 0x68, 0x3E, 0x80, 0x2F, 0x0C, 0xA9, 0xFE, 0x64, 0x53, 0x69, 0x7A,
];

fn find(bytes: &[u8], word: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.windows(word.len()).position(|window| window == word).map(|at| at + from)
}

fn number(digits: &[u8]) -> u32 {
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
}

/// Where the bytes of an object's stream are.
fn stream(pdf: &[u8], begins: usize, ends: usize) -> Option<(usize, usize)> {
    const LENGTH: &[u8] = b"/Length ";
    let word = find(pdf, b"stream\n", begins).filter(|at| *at < ends)?;
    let length = find(pdf, LENGTH, begins).filter(|at| *at < word)? + LENGTH.len();
    let from = word + b"stream\n".len();
    Some((from, from + number(&pdf[length..]) as usize))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn rc4(key: &[u8], data: &mut [u8]) {
    let mut state: [u8; 256] = std::array::from_fn(|i| i as u8);
    let mut j = 0u8;
    for i in 0..256 {
        j = j.wrapping_add(state[i]).wrapping_add(key[i % key.len()]);
        state.swap(i, usize::from(j));
    }
    let (mut i, mut j) = (0u8, 0u8);
    for byte in data {
        i = i.wrapping_add(1);
        j = j.wrapping_add(state[usize::from(i)]);
        state.swap(usize::from(i), usize::from(j));
        let at = state[usize::from(i)].wrapping_add(state[usize::from(j)]);
        *byte ^= state[usize::from(at)];
    }
}

/// The digest of RFC 1321.
fn md5(message: &[u8]) -> [u8; 16] {
    const SHIFTS: [[u32; 4]; 4] =
        [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(64), 0);
    if padded.len() - message.len() < 9 {
        padded.resize(padded.len() + 64, 0);
    }
    let end = padded.len() - 8;
    padded[end..].copy_from_slice(&(message.len() as u64 * 8).to_le_bytes());

    let mut digest = [0x6745_2301u32, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476];
    for block in padded.chunks_exact(64) {
        let word = |at: usize| {
            u32::from_le_bytes([
                block[at * 4],
                block[at * 4 + 1],
                block[at * 4 + 2],
                block[at * 4 + 3],
            ])
        };
        let [mut a, mut b, mut c, mut d] = digest;
        for step in 0..64 {
            let (mixed, at) = match step / 16 {
                0 => ((b & c) | (!b & d), step),
                1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
                2 => (b ^ c ^ d, (3 * step + 5) % 16),
                _ => (c ^ (b | !d), (7 * step) % 16),
            };
            let sine = (((step + 1) as f64).sin().abs() * 4_294_967_296.0) as u32;
            let sum = a.wrapping_add(mixed).wrapping_add(sine).wrapping_add(word(at));
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(SHIFTS[step / 16][step % 4]));
        }
        for (sum, part) in digest.iter_mut().zip([a, b, c, d]) {
            *sum = sum.wrapping_add(part);
        }
    }
    let mut bytes = [0; 16];
    for (four, word) in bytes.chunks_exact_mut(4).zip(digest) {
        four.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ciphers_are_those_of_their_standards() {
        assert_eq!(hex(&md5(b"")), "D41D8CD98F00B204E9800998ECF8427E");
        assert_eq!(hex(&md5(b"message digest")), "F96B697D7CB7938D525A2F31AAF161D0");
        let long =
            b"12345678901234567890123456789012345678901234567890123456789012345678901234567890";
        assert_eq!(hex(&md5(long)), "57EDF4A22BE3C955AC49DA2E2107B67A");
        let mut data = *b"Plaintext";
        rc4(b"Key", &mut data);
        assert_eq!(hex(&data), "BBF316E8D940AF0AD3");
    }

    #[test]
    fn words_cannot_be_found_and_lengths_are_the_same() {
        let plain = crate::pdf::simple(&["Jane Doe"]);
        let locked = encrypted(&plain);
        assert!(find(&plain, b"Jane Doe", 0).is_some());
        assert!(find(&locked, b"Jane Doe", 0).is_none());
        let trailer = find(&plain, b"trailer", 0).unwrap();
        assert_eq!(find(&locked, b"trailer", 0), Some(trailer));
        assert!(find(&locked, b"/Encrypt", trailer).is_some());
    }
}
