//! Signature and envelope of pushed messages: SHA-1 over sorted texts, and AES-256 in CBC mode over
//! `16 random bytes | length | message | AppID`, padded to blocks of 32. Pure functions; nothing is read or kept here.

use super::Refusal;
use aes::Aes256;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rustls::crypto::ring::default_provider;
use sha1::{Digest, Sha1};
use std::fmt;
use subtle::ConstantTimeEq;

/// The platform pads to blocks of 32 bytes, although those of AES have 16.
const BLOCK: usize = 32;
/// Random bytes and length before the message.
const HEAD: usize = 20;

/// 43 characters carry 258 bits, and the two that are left over need not be zero.
const FORGIVING: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An EncodingAESKey, decoded. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct AesKey([u8; 32]);

impl AesKey {
    /// Reads the 43 characters that the backend shows; `None` where they are no key.
    pub fn from_encoded(text: &str) -> Option<AesKey> {
        let text = text.trim();
        if text.len() != 43 {
            return None;
        }
        let bytes = FORGIVING.decode(text).ok()?;
        Some(AesKey(bytes.try_into().ok()?))
    }

    fn iv(&self) -> [u8; 16] {
        let mut iv = [0; 16];
        iv.copy_from_slice(&self.0[..16]);
        iv
    }
}

impl fmt::Debug for AesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// A decrypted envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub random: [u8; 16],
    pub message: Vec<u8>,
    pub appid: Vec<u8>,
}

/// SHA-1 over the texts, sorted by bytes and joined.
pub fn digest(texts: &[&str]) -> [u8; 20] {
    let mut sorted = texts.to_vec();
    sorted.sort_unstable();
    let mut sha = Sha1::new();
    for text in sorted {
        sha.update(text.as_bytes());
    }
    sha.finalize().into()
}

/// The digest as the platform writes it: 40 lower-case hexadecimal digits.
pub fn signature(texts: &[&str]) -> String {
    hex::encode(digest(texts))
}

/// Whether `given` is the signature of `texts`; takes the same time wherever they differ.
pub fn signed(given: &str, texts: &[&str]) -> bool {
    signature(texts).as_bytes().ct_eq(given.as_bytes()).into()
}

/// Builds the envelope and encrypts it; gives the text of `Encrypt`.
pub fn encrypt(key: &AesKey, random: [u8; 16], message: &[u8], appid: &str) -> String {
    let mut plain = Vec::with_capacity(HEAD + message.len() + appid.len() + BLOCK);
    plain.extend_from_slice(&random);
    // A message is a few hundred bytes; one beyond 4 GiB cannot exist here.
    plain.extend_from_slice(
        &u32::try_from(message.len())
            .unwrap_or(u32::MAX)
            .to_be_bytes(),
    );
    plain.extend_from_slice(message);
    plain.extend_from_slice(appid.as_bytes());
    let padding = BLOCK - plain.len() % BLOCK;
    plain.resize(plain.len() + padding, padding as u8);
    let length = plain.len();
    let cipher = cbc::Encryptor::<Aes256>::new(&key.0.into(), &key.iv().into());
    // Whole blocks of 32 are whole blocks of 16, so nothing is refused here.
    match cipher.encrypt_padded::<NoPadding>(&mut plain, length) {
        Ok(encrypted) => FORGIVING.encode(encrypted),
        Err(_) => String::new(),
    }
}

/// Opens the text of `Encrypt`. To be called only once its signature was found good, so that a stranger learns nothing
/// from how it fails. The AppID is handed out unchecked.
pub fn decrypt(key: &AesKey, encrypted: &str) -> Result<Envelope, Refusal> {
    let mut bytes = FORGIVING
        .decode(encrypted.trim())
        .map_err(|_| Refusal::Undecryptable)?;
    if bytes.is_empty() || bytes.len() % 16 != 0 {
        return Err(Refusal::Undecryptable);
    }
    let cipher = cbc::Decryptor::<Aes256>::new(&key.0.into(), &key.iv().into());
    let plain = cipher
        .decrypt_padded::<NoPadding>(&mut bytes)
        .map_err(|_| Refusal::Undecryptable)?;
    unpack(plain).ok_or(Refusal::Undecryptable)
}

/// Takes padding and layout apart; `None` where they are not as they must be.
fn unpack(plain: &[u8]) -> Option<Envelope> {
    let padding = usize::from(*plain.last()?);
    if !(1..=BLOCK).contains(&padding) || padding > plain.len() {
        return None;
    }
    let (content, pad) = plain.split_at(plain.len() - padding);
    if pad.iter().any(|byte| usize::from(*byte) != padding) {
        return None;
    }
    let (random, rest) = content.split_first_chunk::<16>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (message, appid) = rest.split_at_checked(length)?;
    Some(Envelope {
        random: *random,
        message: message.to_vec(),
        appid: appid.to_vec(),
    })
}

/// Bytes nobody can guess, for the head of an envelope.
pub fn random16() -> [u8; 16] {
    let mut bytes = [0; 16];
    if default_provider().secure_random.fill(&mut bytes).is_err() {
        // The system has no randomness just now; the prefix only blurs equal messages, the key keeps them.
        fastrand::fill(&mut bytes);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "K7dQ2mVx9TzYb4LsR8nWcE1uHf6PjXa3GoMtZi5ByND";

    proptest! {
        #[test]
        fn what_was_encrypted_is_decrypted(
            key in any::<[u8; 32]>(),
            random in any::<[u8; 16]>(),
            message in proptest::collection::vec(any::<u8>(), 0..2_000),
            appid in "wx[0-9a-f]{0,16}",
        ) {
            let key = AesKey(key);
            let opened = decrypt(&key, &encrypt(&key, random, &message, &appid)).expect("opened");
            prop_assert_eq!(opened, Envelope { random, message, appid: appid.into_bytes() });
        }

        #[test]
        fn any_text_is_opened_or_refused(encrypted in ".{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let key = AesKey::from_encoded(KEY).expect("a key");
            let _ = decrypt(&key, &encrypted);
            let _ = decrypt(&key, &FORGIVING.encode(&bytes));
            let _ = unpack(&bytes);
        }
    }

    #[test]
    fn a_key_may_have_surplus_bits_and_nothing_else_is_a_key() {
        let key =
            AesKey::from_encoded("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").expect("a key");
        assert_eq!(
            hex::encode(key.0),
            "69b71d79f8218a39259a7a29aabb2dbafc31cb3d35db7e39ebbf3d0010831051"
        );
        for wrong in [
            "",
            "abc",
            &KEY[1..],
            "K7dQ2mVx9TzYb4LsR8nWcE1uHf6PjXa3GoMtZi5By!D",
        ] {
            assert!(AesKey::from_encoded(wrong).is_none(), "{wrong}");
        }
        assert_eq!(format!("{key:?}"), "(hidden)");
    }

    #[test]
    fn the_published_signature_is_reproduced() {
        let texts = ["AAAAA", "1714036504", "1514711492"];
        assert_eq!(
            signature(&texts),
            "f464b24fc39322e44b38aa78f5edd27bd1441696"
        );
        assert!(signed("f464b24fc39322e44b38aa78f5edd27bd1441696", &texts));
        assert!(!signed("f464b24fc39322e44b38aa78f5edd27bd1441697", &texts));
        assert!(!signed("", &texts));
    }
}
