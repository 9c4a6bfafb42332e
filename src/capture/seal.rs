//! Seals values for the store: nobody without the store's key reads or exchanges them.
//!
//! A sealed value is `version ‖ nonce ‖ ciphertext ‖ tag` (ChaCha20-Poly1305, RFC 8439). What is
//! encrypted is `MessagePack` of model types; the version stands for their layout. Table, column and
//! row are authenticated too, so a sealed value moved to another place does not open.

use std::fmt;

use ring::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf;
use ring::rand::{SecureRandom, SystemRandom};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use zeroize::Zeroizing;

/// The length of a store's key in bytes.
pub const KEY_BYTES: usize = 32;

/// The layout of the values that this version writes.
const VERSION: u8 = 1;

/// A store's master key: only keys derived from it are ever used.
pub struct StoreKey(Zeroizing<[u8; KEY_BYTES]>);

impl StoreKey {
    /// A key from its bytes.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A new random key.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn random() -> Result<Self, SealError> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        SystemRandom::new()
            .fill(bytes.as_mut_slice())
            .map_err(|_unspecified| SealError::NoRandom)?;
        Ok(Self(bytes))
    }

    /// The bytes, to be written to the key file.
    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// The key of one purpose (HKDF-SHA-256, RFC 5869).
    pub fn derive(&self, purpose: Purpose) -> Zeroizing<[u8; KEY_BYTES]> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"why401 store");
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        salt.extract(self.0.as_slice())
            .expand(&[purpose.label()], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(key.as_mut_slice()))
            .expect("32 bytes are one block of HKDF-SHA-256");
        key
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKey")
    }
}

/// What a derived key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Keyed fingerprints of secrets.
    Fingerprint,
    /// Sealing values.
    Seal,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Fingerprint => b"fingerprint",
            Self::Seal => b"seal",
        }
    }
}

/// Where a sealed value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot<'a> {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row's own name.
    pub row: &'a str,
}

impl Slot<'_> {
    fn aad(&self) -> Vec<u8> {
        let Self { table, column, row } = self;
        format!("{VERSION}\0{table}\0{column}\0{row}").into_bytes()
    }
}

/// Why a value was not sealed or opened.
#[derive(Debug, Error)]
pub enum SealError {
    /// Another layout than this version knows.
    #[error("the sealed value has the layout {0}, which this version does not know")]
    Version(u8),
    /// Not sealed with this key for this place, or damaged.
    #[error("the sealed value does not open: it is damaged, or the key is another one")]
    Rejected,
    /// Opened, but not what was expected there.
    #[error("the sealed value opens, but what it holds is not understood")]
    Decode(#[source] rmp_serde::decode::Error),
    /// The value cannot be written.
    #[error("the value cannot be encoded")]
    Encode(#[source] rmp_serde::encode::Error),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandom,
}

/// Seals and opens values with one key.
pub struct Sealer {
    key: LessSafeKey,
    random: SystemRandom,
}

impl Sealer {
    /// A sealer with the sealing key derived from that store key.
    pub fn new(key: &StoreKey) -> Self {
        let bytes = key.derive(Purpose::Seal);
        let key = UnboundKey::new(&aead::CHACHA20_POLY1305, bytes.as_slice())
            .expect("a key of 32 bytes is what ChaCha20 takes");
        Self {
            key: LessSafeKey::new(key),
            random: SystemRandom::new(),
        }
    }

    /// Seals a value for that place.
    ///
    /// # Errors
    /// When it cannot be encoded, or without random bytes.
    pub fn seal<T: Serialize>(&self, slot: Slot<'_>, value: &T) -> Result<Vec<u8>, SealError> {
        let plain = Zeroizing::new(rmp_serde::to_vec_named(value).map_err(SealError::Encode)?);
        let mut nonce = [0; aead::NONCE_LEN];
        self.random
            .fill(&mut nonce)
            .map_err(|_unspecified| SealError::NoRandom)?;
        let mut sealed = Vec::with_capacity(HEADER + plain.len() + aead::MAX_TAG_LEN);
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        let mut body = plain.to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(slot.aad()),
                &mut body,
            )
            .map_err(|_unspecified| SealError::Rejected)?;
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Opens what was sealed for that place.
    ///
    /// # Errors
    /// When it was sealed for another place or with another key, is damaged, or holds something else.
    pub fn open<T: DeserializeOwned>(&self, slot: Slot<'_>, sealed: &[u8]) -> Result<T, SealError> {
        let (version, rest) = sealed.split_first().ok_or(SealError::Rejected)?;
        if *version != VERSION {
            return Err(SealError::Version(*version));
        }
        let (nonce, body) = rest
            .split_first_chunk::<{ aead::NONCE_LEN }>()
            .ok_or(SealError::Rejected)?;
        let mut body = Zeroizing::new(body.to_vec());
        let plain = self
            .key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(slot.aad()),
                body.as_mut_slice(),
            )
            .map_err(|_unspecified| SealError::Rejected)?;
        rmp_serde::from_slice(plain).map_err(SealError::Decode)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

const HEADER: usize = 1 + aead::NONCE_LEN;

#[cfg(test)]
mod tests {
    use super::*;

    const SLOT: Slot<'static> = Slot {
        table: "failures",
        column: "exchange",
        row: "01J",
    };

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&StoreKey::new([byte; KEY_BYTES]))
    }

    #[test]
    fn a_sealed_value_opens_at_its_place_with_its_key() {
        let sealed = sealer(1).seal(SLOT, &("canary", 7_u32)).unwrap();
        assert!(!sealed.windows(6).any(|w| w == b"canary"));
        let (word, number): (String, u32) = sealer(1).open(SLOT, &sealed).unwrap();
        assert_eq!((word.as_str(), number), ("canary", 7));
    }

    #[test]
    fn a_sealed_value_moved_or_under_another_key_is_rejected() {
        let sealed = sealer(1).seal(SLOT, &1_u32).unwrap();
        let moved = Slot { row: "01K", ..SLOT };
        assert!(matches!(
            sealer(1).open::<u32>(moved, &sealed),
            Err(SealError::Rejected)
        ));
        assert!(matches!(
            sealer(2).open::<u32>(SLOT, &sealed),
            Err(SealError::Rejected)
        ));
    }

    #[test]
    fn every_changed_or_missing_byte_is_an_error_and_no_panic() {
        let sealed = sealer(1).seal(SLOT, &"some text").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(sealer(1).open::<String>(SLOT, &changed).is_err());
            assert!(sealer(1).open::<String>(SLOT, &sealed[..at]).is_err());
        }
    }

    #[test]
    fn two_seals_of_one_value_differ() {
        let sealer = sealer(1);
        assert_ne!(
            sealer.seal(SLOT, &1_u8).unwrap(),
            sealer.seal(SLOT, &1_u8).unwrap()
        );
    }

    #[test]
    fn each_purpose_has_its_own_key() {
        let key = StoreKey::new([9; KEY_BYTES]);
        assert_ne!(key.derive(Purpose::Seal), key.derive(Purpose::Fingerprint));
        assert_eq!(key.derive(Purpose::Seal), key.derive(Purpose::Seal));
    }
}
