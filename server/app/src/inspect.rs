//! Looks into a file before anybody gets it: it is what its name says from its first byte to its last, nothing in it runs,
//! and unpacked it is not a thousand times as large.

use std::io::{self, Read, Seek, SeekFrom};

use domain::attachment::{FileKind, Refusal};
use zip::ZipArchive;
use zip::result::ZipError;

/// Entries of an Office document.
const ENTRIES: usize = 5_000;
/// Bytes of an Office document, unpacked.
const UNPACKED: u64 = 200 * 1024 * 1024;
/// Times that it may grow, once that is more than [`SMALL`].
const RATIO: u64 = 100;
const SMALL: u64 = 10 * 1024 * 1024;
/// Where a PDF ends, other programs write up to so many bytes more.
const TAIL: u64 = 2_048;
/// A zip archive announces itself within so many bytes of the end.
const ZIP_TAIL: u64 = 22 + 65_535;

/// What runs, or hides what runs. Looked for at the end of the names of entries.
const ACTIVE: &[&str] = &[
    "vbaproject.bin",
    "vbadata.xml",
    ".exe",
    ".dll",
    ".com",
    ".scr",
    ".bat",
    ".cmd",
    ".ps1",
    ".js",
    ".vbs",
    ".wsf",
    ".jar",
    ".lnk",
    ".hta",
    ".msi",
    ".zip",
    ".rar",
    ".7z",
    ".gz",
    ".iso",
    ".cab",
    ".docm",
    ".xlsm",
    ".pptm",
    ".xlam",
    ".html",
    ".htm",
    ".svg",
];

/// What came of it: in order, refused, or the storage failed.
pub(crate) fn inspect(kind: FileKind, content: impl Read + Seek) -> io::Result<Result<(), Refusal>> {
    match kind {
        FileKind::Pdf => pdf(content),
        FileKind::Png => framed(content, b"\x89PNG\r\n\x1a\n", b"\x00\x00\x00\x00IEND\xaeB`\x82"),
        FileKind::Jpeg => framed(content, b"\xff\xd8\xff", b"\xff\xd9"),
        FileKind::Docx => office(content, "word/document.xml"),
        FileKind::Xlsx => office(content, "xl/workbook.xml"),
        FileKind::Pptx => office(content, "ppt/presentation.xml"),
        FileKind::Txt | FileKind::Csv => text(content),
    }
}

/// The last bytes, at most so many.
fn tail(content: &mut (impl Read + Seek), most: u64) -> io::Result<Vec<u8>> {
    let size = content.seek(SeekFrom::End(0))?;
    content.seek(SeekFrom::Start(size.saturating_sub(most)))?;
    let mut tail = Vec::new();
    content.take(most).read_to_end(&mut tail)?;
    Ok(tail)
}

