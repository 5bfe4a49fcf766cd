//! Where the bytes of files are kept: on disk, or in anything that speaks S3; never in the open.
//!
//! Each file has a key of its own, which stands sealed in its row, and is sealed by it in pieces: so it can be written as it
//! comes, read from any place, and neither cut nor put together otherwise without notice.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use domain::time::Timestamp;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, WriteMultipart};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::error::{Error, Result};

/// Bytes of a piece before it is sealed.
const PIECE: usize = 64 * 1024;
/// What sealing adds to a piece.
const TAG: usize = 16;
/// Bytes that are sent on at once; S3 takes no smaller parts but the last.
const PART: usize = 5 * 1024 * 1024;

/// Where files are kept.
#[derive(Clone, Debug)]
pub enum Place {
    /// In a directory of this machine.
    Directory(PathBuf),
    /// In a bucket.
    Bucket(Bucket),
}

/// A bucket of a service that speaks S3.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What the names of objects begin with; may be empty.
    pub prefix: String,
    /// Where the service is, unless it is Amazon's.
    pub endpoint: Option<String>,
    /// In which region.
    pub region: String,
    /// Who we are there.
    pub access_key_id: String,
    /// What proves it.
    pub secret_access_key: SecretString,
    /// Whether it may be reached without TLS.
    pub allow_http: bool,
}

/// The storage.
#[derive(Debug)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    directory: Option<PathBuf>,
}

/// The key of one file.
pub struct FileKey(SecretBox<[u8; 32]>);

impl FileKey {
    /// A new one.
    pub fn random() -> Self {
        Self(SecretBox::init_with(rand::random))
    }

    /// As it was kept.
    pub fn of(bytes: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// To be kept.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.0.expose_secret()))
    }
}

