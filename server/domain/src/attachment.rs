//! A file that belongs to a challenge or to a proposal: announced, uploaded, looked at, and only then given to anybody.

use serde::{Deserialize, Serialize};

use crate::machine::{self, Rule};
use crate::problem::{Form, Guard, Problem, Reason, unless};
use crate::proposal::Confidentiality;
use crate::text;

closed_set! {
    /// Where a file stands.
    pub enum AttachmentStatus {
        /// Announced; its bytes have not arrived.
        AwaitingUpload = "AWAITING_UPLOAD",
        /// Its bytes are here, and nobody gets them before they were looked at.
        Quarantined = "QUARANTINED",
        /// Looked at and found in order.
        Clean = "CLEAN",
        /// Looked at and refused. Nobody ever gets it.
        Refused = "REFUSED",
        /// Taken away before it was part of anything.
        Removed = "REMOVED",
    }
}

closed_set! {
    /// What is done to a file.
    pub enum AttachmentCommand {
        /// Take its bytes in.
        Receive = "RECEIVE",
        /// Find it in order.
        Clear = "CLEAR",
        /// Refuse it.
        Refuse = "REFUSE",
        /// Take it away.
        Remove = "REMOVE",
    }
}

use AttachmentCommand as C;
use AttachmentStatus as S;

/// The life of a file.
pub const TRANSITIONS: &[Rule<AttachmentCommand, AttachmentStatus>] = &[
    Rule { command: C::Receive, from: &[S::AwaitingUpload], to: S::Quarantined },
    Rule { command: C::Clear, from: &[S::Quarantined], to: S::Clean },
    Rule { command: C::Refuse, from: &[S::Quarantined], to: S::Refused },
    Rule {
        command: C::Remove,
        from: &[S::AwaitingUpload, S::Quarantined, S::Clean, S::Refused],
        to: S::Removed,
    },
];

closed_set! {
    /// Why a file is refused.
    pub enum Refusal {
        /// Files of that kind are not taken.
        TypeNotAllowed = "TYPE_NOT_ALLOWED",
        /// What it contains is not what its name says, or something is hidden before or behind it.
        ContentMismatch = "CONTENT_MISMATCH",
        /// It cannot be read to its end.
        Damaged = "DAMAGED",
        /// It is encrypted, so that nobody can look at it.
        Encrypted = "ENCRYPTED",
        /// Unpacked it is far too large.
        TooLargeUnpacked = "TOO_LARGE_UNPACKED",
        /// It contains programs: macros, executables, other archives.
        ActiveContent = "ACTIVE_CONTENT",
        /// The scanner knows it as harmful.
        Malware = "MALWARE",
    }
}

impl Refusal {
    /// A sentence fit to show.
    pub(crate) const fn message(self, vi: bool) -> &'static str {
        match (self, vi) {
            (Self::TypeNotAllowed, true) => "Chỉ nhận tệp PDF, PNG, JPEG, DOCX, XLSX, PPTX, TXT hoặc CSV.",
            (Self::TypeNotAllowed, false) => "Only PDF, PNG, JPEG, DOCX, XLSX, PPTX, TXT and CSV are taken.",
            (Self::ContentMismatch, true) => "Nội dung tệp không khớp với phần mở rộng của tên tệp.",
            (Self::ContentMismatch, false) => "The content of the file is not what its name says.",
            (Self::Damaged, true) => "Tệp bị hỏng, không đọc được.",
            (Self::Damaged, false) => "The file is damaged.",
            (Self::Encrypted, true) => "Tệp có mật khẩu. Hãy bỏ mật khẩu rồi tải lại.",
            (Self::Encrypted, false) => "The file is protected by a password. Remove it and upload again.",
            (Self::TooLargeUnpacked, true) => "Tệp nén quá lớn khi giải nén.",
            (Self::TooLargeUnpacked, false) => "The file is far too large unpacked.",
            (Self::ActiveContent, true) => "Tệp chứa macro, chương trình hoặc tệp nén khác.",
            (Self::ActiveContent, false) => "The file contains macros, programs or other archives.",
            (Self::Malware, true) => "Tệp bị phần mềm quét mã độc từ chối.",
            (Self::Malware, false) => "The scanner refuses the file as harmful.",
        }
    }
}

