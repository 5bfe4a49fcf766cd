//! Accounts: what a password must be, and which special posts exist outside organisations.

use crate::problem::Reason;
use crate::text::Email;

closed_set! {
    /// A post on the platform itself, granted to a person.
    pub enum PlatformRole {
        /// Reads the audit log and locked records, changes nothing.
        Auditor = "AUDITOR",
        /// Accounts and settings; reads no sealed proposal and no unlocked score.
        Administrator = "ADMINISTRATOR",
    }
}

closed_set! {
    /// What a one-time token is for.
    pub enum TokenPurpose {
        /// Proves that the person reads mail at the address.
        VerifyEmail = "VERIFY_EMAIL",
        /// Invites the address into an organisation.
        Invitation = "INVITATION",
        /// Lets whoever reads mail at the address set a new password.
        ResetPassword = "RESET_PASSWORD",
        /// Proves that the person reads mail at the address that the account is to have from now on.
        ChangeEmail = "CHANGE_EMAIL",
        /// Holds a log-in whose password was right until the second factor is shown. Never mailed.
        SecondFactor = "SECOND_FACTOR",
    }
}

closed_set! {
    /// What a person may allow, each by itself; none is given unless they say so.
    pub enum ConsentPurpose {
        /// News of the programme by mail, beside the mails that the process needs.
        ProgrammeNews = "PROGRAMME_NEWS",
        /// One's name and profession on public pages.
        PublicProfile = "PUBLIC_PROFILE",
        /// Answers and behaviour in studies of the programme, under a pseudonym.
        Research = "RESEARCH",
    }
}

/// How many recovery codes a person is given at a time.
pub const RECOVERY_CODES: usize = 10;

/// Minutes in which the second factor has to be shown after the password.
pub const SECOND_FACTOR_MINUTES: i64 = 5;

/// Days after which a device that was not used counts as unknown.
pub const DEVICE_DAYS: i64 = 180;

/// The name in place of an erased person's.
pub const ERASED_NAME: &str = "Người dùng đã xóa";

/// Shortest password, in characters.
pub const PASSWORD_MIN: usize = 8;
/// Longest password, in characters; longer is refused, never cut.
pub const PASSWORD_MAX: usize = 128;

/// Taken exactly as sent; refused when common, when it is the address or the name, or when it is one run or one letter.
pub fn check_password(password: &str, email: Option<&Email>, name: &str) -> Result<(), Reason> {
    // Cheap before exact: 128 characters are at most 512 bytes.
    if password.len() > PASSWORD_MAX * 4 || password.chars().count() > PASSWORD_MAX {
        return Err(Reason::TooLong { max: PASSWORD_MAX });
    }
    let length = password.chars().count();
    if length < PASSWORD_MIN {
        return Err(Reason::TooShort { min: PASSWORD_MIN });
    }
    let plain = password.to_lowercase();
    let letters: String = plain.chars().filter(|c| c.is_alphabetic()).collect();
    let key = email.map(Email::key).unwrap_or_default();
    let local = key.split('@').next().unwrap_or_default();
    let own = [key.as_str(), local, &name.to_lowercase()]
        .iter()
        .any(|word| word.len() >= 4 && (plain == *word || letters == *word));
    let distinct = plain.chars().collect::<std::collections::BTreeSet<_>>().len();
    let run = plain
        .chars()
        .zip(plain.chars().skip(1))
        .all(|(a, b)| u32::from(b) == u32::from(a) + 1 || u32::from(a) == u32::from(b) + 1);
    if own || distinct < 3 || run || COMMON.contains(&letters.as_str()) || COMMON.contains(&plain.as_str()) {
        return Err(Reason::WeakPassword);
    }
    Ok(())
}

/// Stems of the passwords that are tried first, and of this place.
const COMMON: &[&str] = &[
    "password",
    "passwords",
    "passw",
    "passwrd",
    "matkhau",
    "qwerty",
    "qwertyuiop",
    "qwertyui",
    "asdfghjkl",
    "asdfgh",
    "zxcvbnm",
    "iloveyou",
    "anhyeuem",
    "emyeuanh",
    "yeuem",
    "yeuanh",
    "admin",
    "administrator",
    "root",
    "user",
    "welcome",
    "letmein",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "superman",
    "batman",
    "master",
    "shadow",
    "sunshine",
    "princess",
    "login",
    "changeme",
    "secret",
    "trustno",
    "starwars",
    "whatever",
    "freedom",
    "computer",
    "internet",
    "vietnam",
    "saigon",
    "hanoi",
    "hochiminh",
    "tphcm",
    "sokhcn",
    "baitoanlon",
    "baitoan",
    "startup",
    "khoinghiep",
    "abc",
    "abcd",
    "abcabc",
    "test",
    "testtest",
    "demo",
    "12345678",
    "123456789",
    "1234567890",
    "87654321",
    "11223344",
    "12341234",
    "1q2w3e4r",
    "1qaz2wsx",
    "q1w2e3r4",
    "zaq12wsx",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords() {
        let email = Email::parse("minhanh@sonca.example").unwrap();
        let check = |password: &str| check_password(password, Some(&email), "Minh Anh");
        assert_eq!(check("a lake under seven moons"), Ok(()));
        assert_eq!(check(" khoảng trắng giữ nguyên "), Ok(()));
        assert_eq!(check("short"), Err(Reason::TooShort { min: 8 }));
        assert_eq!(check(&"aB1 ".repeat(33)), Err(Reason::TooLong { max: 128 }));
        assert_eq!(check(&"x".repeat(1_000_000)), Err(Reason::TooLong { max: 128 }));
        for weak in [
            "password1",
            "Matkhau123",
            "12345678",
            "minhanh123",
            "minhanh@sonca.example",
            "aaaaaaaa",
            "abcdefgh",
            "Vietnam2026",
        ] {
            assert_eq!(check(weak), Err(Reason::WeakPassword), "{weak}");
        }
    }
}