/// A key seals one file, and so each of these once: which piece it is, and whether there is another one.
fn nonce(piece: u64, is_last: bool) -> XNonce {
    let mut nonce = [0; 24];
    nonce.iter_mut().zip(piece.to_be_bytes()).for_each(|(place, byte)| *place = byte);
    if let Some(last) = nonce.last_mut() {
        *last = u8::from(is_last);
    }
    XNonce::from(nonce)
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// How many bytes came.
    pub size: u64,
    /// Their SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// Why nothing was written.
#[derive(Debug)]
pub enum WriteError<E> {
    /// The sender failed.
    Source(E),
    /// More came than may.
    TooLong,
    /// The storage failed.
    Storage(Error),
}

impl Storage {
    /// At that place. Nothing is asked of it yet.
    pub fn at(place: &Place) -> Result<Self> {
        let broken = |error: object_store::Error| Error::Internal(format!("the storage: {error}"));
        match place {
            Place::Directory(directory) => {
                std::fs::create_dir_all(directory)
                    .map_err(|error| Error::Internal(format!("the directory of files: {error}")))?;
                let store = LocalFileSystem::new_with_prefix(directory).map_err(broken)?.with_fsync(true);
                Ok(Self {
                    store: Arc::new(store),
                    prefix: Path::default(),
                    directory: Some(directory.clone()),
                })
            }
            Place::Bucket(bucket) => {
                let mut builder = AmazonS3Builder::new()
                    .with_bucket_name(&bucket.name)
                    .with_region(&bucket.region)
                    .with_access_key_id(&bucket.access_key_id)
                    .with_secret_access_key(bucket.secret_access_key.expose_secret())
                    .with_allow_http(bucket.allow_http)
                    .with_retry(object_store::RetryConfig {
                        max_retries: 3,
                        retry_timeout: Duration::from_secs(20),
                        ..Default::default()
                    });
                if let Some(endpoint) = &bucket.endpoint {
                    builder = builder.with_endpoint(endpoint);
                }
                let prefix = Path::from(bucket.prefix.as_str());
                Ok(Self { store: Arc::new(builder.build().map_err(broken)?), prefix, directory: None })
            }
        }
    }

    fn path(&self, object: Uuid) -> Path {
        self.prefix.clone().join(object.to_string())
    }

    /// Writes what comes, sealed, as it comes; never more than `most` bytes, and nothing at all if anything fails.
    pub async fn write<E>(
        &self,
        object: Uuid,
        key: &FileKey,
        most: u64,
        source: impl Stream<Item = std::result::Result<Bytes, E>>,
    ) -> std::result::Result<Written, WriteError<E>> {
        let upload = self.store.put_multipart(&self.path(object)).await;
        let mut upload = WriteMultipart::new_with_chunk_size(
            upload.map_err(|error| WriteError::Storage(failed(&error)))?,
            PART,
        );
        match seal_into(&mut upload, key, most, source).await {
            Ok(written) => {
                upload.finish().await.map_err(|error| WriteError::Storage(failed(&error)))?;
                Ok(written)
            }
            Err(error) => {
                // What cannot be taken back now, the sweep takes.
                if let Err(error) = upload.abort().await {
                    tracing::debug!(%error, "an upload could not be taken back");
                }
                Err(error)
            }
        }
    }

    /// A file, to be read.
    pub fn open(self: &Arc<Self>, object: Uuid, key: FileKey, size: u64) -> Content {
        Content { storage: Arc::clone(self), path: self.path(object), key: Arc::new(key), size }
    }

    /// Lets a file go. One that is not there is gone.
    pub async fn delete(&self, object: Uuid) -> Result<()> {
        match self.store.delete(&self.path(object)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    }

    /// The files that were written before that instant, by the clock of the storage: only for what is long ago.
    pub async fn older_than(&self, before: Timestamp) -> Result<Vec<Uuid>> {
        let listed = self.store.list(Some(&self.prefix).filter(|prefix| !prefix.as_ref().is_empty()));
        let objects: Vec<_> = listed.try_collect().await.map_err(|error| failed(&error))?;
        let old = objects.into_iter().filter(|object| object.last_modified.timestamp() < before.seconds());
        Ok(old.filter_map(|object| object.location.filename()?.parse().ok()).collect())
    }

    /// Lets go what uploads left behind that broke off more than `age` ago. In a bucket that is for a rule of the bucket.
    pub async fn sweep_unfinished(&self, age: Duration) -> Result<usize> {
        let Some(directory) = self.directory.clone() else { return Ok(0) };
        let sweep = move || -> io::Result<usize> {
            let mut gone = 0;
            for entry in std::fs::read_dir(directory)? {
                let entry = entry?;
                // The library writes beside the final name, with a # and a number behind.
                let is_unfinished = entry.file_name().to_string_lossy().contains('#');
                let is_old = entry.metadata()?.modified()?.elapsed().is_ok_and(|since| since > age);
                if is_unfinished && is_old {
                    std::fs::remove_file(entry.path())?;
                    gone += 1;
                }
            }
            Ok(gone)
        };
        let swept =
            tokio::task::spawn_blocking(sweep).await.map_err(|error| Error::Internal(error.to_string()))?;
        swept.map_err(|error| Error::Internal(format!("the directory of files: {error}")))
    }

    /// Whether it answers.
    pub async fn is_there(&self) -> bool {
        match self.store.head(&self.path(Uuid::nil())).await {
            Ok(_) | Err(object_store::Error::NotFound { .. }) => true,
            Err(error) => {
                tracing::warn!(%error, "the storage does not answer");
                false
            }
        }
    }
}

fn failed(error: &object_store::Error) -> Error {
    tracing::warn!(%error, "the storage fails");
    Error::StorageUnavailable
}

async fn seal_into<E>(
    upload: &mut WriteMultipart,
    key: &FileKey,
    most: u64,
    source: impl Stream<Item = std::result::Result<Bytes, E>>,
) -> std::result::Result<Written, WriteError<E>> {
    let cipher = key.cipher();
    let mut source = std::pin::pin!(source);
    let (mut size, mut digest, mut piece) = (0_u64, Sha256::new(), 0_u64);
    let mut waiting: Vec<u8> = Vec::with_capacity(2 * PIECE);
    let seal = |piece: u64, is_last: bool, text: &[u8]| {
        cipher
            .encrypt(&nonce(piece, is_last), text)
            .map_err(|_| WriteError::Storage(Error::Internal("sealing failed".to_owned())))
    };
    while let Some(bytes) = source.next().await {
        let bytes = bytes.map_err(WriteError::Source)?;
        size = size.saturating_add(bytes.len() as u64);
        if size > most {
            return Err(WriteError::TooLong);
        }
        digest.update(&bytes);
        waiting.extend_from_slice(&bytes);
        // One stays back: the last is sealed as the last.
        while waiting.len() > PIECE {
            let rest = waiting.split_off(PIECE);
            let text = std::mem::replace(&mut waiting, rest);
            upload.wait_for_capacity(1).await.map_err(|error| WriteError::Storage(failed(&error)))?;
            upload.write(&seal(piece, false, &text)?);
            piece += 1;
        }
    }
    upload.write(&seal(piece, true, &waiting)?);
    Ok(Written { size, sha256: domain::text::hex(&digest.finalize()) })
}

/// The content of a file.
#[derive(Clone)]
pub struct Content {
    storage: Arc<Storage>,
    path: Path,
    key: Arc<FileKey>,
    size: u64,
}

impl Content {
    /// Bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    fn pieces(&self) -> u64 {
        self.size.div_ceil(PIECE as u64).max(1)
    }

    /// One piece of it, opened.
    async fn piece(&self, number: u64) -> Result<Vec<u8>> {
        let is_last = number + 1 == self.pieces();
        let begin = number * (PIECE + TAG) as u64;
        let sealed_end = self.size + self.pieces() * TAG as u64;
        let end = if is_last { sealed_end } else { begin + (PIECE + TAG) as u64 };
        let sealed =
            self.storage.store.get_range(&self.path, begin..end).await.map_err(|error| failed(&error))?;
        let opened = self.key.cipher().decrypt(&nonce(number, is_last), sealed.as_ref());
        opened.map_err(|_| Error::Internal("a stored file is not what was written".to_owned()))
    }

    /// The bytes from `begin` up to `end`, piece by piece.
    pub fn read(self, begin: u64, end: u64) -> impl Stream<Item = Result<Bytes>> + Send {
        let piece = PIECE as u64;
        let numbers = if begin < end { begin / piece..end.div_ceil(piece) } else { 0..0 };
        stream::iter(numbers).then(move |number| {
            let content = self.clone();
            async move {
                let bytes = Bytes::from(content.piece(number).await?);
                let place =
                    |at: u64| usize::try_from(at.saturating_sub(number * piece)).unwrap_or(usize::MAX);
                let until = place(end).min(bytes.len());
                Ok(bytes.slice(place(begin).min(until)..until))
            }
        })
    }

    /// All of it.
    pub fn whole(self) -> impl Stream<Item = Result<Bytes>> + Send {
        let size = self.size;
        self.read(0, size)
    }

    /// To be looked into by what waits for its reads: in a thread for that alone.
    pub(crate) fn reader(self) -> Reader {
        Reader { content: self, runtime: Handle::current(), at: 0, held: None }
    }

    /// SHA-256 of what is stored, lower-case hexadecimal.
    pub(crate) async fn sha256(self) -> Result<String> {
        let digest =
            self.whole().try_fold(Sha256::new(), async |digest, bytes| Ok(digest.chain_update(&bytes)));
        Ok(domain::text::hex(&digest.await?.finalize()))
    }
}

/// A file that is read here and there; one piece of it is in memory.
pub(crate) struct Reader {
    content: Content,
    runtime: Handle,
    at: u64,
    held: Option<(u64, Vec<u8>)>,
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.content.size || into.is_empty() {
            return Ok(0);
        }
        let number = self.at / PIECE as u64;
        if self.held.as_ref().is_none_or(|(held, _)| *held != number) {
            let piece = self.runtime.block_on(self.content.piece(number));
            self.held = Some((number, piece.map_err(|_| io::Error::other("the storage fails"))?));
        }
        let within = usize::try_from(self.at % PIECE as u64).unwrap_or_default();
        let from = self.held.as_ref().and_then(|(_, bytes)| bytes.get(within..)).unwrap_or_default();
        let count = from.len().min(into.len());
        into.iter_mut().zip(from).for_each(|(place, byte)| *place = *byte);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.content.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storage() -> (tempfile::TempDir, Arc<Storage>) {
        let directory = tempfile::tempdir().unwrap();
        let storage = Storage::at(&Place::Directory(directory.path().to_owned())).unwrap();
        (directory, Arc::new(storage))
    }

    fn sent(bytes: &[u8], step: usize) -> impl Stream<Item = std::result::Result<Bytes, ()>> {
        let parts: Vec<_> = bytes.chunks(step.max(1)).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
        stream::iter(parts)
    }

    async fn collected(stream: impl Stream<Item = Result<Bytes>>) -> Vec<u8> {
        stream.try_collect::<Vec<_>>().await.unwrap().concat()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_was_written_is_read_from_any_place_and_stands_nowhere_in_the_open() {
        let (directory, storage) = storage();
        for size in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 17] {
            let text: Vec<u8> = b"canary ".iter().copied().cycle().take(size).collect();
            let (object, key) = (Uuid::from_u128(size as u128 + 1), FileKey::of([7; 32]));
            let written = storage.write(object, &key, size as u64, sent(&text, 10_000)).await.unwrap();
            let digest = domain::text::hex(&Sha256::digest(&text));
            assert_eq!(written, Written { size: size as u64, sha256: digest.clone() });
            let content = storage.open(object, key, size as u64);
            assert_eq!(collected(content.clone().whole()).await, text);
            assert_eq!(content.clone().sha256().await.unwrap(), digest);
            let piece = PIECE;
            for (begin, end) in [(0, 1), (piece - 1, piece + 1), (piece, 2 * piece), (size / 2, size), (5, 5)]
            {
                let (begin, end) = (begin.min(size), end.min(size));
                let part = collected(content.clone().read(begin as u64, end as u64)).await;
                assert_eq!(part, text[begin..end], "{begin}..{end} of {size}");
            }
            let last = content.clone();
            let tail = tokio::task::spawn_blocking(move || {
                let (mut reader, mut tail) = (last.reader(), Vec::new());
                reader.seek(SeekFrom::Start(size.saturating_sub(9) as u64)).unwrap();
                reader.read_to_end(&mut tail).unwrap();
                tail
            });
            assert_eq!(tail.await.unwrap(), text[size - size.min(9)..]);
            let stored = std::fs::read(directory.path().join(object.to_string())).unwrap();
            assert!(!stored.windows(6).any(|window| window == b"canary"));
        }
    }

    #[tokio::test]
    async fn what_breaks_off_or_is_too_long_leaves_nothing() {
        let (directory, storage) = storage();
        let key = FileKey::of([7; 32]);
        let text = vec![1; 100_000];
        let too_long = storage.write(Uuid::from_u128(1), &key, 99_999, sent(&text, 7_000)).await;
        assert!(matches!(too_long, Err(WriteError::TooLong)));
        let broken = sent(&text, 7_000).chain(stream::iter([Err(())]));
        let broken = storage.write(Uuid::from_u128(2), &key, 1 << 30, broken).await;
        assert!(matches!(broken, Err(WriteError::Source(()))));
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn what_was_cut_changed_or_put_together_otherwise_is_noticed() {
        let (directory, storage) = storage();
        let (object, key, text) = (Uuid::from_u128(3), [7; 32], vec![9; 2 * PIECE]);
        storage.write(object, &FileKey::of(key), u64::MAX, sent(&text, PIECE)).await.unwrap();
        let path = directory.path().join(object.to_string());
        let whole = std::fs::read(&path).unwrap();
        let (first, second) = whole.split_at(PIECE + TAG);
        let mut changed = whole.clone();
        changed[100] ^= 1;
        for (bytes, size) in [
            (first.to_vec(), PIECE),
            ([second, first].concat(), 2 * PIECE),
            ([first, first].concat(), 2 * PIECE),
            (changed, 2 * PIECE),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let read = storage.open(object, FileKey::of(key), size as u64).sha256().await;
            assert!(read.is_err());
        }
        std::fs::write(&path, &whole).unwrap();
        assert!(
            storage.open(object, FileKey::of([8; 32]), text.len() as u64).sha256().await.is_err(),
            "another key"
        );
        assert!(storage.open(object, FileKey::of(key), text.len() as u64).sha256().await.is_ok());
    }
}
