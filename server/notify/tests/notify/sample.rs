//! The sample letters, as mails, or with every text replaced.

use domain::letter::{Letter, LetterKind};
use domain::locale::Locale;
use domain::time::Timestamp;
pub use notify::sample::{LINK, letter};
use notify::{Mail, Sender};
use uuid::Uuid;

pub const ID: Uuid = Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdef);

/// The letter with `text` in place of everything that a person typed.
pub fn hostile(kind: LetterKind, text: &str) -> Letter {
    notify::sample::letter_with(kind, |_| text.to_owned())
}

pub fn mail(letter: Letter) -> Mail {
    Mail {
        message_id: ID,
        to: "le.thi.hoa@congty.example".to_owned(),
        recipient_name: "Lê Thị Hoa".to_owned(),
        locale: Locale::Vi,
        written_at: Timestamp::from_micros(1_795_442_400_123_456),
        letter,
        unsubscribe: None,
    }
}

pub fn sender() -> Sender {
    Sender::parse("Bài Toán Lớn <khong-tra-loi@baitoanlon.example>").unwrap()
}
