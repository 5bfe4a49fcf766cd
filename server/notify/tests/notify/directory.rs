//! Mail in a folder, as developers see it.

use std::fs;
use std::path::PathBuf;

use domain::letter::LetterKind;
use mail_parser::MessageParser;
use notify::{Mail, Mailer, Outcome, Reason, Transport};

use crate::sample;

/// A folder of its own, gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("notify-{name}-{}", std::process::id())))
    }

    fn files(&self) -> Vec<PathBuf> {
        fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_mail_becomes_one_whole_file_named_after_it() {
    let folder = Folder::new("whole");
    let mailer = Mailer::new(sample::sender(), Transport::directory(folder.0.join("mail")));
    let mail = sample::mail(sample::letter(LetterKind::ChallengePublished));
    assert_eq!(mailer.send(&mail).await, Outcome::Sent);

    let written = Folder(folder.0.join("mail"));
    let files = written.files();
    let [file] = files.as_slice() else { panic!("one file, not {files:?}") };
    let name = file.file_name().unwrap().to_str().unwrap();
    assert_eq!(name, format!("1795442400-challenge_published-le.thi.hoa-{}.eml", mail.message_id.simple()));

    // The same moment, kind and local part: another mail, and so another file.
    let other = Mail { message_id: uuid::Uuid::from_u128(mail.message_id.as_u128() + 1), ..mail };
    assert_eq!(mailer.send(&other).await, Outcome::Sent);
    assert_eq!(written.files().len(), 2);
}

#[tokio::test]
async fn an_address_chooses_no_path() {
    let folder = Folder::new("path");
    let mailer = Mailer::new(sample::sender(), Transport::directory(&folder.0));
    let to = "../../{x}/etc@congty.example".to_owned();
    let mail = Mail { to, ..sample::mail(sample::letter(LetterKind::RoundLocked)) };
    assert_eq!(mailer.send(&mail).await, Outcome::Never(Reason::Address));

    let to = "x/{y}'z@congty.example".to_owned();
    assert_eq!(mailer.send(&Mail { to, ..mail }).await, Outcome::Sent);
    let files = folder.files();
    assert_eq!(files.len(), 1);
    assert!(files[0].to_str().unwrap().contains("-round_locked-x__y__z-"), "{files:?}");
    assert!(MessageParser::default().parse(&fs::read(&files[0]).unwrap()).is_some());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_tried_again() {
    let folder = Folder::new("blocked");
    fs::write(&folder.0, "a file where the folder should be").unwrap();
    let mailer = Mailer::new(sample::sender(), Transport::directory(&folder.0));
    let mail = sample::mail(sample::letter(LetterKind::RoundLocked));
    assert_eq!(mailer.send(&mail).await, Outcome::Later(Reason::Folder));
    fs::remove_file(&folder.0).unwrap();
}