closed_set! {
    /// The kinds of files that are taken.
    pub enum FileKind {
        /// Portable Document Format.
        Pdf = "PDF",
        /// Portable Network Graphics.
        Png = "PNG",
        /// A photograph.
        Jpeg = "JPEG",
        /// A text of Office Open XML.
        Docx = "DOCX",
        /// A table of Office Open XML.
        Xlsx = "XLSX",
        /// Slides of Office Open XML.
        Pptx = "PPTX",
        /// Plain text in UTF-8.
        Txt = "TXT",
        /// A table as text in UTF-8.
        Csv = "CSV",
    }
}

impl FileKind {
    /// By the end of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        let (stem, extension) = name.rsplit_once('.')?;
        let extension = extension.to_ascii_uppercase();
        let kind = if extension == "JPG" { Some(Self::Jpeg) } else { Self::from_name(&extension) };
        kind.filter(|_| !stem.is_empty())
    }

    /// The media type (IANA).
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pptx => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            Self::Txt => "text/plain; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    /// What a name of it ends in.
    pub fn extension(self) -> String {
        self.name().to_ascii_lowercase()
    }
}

/// A file as a submission names it. Field order is part of the canonical form, and so of every receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileNote {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes, lower-case hexadecimal.
    pub sha256: String,
    /// For whom it is, unless for reviewers.
    #[serde(default, skip_serializing_if = "is_default")]
    pub confidentiality: Confidentiality,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_default(class: &Confidentiality) -> bool {
    *class == Confidentiality::default()
}

/// The name of a file, and so its kind: one line, no way into another directory, nothing that a system reads as a device.
pub fn file_name(raw: &str) -> Result<(String, FileKind), Reason> {
    let name = text::line(raw, limits::NAME)?;
    let stem = name.split('.').next().unwrap_or_default().trim().to_ascii_uppercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| {
            rest.chars().count() == 1 && rest.chars().all(|c| "0123456789¹²³".contains(c))
        })
    };
    let is_device =
        ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str()) || numbered("COM") || numbered("LPT");
    let strange = name.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|', '%']);
    if strange || is_device || name.starts_with('.') || name.ends_with(['.', ' ']) {
        return Err(Reason::Malformed { expected: Form::FileName });
    }
    let kind = FileKind::of_name(&name).ok_or(Reason::FileRefused { why: Refusal::TypeNotAllowed })?;
    Ok((name, kind))
}

/// What hangs on a challenge or a proposal already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Load {
    /// Files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Files of the same person whose bytes have not arrived, wherever.
    pub awaited: usize,
}

/// Announcing a file: of a size that is taken, and as long as there is room.
pub fn may_announce(size: u64, load: Load) -> Guard {
    let out_of_range = || {
        let reason = Reason::OutOfRange { min: "1".to_owned(), max: limits::BYTES.to_string() };
        Problem::at("size", reason)
    };
    let quota = |limit| Problem::whole(Reason::Quota { limit });
    let sized = (1..=limits::BYTES).contains(&size);
    unless(
        [
            (!sized).then(out_of_range),
            (load.files >= limits::FILES).then(|| quota(limits::FILES)),
            (load.awaited >= limits::AWAITED).then(|| quota(limits::AWAITED)),
            (sized && load.bytes.saturating_add(size) > limits::TOTAL).then(|| {
                Problem::at(
                    "size",
                    Reason::Quota { limit: usize::try_from(limits::TOTAL).unwrap_or(usize::MAX) },
                )
            }),
        ]
        .into_iter()
        .flatten(),
    )
}