fn head<const N: usize>(content: &mut (impl Read + Seek)) -> io::Result<Vec<u8>> {
    content.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    content.take(N as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn has(text: &[u8], what: &[u8]) -> bool {
    text.windows(what.len()).any(|window| window == what)
}

fn verdict(is_so: bool) -> Result<(), Refusal> {
    if is_so { Ok(()) } else { Err(Refusal::ContentMismatch) }
}

/// Begins and ends as a PDF does, and is no archive as well.
fn pdf(mut content: impl Read + Seek) -> io::Result<Result<(), Refusal>> {
    let begins = head::<5>(&mut content)? == b"%PDF-";
    let ends = has(&tail(&mut content, TAIL)?, b"%%EOF");
    let is_archive = has(&tail(&mut content, ZIP_TAIL)?, b"PK\x05\x06");
    Ok(match verdict(begins && !is_archive) {
        Ok(()) if !ends => Err(Refusal::Damaged),
        verdict => verdict,
    })
}

/// Begins with the one, ends with the other.
fn framed(mut content: impl Read + Seek, begin: &[u8], end: &[u8]) -> io::Result<Result<(), Refusal>> {
    let begins = head::<16>(&mut content)?.starts_with(begin);
    let ends = tail(&mut content, end.len() as u64)? == end;
    Ok(verdict(begins && ends))
}

/// UTF-8 without controls, and no other kind of file by its first words.
fn text(mut content: impl Read + Seek) -> io::Result<Result<(), Refusal>> {
    content.seek(SeekFrom::Start(0))?;
    let (mut buffer, mut rest, mut is_first) = (vec![0; 64 * 1024], Vec::new(), true);
    loop {
        let count = content.read(&mut buffer)?;
        rest.extend_from_slice(buffer.get(..count).unwrap_or_default());
        let valid = match std::str::from_utf8(&rest) {
            Ok(text) => text.len(),
            // A letter may be cut by the end of what was read.
            Err(error) if error.error_len().is_none() && count > 0 => error.valid_up_to(),
            Err(_) => return Ok(Err(Refusal::ContentMismatch)),
        };
        let after = rest.split_off(valid);
        let read = String::from_utf8(std::mem::replace(&mut rest, after)).unwrap_or_default();
        let plain = read.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
        let start = read.trim_start_matches('\u{feff}').trim_start();
        let is_other =
            is_first && (start.starts_with('<') || start.starts_with("%PDF-") || start.starts_with("MZ"));
        if !plain || is_other {
            return Ok(Err(Refusal::ContentMismatch));
        }
        is_first &= start.is_empty();
        if count == 0 {
            return Ok(verdict(rest.is_empty()));
        }
    }
}

/// An Office document: an archive and nothing before or behind it, of harmless parts, that does not explode.
fn office(mut content: impl Read + Seek, main: &str) -> io::Result<Result<(), Refusal>> {
    let begins = head::<4>(&mut content)? == b"PK\x03\x04";
    let ends = tail(&mut content, 22)?.starts_with(b"PK\x05\x06");
    if !begins {
        // The container of passwords, and of Office before 2007.
        let is_protected = head::<4>(&mut content)? == b"\xd0\xcf\x11\xe0";
        return Ok(Err(if is_protected { Refusal::Encrypted } else { Refusal::ContentMismatch }));
    }
    if !ends {
        return Ok(Err(Refusal::ContentMismatch));
    }
    let outcome = ZipArchive::new(content).map_err(of_zip).and_then(|archive| parts(archive, main));
    match outcome {
        Ok(()) => Ok(Ok(())),
        Err(Trouble::Refused(refusal)) => Ok(Err(refusal)),
        Err(Trouble::Io(error)) => Err(error),
    }
}

enum Trouble {
    Refused(Refusal),
    Io(io::Error),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What the storage failed to give is not the file's fault.
fn of_io(error: io::Error) -> Trouble {
    if error.kind() == io::ErrorKind::Other { Trouble::Io(error) } else { Trouble::Refused(Refusal::Damaged) }
}

fn of_zip(error: ZipError) -> Trouble {
    match error {
        ZipError::Io(error) => of_io(error),
        _ => Trouble::Refused(Refusal::Damaged),
    }
}

fn parts(mut archive: ZipArchive<impl Read + Seek>, main: &str) -> Result<(), Trouble> {
    if archive.offset() != 0 || archive.has_overlapping_files().map_err(of_zip)? {
        return Err(Refusal::ContentMismatch.into());
    }
    if archive.len() > ENTRIES {
        return Err(Refusal::TooLargeUnpacked.into());
    }
    let required = ["[Content_Types].xml", main].map(|name| archive.index_for_name(name).is_some());
    if required.contains(&false) {
        return Err(Refusal::ContentMismatch.into());
    }
    let (mut packed, mut unpacked) = (0_u64, 0_u64);
    for index in 0..archive.len() {
        {
            let entry = archive.by_index_raw(index).map_err(of_zip)?;
            let name = entry.name().map_err(of_zip)?.to_lowercase();
            let leads_out = name.starts_with('/')
                || name.contains(['\\', ':'])
                || name.split('/').any(|part| part == "..");
            if entry.encrypted() {
                return Err(Refusal::Encrypted.into());
            }
            if leads_out || entry.is_symlink() || ACTIVE.iter().any(|end| name.ends_with(end)) {
                return Err(Refusal::ActiveContent.into());
            }
            packed = packed.saturating_add(entry.compressed_size());
        }
        // Not what it says: what comes out.
        let entry = archive.by_index(index).map_err(of_zip)?;
        let left = UNPACKED.saturating_sub(unpacked).saturating_add(1);
        unpacked += io::copy(&mut entry.take(left), &mut io::sink()).map_err(of_io)?;
        if unpacked > UNPACKED || (unpacked > SMALL && unpacked / packed.max(1) > RATIO) {
            return Err(Refusal::TooLargeUnpacked.into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn look(kind: FileKind, bytes: &[u8]) -> Result<(), Refusal> {
        inspect(kind, Cursor::new(bytes)).unwrap()
    }

    fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        for (name, content) in entries {
            writer.start_file(*name, options).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    const BASE: &[(&str, &[u8])] =
        &[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w:document/>")];

    fn docx(more: &[(&str, &[u8])]) -> Vec<u8> {
        archive(&[BASE, more].concat())
    }

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....\x00\x00\x00\x00IEND\xaeB`\x82";
    const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n";

    #[test]
    fn what_is_what_it_says_is_taken() {
        assert_eq!(look(FileKind::Pdf, PDF), Ok(()));
        assert_eq!(look(FileKind::Png, PNG), Ok(()));
        assert_eq!(look(FileKind::Jpeg, b"\xff\xd8\xff\xe0JFIF\xff\xd9"), Ok(()));
        assert_eq!(look(FileKind::Docx, &docx(&[("word/media/image1.png", PNG)])), Ok(()));
        assert_eq!(look(FileKind::Txt, "Số liệu ngập\r\n\tQuận 8".as_bytes()), Ok(()));
        assert_eq!(look(FileKind::Csv, "\u{feff}tên,giá\nA,1\n".as_bytes()), Ok(()));
        let long = "ộ".repeat(100_000);
        assert_eq!(look(FileKind::Txt, long.as_bytes()), Ok(()), "letters across the edge of a read");
    }

    #[test]
    fn what_is_something_else_as_well_is_refused() {
        use Refusal::{ActiveContent, ContentMismatch, Damaged, Encrypted, TooLargeUnpacked};
        let zip = docx(&[]);
        for (kind, bytes, why) in [
            (FileKind::Pdf, b"<html><script>alert(1)</script>%PDF-1.7 %%EOF".to_vec(), ContentMismatch),
            (FileKind::Pdf, [PDF, &zip].concat(), ContentMismatch),
            (FileKind::Pdf, b"%PDF-1.7\n".to_vec(), Damaged),
            (FileKind::Pdf, PNG.to_vec(), ContentMismatch),
            (FileKind::Png, [PNG, b"<?php"].concat(), ContentMismatch),
            (FileKind::Png, b"GIF89a".to_vec(), ContentMismatch),
            (FileKind::Jpeg, [b"\xff\xd8\xff".as_slice(), &zip].concat(), ContentMismatch),
            (FileKind::Docx, [b"MZ".as_slice(), &zip].concat(), ContentMismatch),
            (FileKind::Docx, [&zip, b"MZ".as_slice()].concat(), ContentMismatch),
            (FileKind::Docx, [zip.as_slice(), &zip].concat(), ContentMismatch),
            (FileKind::Docx, b"\xd0\xcf\x11\xe0\xa1\xb1".to_vec(), Encrypted),
            (FileKind::Xlsx, zip.clone(), ContentMismatch),
            (FileKind::Docx, archive(&[("a.txt", b"a")]), ContentMismatch),
            (FileKind::Docx, docx(&[("word/vbaProject.bin", b"a")]), ActiveContent),
            (FileKind::Docx, docx(&[("word/embeddings/inner.ZIP", b"a")]), ActiveContent),
            (FileKind::Docx, docx(&[("../../etc/passwd", b"a")]), ActiveContent),
            (FileKind::Docx, docx(&[("/etc/passwd", b"a")]), ActiveContent),
            (FileKind::Docx, docx(&[("..\\a", b"a")]), ActiveContent),
            (FileKind::Docx, docx(&[("word/bomb.xml", &vec![0; 20 * 1024 * 1024])]), TooLargeUnpacked),
            (FileKind::Txt, b"<svg onload=alert(1)>".to_vec(), ContentMismatch),
            (FileKind::Txt, b" \n <!doctype html>".to_vec(), ContentMismatch),
            (FileKind::Txt, b"a\0b".to_vec(), ContentMismatch),
            (FileKind::Txt, vec![0xff, 0xfe, 0x41, 0x00], ContentMismatch),
            (FileKind::Csv, b"a\xc3".to_vec(), ContentMismatch),
            (FileKind::Csv, PDF.to_vec(), ContentMismatch),
        ] {
            assert_eq!(look(kind, &bytes), Err(why), "{kind} {:?}", bytes.get(..20.min(bytes.len())));
        }
    }

    #[test]
    fn an_archive_that_lies_or_is_broken_anywhere_is_refused_and_nothing_panics() {
        let whole = docx(&[("word/media/image1.png", PNG)]);
        let mut refused = 0;
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x41;
            refused += usize::from(look(FileKind::Docx, &changed).is_err());
            assert!(look(FileKind::Docx, &whole[..at]).is_err(), "cut at {at}");
        }
        assert!(refused > whole.len() / 3, "{refused} of {}", whole.len());
    }

    #[test]
    fn too_many_parts_are_too_many() {
        let names: Vec<_> = (0..=ENTRIES).map(|number| format!("word/{number}.xml")).collect();
        let entries: Vec<_> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
        assert_eq!(look(FileKind::Docx, &docx(&entries)), Err(Refusal::TooLargeUnpacked));
    }
}
