//! Noise that is the same every time, and what it does to a good file.

/// A small random number generator (SplitMix64): tests must be able to repeat what they saw.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// Starts from `seed`; equal seeds give equal numbers.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 when `limit` is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next_u64() % (limit.max(1) as u64)) as usize
    }
}

/// The first `percent` of a file, as an upload that broke off.
pub fn truncated(bytes: &[u8], percent: usize) -> Vec<u8> {
    let keep = bytes.len() * percent.min(100) / 100;
    bytes.iter().take(keep).copied().collect()
}

/// A file with `count` bytes replaced by noise, here and there.
pub fn flip_bytes(bytes: &[u8], seed: u64, count: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut out = bytes.to_vec();
    for _ in 0..count {
        let at = random.below(out.len());
        let noise = random.next_u64() as u8;
        if let Some(byte) = out.get_mut(at) {
            *byte = noise;
        }
    }
    out
}

/// `length` bytes of noise behind a given beginning, such as `%PDF-1.7` or `PK`.
pub fn garbage(beginning: &[u8], length: usize, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let noise = (0..length).map(|_| random.next_u64() as u8);
    beginning.iter().copied().chain(noise).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_repeats_and_spares_the_rest() {
        assert_eq!(garbage(b"%PDF-1.7\n", 64, 5), garbage(b"%PDF-1.7\n", 64, 5));
        assert_ne!(garbage(b"", 64, 5), garbage(b"", 64, 6));
        let good = vec![0; 1000];
        let flipped = flip_bytes(&good, 9, 10);
        assert_eq!(flipped.len(), 1000);
        assert!(flipped.iter().filter(|b| **b != 0).count() <= 10);
        assert_eq!(truncated(&good, 40).len(), 400);
        assert!(flip_bytes(b"", 1, 3).is_empty());
    }
}