/// Taking bytes in, or a result of looking at them.
pub fn may(status: AttachmentStatus, command: AttachmentCommand) -> Guard {
    machine::allows(TRANSITIONS, status, &command)
}

/// Limits of files.
pub mod limits {
    /// Characters of a name.
    pub const NAME: usize = 200;
    /// Bytes of a file: 20 MiB.
    pub const BYTES: u64 = 20 * 1024 * 1024;
    /// Files of one challenge or proposal.
    pub const FILES: usize = 20;
    /// Bytes of all files of one challenge or proposal: 100 MiB.
    pub const TOTAL: u64 = 100 * 1024 * 1024;
    /// Files of one person whose bytes have not arrived.
    pub const AWAITED: usize = 10;
    /// Seconds in which an upload has to begin.
    pub const UPLOAD_SECONDS: i64 = 900;
    /// Seconds in which a download has to begin.
    pub const DOWNLOAD_SECONDS: i64 = 60;
    /// Seconds after which what was announced and did not arrive, or was never looked at, is let go.
    pub const ABANDONED_SECONDS: i64 = 3_600;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    #[test]
    fn a_name_leads_nowhere_and_says_what_the_file_is() {
        for (raw, kind) in [
            ("Thuyết minh.pdf", FileKind::Pdf),
            ("Ảnh hiện trạng.JPG", FileKind::Jpeg),
            ("a.b.docx", FileKind::Docx),
            ("số liệu (2026).csv", FileKind::Csv),
            ("console.txt", FileKind::Txt),
        ] {
            assert_eq!(file_name(raw), Ok((raw.to_owned(), kind)));
        }
        let code = |raw: &str| file_name(raw).expect_err(raw).code();
        for raw in [
            "../a.pdf",
            "a/b.pdf",
            "a\\b.pdf",
            "C:a.pdf",
            "a.pdf:ads.pdf",
            "con.pdf",
            "COM1.pdf",
            "lpt9.x.pdf",
            ".pdf",
            "a.pdf.",
            "%2e%2e%2fa.pdf",
            "nul .pdf",
        ] {
            assert_eq!(code(raw), Code::Malformed, "{raw}");
        }
        for raw in ["a.exe", "a.pdf.exe", "a.svg", "a.html", "a.docm", "a.zip", "pdf"] {
            assert_eq!(code(raw), Code::FileRefused, "{raw}");
        }
        for raw in ["a\u{202e}fdp.exe.pdf", "a\r\nb.pdf", "a\0.pdf"] {
            assert_eq!(code(raw), Code::ForbiddenCharacter, "{raw:?}");
        }
        assert_eq!(code(&format!("{}.pdf", "a".repeat(1_000_000))), Code::TooLong);
        assert_eq!(code("  "), Code::Required);
    }

    #[test]
    fn there_is_room_up_to_each_limit_and_not_beyond() {
        let load = |files, bytes, awaited| Load { files, bytes, awaited };
        assert_eq!(may_announce(1, load(0, 0, 0)), Ok(()));
        assert_eq!(
            may_announce(limits::BYTES, load(limits::FILES - 1, limits::TOTAL - limits::BYTES, 9)),
            Ok(())
        );
        for (size, load, codes) in [
            (0, load(0, 0, 0), vec![Code::OutOfRange]),
            (limits::BYTES + 1, load(0, 0, 0), vec![Code::OutOfRange]),
            (1, load(limits::FILES, 0, limits::AWAITED), vec![Code::Quota, Code::Quota]),
            (2, load(1, limits::TOTAL - 1, 0), vec![Code::Quota]),
            (u64::MAX, load(1, u64::MAX, 0), vec![Code::OutOfRange]),
        ] {
            let found = may_announce(size, load).expect_err("refused");
            assert_eq!(found.iter().map(|problem| problem.reason.code()).collect::<Vec<_>>(), codes);
        }
    }
}
