//! Keys of 32 bytes, and the file that keeps a developer's keys between starts.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine};
use secrecy::{ExposeSecret, SecretBox, SecretSlice, SecretString};

use super::setting::{self, Setting};
use super::{ConfigError, Database};

/// What stands before the 32 bytes of an Ed25519 private key in PKCS#8 (RFC 8410).
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
/// Random bytes hardly repeat: 32 of them with fewer different ones come from a keyboard.
const FEWEST_DIFFERENT_BYTES: usize = 16;
/// The name of the file of kept keys, beside the database.
const KEPT: &str = "development-keys";

/// The keys the server works with.
#[derive(Debug)]
pub struct Keys {
    /// Ed25519 keys of access tokens.
    pub signing: SigningKeys,
    /// The keys that seal what the database must not show.
    pub seal: SealKeys,
}

/// A secret of 32 bytes, wiped from memory when dropped.
#[derive(Debug)]
pub struct SecretKey(SecretBox<[u8; 32]>);

/// Ed25519 keys, never none: the current one signs, all verify.
#[derive(Debug)]
pub struct SigningKeys {
    /// Signs, and verifies.
    pub current: SecretKey,
    /// Verify only what they signed before the last change of keys.
    pub former: Vec<SecretKey>,
}

/// Keys that seal, never none: the current one seals, all open.
#[derive(Debug)]
pub struct SealKeys {
    /// Seals, and opens.
    pub current: SecretKey,
    /// Open only what they sealed before the last change of keys.
    pub former: Vec<SecretKey>,
}

impl SealKeys {
    /// Reads keys separated by commas.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut keys = text.split(',').map(SecretKey::parse);
        Some(Self { current: keys.next()??, former: keys.collect::<Option<_>>()? })
    }

    /// All keys that open, the sealing one first.
    pub fn iter(&self) -> impl Iterator<Item = &SecretKey> {
        std::iter::once(&self.current).chain(&self.former)
    }
}

impl SecretKey {
    /// A fresh key.
    fn generate() -> Self {
        Self(SecretBox::init_with(rand::random))
    }

    /// Reads 32 bytes in base64.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::from_slice(&decode(text.trim())?)
    }

    /// Reads an Ed25519 key: PKCS#8 in PEM, its line ends perhaps written as `\n`, or the seed in base64.
    fn parse_signing(text: &str) -> Option<Self> {
        let text = SecretString::from(text.replace("\\n", "\n"));
        let text = text.expose_secret().trim();
        let Some(pem) = text.strip_prefix("-----BEGIN PRIVATE KEY-----") else { return Self::parse(text) };
        let body: String = pem.strip_suffix("-----END PRIVATE KEY-----")?.split_whitespace().collect();
        let der = decode(SecretString::from(body).expose_secret())?;
        Self::from_slice(&SecretSlice::from(der.expose_secret().strip_prefix(&PKCS8_PREFIX)?.to_vec()))
    }

    fn from_slice(bytes: &SecretSlice<u8>) -> Option<Self> {
        let bytes: &[u8; 32] = bytes.expose_secret().try_into().ok()?;
        Some(Self(SecretBox::init_with(|| *bytes)))
    }

    /// The bytes; of a signing key the seed.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }

    pub(super) fn looks_random(&self) -> bool {
        let mut bytes = *self.expose();
        bytes.sort_unstable();
        bytes.chunk_by(u8::eq).count() >= FEWEST_DIFFERENT_BYTES
    }

    fn to_base64(&self) -> String {
        BASE64_STANDARD.encode(self.expose())
    }
}

impl SigningKeys {
    /// Reads keys separated by commas.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut keys = text.split(',').map(SecretKey::parse_signing);
        Some(Self { current: keys.next()??, former: keys.collect::<Option<_>>()? })
    }

    /// All keys that verify, the signing one first.
    pub fn iter(&self) -> impl Iterator<Item = &SecretKey> {
        std::iter::once(&self.current).chain(&self.former)
    }
}

impl Keys {
    /// Fresh keys that live as long as the value.
    pub(super) fn generate() -> Self {
        let signing = SigningKeys { current: SecretKey::generate(), former: Vec::new() };
        Self { signing, seal: SealKeys { current: SecretKey::generate(), former: Vec::new() } }
    }

    /// The keys kept beside a database, made at the first start: a restart ends no session and can open what was
    /// sealed.
    pub(super) fn kept(database: &Database) -> Result<Self, ConfigError> {
        let path = database.directory().join(KEPT);
        let unusable = |error: io::Error| {
            ConfigError::new(KEPT, format!("must be readable and writable ({})", error.kind()))
        };
        match fs::read_to_string(&path) {
            Ok(text) => Self::read(&text).ok_or_else(|| {
                ConfigError::new(KEPT, "must hold two keys; delete the file to make new ones")
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let keys = Self::generate();
                keys.keep(&path).map_err(unusable)?;
                Ok(keys)
            }
            Err(error) => Err(unusable(error)),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let table: toml::Table = text.parse().ok()?;
        let text = |setting: &Setting| table.get(&setting.key())?.as_str();
        Some(Self {
            signing: text(&setting::JWT_SIGNING_KEY).and_then(SigningKeys::parse)?,
            seal: text(&setting::SEAL_KEY).and_then(SealKeys::parse)?,
        })
    }

    fn keep(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        writeln!(
            file,
            "# Made for development, never for production. Without this file, new keys are made."
        )?;
        writeln!(file, "{} = \"{}\"", setting::JWT_SIGNING_KEY.key(), self.signing.current.to_base64())?;
        writeln!(file, "{} = \"{}\"", setting::SEAL_KEY.key(), self.seal.current.to_base64())?;
        file.sync_all()
    }
}

fn decode(text: &str) -> Option<SecretSlice<u8>> {
    BASE64_STANDARD.decode(text).ok().map(SecretSlice::from)
}
