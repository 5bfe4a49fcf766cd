//! What is wrong with a request and can be put right by the one who made it: a stable code for programs, a field path,
//! and a sentence in the reader's language.

use crate::locale::Locale;
use crate::time::Timestamp;

/// One thing to put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Path of the field at fault from the arguments, e.g. `["input", "criteria", "0", "weight"]`; None when no field is.
    pub field: Option<Vec<String>>,
    /// What is wrong.
    pub reason: Reason,
}

impl Problem {
    /// A problem of no field in particular.
    pub fn whole(reason: Reason) -> Self {
        Self { field: None, reason }
    }

    /// A problem of `input.<field>`.
    pub fn at(field: &str, reason: Reason) -> Self {
        Self { field: Some(vec!["input".to_owned(), field.to_owned()]), reason }
    }

    /// A problem deeper in the input.
    pub fn at_path<const N: usize>(path: [&str; N], reason: Reason) -> Self {
        let field = std::iter::once("input").chain(path).map(str::to_owned).collect();
        Self { field: Some(field), reason }
    }
}

/// Whether something may be done: nothing is in the way, or all of this is.
pub type Guard = Result<(), Vec<Problem>>;

/// A guard of several conditions: everything that is in the way, at once; the same thing twice counts once.
pub fn all(checks: impl IntoIterator<Item = Result<(), Reason>>) -> Guard {
    unless(checks.into_iter().filter_map(Result::err).map(Problem::whole))
}

/// A guard that stands in the way if anything of this does.
pub fn unless(obstacles: impl IntoIterator<Item = Problem>) -> Guard {
    let mut all: Vec<Problem> = Vec::new();
    for obstacle in obstacles {
        if !all.contains(&obstacle) {
            all.push(obstacle);
        }
    }
    if all.is_empty() { Ok(()) } else { Err(all) }
}

closed_set! {
    /// The stable codes of what a user can correct. A client branches on these, never on messages.
    pub enum Code {
        /// A value is missing.
        Required = "REQUIRED",
        /// Shorter than the minimum.
        TooShort = "TOO_SHORT",
        /// Longer than the limit (characters of a text, items of a list).
        TooLong = "TOO_LONG",
        /// A number or time outside its range.
        OutOfRange = "OUT_OF_RANGE",
        /// Not in the form described.
        Malformed = "MALFORMED",
        /// Contains control, invisible or direction-changing characters.
        ForbiddenCharacter = "FORBIDDEN_CHARACTER",
        /// Unknown, or not visible to you.
        NotFound = "NOT_FOUND",
        /// You may see it but not do this.
        NotPermitted = "NOT_PERMITTED",
        /// The state or version is not what the command needs.
        Conflict = "CONFLICT",
        /// There is one already.
        AlreadyExists = "ALREADY_EXISTS",
        /// The idempotency key was used with another input.
        IdempotencyMismatch = "IDEMPOTENCY_MISMATCH",
        /// A limit on how many is reached.
        Quota = "QUOTA",
        /// The password is too common or contains your own data.
        WeakPassword = "WEAK_PASSWORD",
        /// The address or the password is wrong.
        InvalidCredentials = "INVALID_CREDENTIALS",
        /// The token is unknown, used, replaced or expired.
        InvalidToken = "INVALID_TOKEN",
        /// The code of the second factor is wrong, used or too old.
        InvalidCode = "INVALID_CODE",
        /// Prove once more who you are (`reauthenticate`), then repeat the command.
        ReauthenticationRequired = "REAUTHENTICATION_REQUIRED",
        /// The weights of the rubric do not sum to 100.
        WeightsNot100 = "WEIGHTS_NOT_100",
        /// Nobody approves or publishes what they wrote, or publishes what they approved.
        SelfApproval = "SELF_APPROVAL",
        /// The window for proposals has not opened yet.
        NotOpen = "NOT_OPEN",
        /// The deadline has passed by the server's clock.
        DeadlinePassed = "DEADLINE_PASSED",
        /// The deadline has not been reached by the server's clock.
        DeadlineNotReached = "DEADLINE_NOT_REACHED",
        /// The organisation is not verified.
        OrganizationNotVerified = "ORGANIZATION_NOT_VERIFIED",
        /// The organisation was rejected, suspended or closed, and does nothing.
        OrganizationInactive = "ORGANIZATION_INACTIVE",
        /// A second person must confirm.
        SecondPersonRequired = "SECOND_PERSON_REQUIRED",
        /// A conflict, or none, must be declared first.
        ConflictUndeclared = "CONFLICT_UNDECLARED",
        /// Too few score sheets are in.
        QuorumNotReached = "QUORUM_NOT_REACHED",
        /// The person already has a role that excludes this one.
        IncompatibleRole = "INCOMPATIBLE_ROLE",
        /// Reviewers and members of a council are drawn from the expert register.
        NotInExpertRegister = "NOT_IN_EXPERT_REGISTER",
        /// It is the only way left to sign in.
        LastCredential = "LAST_CREDENTIAL",
        /// The file is not taken; the message says why, and `Attachment.refusal` as a code.
        FileRefused = "FILE_REFUSED",
        /// A file has not arrived, was not looked at yet, or was refused: wait for it, or remove it.
        FileNotReady = "FILE_NOT_READY",
    }
}

/// What is wrong, with what a client needs to say or do next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is its code with the data of its message")]
pub enum Reason {
    Required,
    TooShort {
        min: usize,
    },
    TooLong {
        max: usize,
    },
    OutOfRange {
        min: String,
        max: String,
    },
    Malformed {
        expected: Form,
    },
    ForbiddenCharacter,
    NotFound,
    NotPermitted,
    /// The row has another version than the caller expected.
    Stale {
        current: i32,
    },
    /// The command is not allowed in this state.
    Transition {
        current: &'static str,
        allowed: Vec<&'static str>,
    },
    AlreadyExists,
    IdempotencyMismatch,
    Quota {
        limit: usize,
    },
    WeakPassword,
    InvalidCredentials,
    InvalidToken,
    InvalidCode,
    ReauthenticationRequired,
    WeightsNot100 {
        sum: i64,
    },
    SelfApproval,
    NotOpen {
        opens_at: Option<Timestamp>,
    },
    DeadlinePassed {
        closed_at: Timestamp,
    },
    DeadlineNotReached {
        closes_at: Timestamp,
    },
    OrganizationNotVerified,
    OrganizationInactive,
    SecondPersonRequired,
    ConflictUndeclared,
    QuorumNotReached {
        present: usize,
        needed: usize,
    },
    IncompatibleRole,
    NotInExpertRegister,
    LastCredential,
    FileRefused {
        why: crate::attachment::Refusal,
    },
    FileNotReady,
}

/// The form a text should have had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it; the messages spell it out")]
pub enum Form {
    EmailAddress,
    Slug,
    Decimal,
    HttpUrl,
    WebhookUrl,
    IdempotencyKey,
    Id,
    Role,
    Cursor,
    FirstOrLast,
    PublicBody,
    Parent,
    Successor,
    Original,
    FileName,
    TimeZone,
    LocalTime,
    Delivery,
}

impl Reason {
    /// The stable code.
    pub const fn code(&self) -> Code {
        match self {
            Self::Required => Code::Required,
            Self::TooShort { .. } => Code::TooShort,
            Self::TooLong { .. } => Code::TooLong,
            Self::OutOfRange { .. } => Code::OutOfRange,
            Self::Malformed { .. } => Code::Malformed,
            Self::ForbiddenCharacter => Code::ForbiddenCharacter,
            Self::NotFound => Code::NotFound,
            Self::NotPermitted => Code::NotPermitted,
            Self::Stale { .. } | Self::Transition { .. } => Code::Conflict,
            Self::AlreadyExists => Code::AlreadyExists,
            Self::IdempotencyMismatch => Code::IdempotencyMismatch,
            Self::Quota { .. } => Code::Quota,
            Self::WeakPassword => Code::WeakPassword,
            Self::InvalidCredentials => Code::InvalidCredentials,
            Self::InvalidToken => Code::InvalidToken,
            Self::InvalidCode => Code::InvalidCode,
            Self::ReauthenticationRequired => Code::ReauthenticationRequired,
            Self::WeightsNot100 { .. } => Code::WeightsNot100,
            Self::SelfApproval => Code::SelfApproval,
            Self::NotOpen { .. } => Code::NotOpen,
            Self::DeadlinePassed { .. } => Code::DeadlinePassed,
            Self::DeadlineNotReached { .. } => Code::DeadlineNotReached,
            Self::OrganizationNotVerified => Code::OrganizationNotVerified,
            Self::OrganizationInactive => Code::OrganizationInactive,
            Self::SecondPersonRequired => Code::SecondPersonRequired,
            Self::ConflictUndeclared => Code::ConflictUndeclared,
            Self::QuorumNotReached { .. } => Code::QuorumNotReached,
            Self::IncompatibleRole => Code::IncompatibleRole,
            Self::NotInExpertRegister => Code::NotInExpertRegister,
            Self::LastCredential => Code::LastCredential,
            Self::FileRefused { .. } => Code::FileRefused,
            Self::FileNotReady => Code::FileNotReady,
        }
    }

    /// A sentence fit to show. Never contains what the user typed.
    pub fn message(&self, locale: Locale) -> String {
        let vi = matches!(locale, Locale::Vi);
        let say = |in_vi: &str, in_en: &str| (if vi { in_vi } else { in_en }).to_owned();
        match self {
            Self::Required => say("Vui lòng điền mục này.", "This is required."),
            Self::TooShort { min } => {
                if vi {
                    format!("Cần ít nhất {min} ký tự.")
                } else {
                    format!("At least {min} characters are needed.")
                }
            }
            Self::TooLong { max } => {
                if vi {
                    format!("Không được quá {max} (ký tự hoặc mục).")
                } else {
                    format!("No more than {max} (characters or items).")
                }
            }
            Self::OutOfRange { min, max } => {
                if vi {
                    format!("Giá trị phải từ {min} đến {max}.")
                } else {
                    format!("The value must lie between {min} and {max}.")
                }
            }
            Self::Malformed { expected } => expected.message(vi),
            Self::ForbiddenCharacter => say(
                "Có ký tự điều khiển hoặc ký tự ẩn không được phép.",
                "Control or invisible characters are not allowed.",
            ),
            Self::NotFound => {
                say("Không tìm thấy, hoặc bạn không có quyền xem.", "Not found, or not visible to you.")
            }
            Self::NotPermitted => say("Bạn không có quyền làm việc này.", "You may not do this."),
            Self::Stale { .. } => say(
                "Nội dung đã được người khác sửa. Hãy tải lại rồi làm tiếp.",
                "Somebody else changed this meanwhile. Reload and try again.",
            ),
            Self::Transition { current, allowed } => {
                let allowed = allowed.join(", ");
                if vi {
                    format!("Không thực hiện được ở trạng thái {current}; chỉ được khi: {allowed}.")
                } else {
                    format!("Not possible in state {current}; allowed in: {allowed}.")
                }
            }
            Self::AlreadyExists => say("Đã có rồi.", "There is one already."),
            Self::IdempotencyMismatch => say(
                "Khóa chống lặp này đã dùng cho nội dung khác.",
                "This idempotency key was used with another input.",
            ),
            Self::Quota { limit } => {
                if vi {
                    format!("Đã đạt giới hạn {limit}.")
                } else {
                    format!("The limit of {limit} is reached.")
                }
            }
            Self::WeakPassword => say(
                "Mật khẩu quá phổ biến hoặc chứa thông tin của chính bạn.",
                "The password is too common or contains your own data.",
            ),
            Self::InvalidCredentials => {
                say("Địa chỉ thư hoặc mật khẩu không đúng.", "The address or the password is wrong.")
            }
            Self::InvalidToken => say("Mã không còn hiệu lực.", "The token is not valid any more."),
            Self::InvalidCode => {
                say("Mã xác thực không đúng hoặc đã dùng.", "The code is wrong or was used.")
            }
            Self::ReauthenticationRequired => {
                say("Hãy nhập lại mật khẩu để làm việc này.", "Enter your password again to do this.")
            }
            Self::WeightsNot100 { sum } => {
                if vi {
                    format!("Tổng trọng số các tiêu chí phải bằng 100, hiện là {sum}.")
                } else {
                    format!("The weights of the criteria must sum to 100; they sum to {sum}.")
                }
            }
            Self::SelfApproval => say(
                "Người soạn không được duyệt; người duyệt không được công bố.",
                "Nobody approves or publishes their own work, nor publishes what they approved.",
            ),
            Self::NotOpen { .. } => say("Chưa đến thời gian nhận hồ sơ.", "Proposals are not accepted yet."),
            Self::DeadlinePassed { closed_at } => {
                let at = closed_at.to_rfc3339();
                if vi {
                    format!("Đã hết hạn nhận hồ sơ từ {at}.")
                } else {
                    format!("The deadline passed at {at}.")
                }
            }
            Self::DeadlineNotReached { closes_at } => {
                let at = closes_at.to_rfc3339();
                if vi {
                    format!("Chưa đến hạn: {at}.")
                } else {
                    format!("The deadline has not been reached: {at}.")
                }
            }
            Self::OrganizationNotVerified => {
                say("Tổ chức chưa được xác minh.", "The organisation is not verified.")
            }
            Self::OrganizationInactive => say(
                "Tổ chức đã bị từ chối, tạm đình chỉ hoặc đã chấm dứt hoạt động.",
                "The organisation was rejected, suspended or closed.",
            ),
            Self::SecondPersonRequired => {
                say("Cần một người thứ hai xác nhận.", "A second person must confirm.")
            }
            Self::ConflictUndeclared => say(
                "Hãy khai báo có hay không có xung đột lợi ích trước.",
                "Declare a conflict of interest, or none, first.",
            ),
            Self::QuorumNotReached { present, needed } => {
                if vi {
                    format!("Chưa đủ phiếu: có {present}, cần {needed}.")
                } else {
                    format!("Too few score sheets: {present} are in, {needed} are needed.")
                }
            }
            Self::IncompatibleRole => say(
                "Người này đang giữ vai trò không được kiêm nhiệm.",
                "This person holds a role that excludes this one.",
            ),
            Self::NotInExpertRegister => say(
                "Người này chưa có trong danh sách chuyên gia, hoặc đang bị đình chỉ ở đó.",
                "This person is not in the expert register, or suspended there.",
            ),
            Self::LastCredential => say(
                "Đây là cách đăng nhập duy nhất còn lại. Hãy đặt mật khẩu trước.",
                "This is the only way left to sign in. Set a password first.",
            ),
            Self::FileRefused { why } => why.message(vi).to_owned(),
            Self::FileNotReady => say(
                "Còn tệp chưa tải xong, chưa kiểm tra hoặc bị từ chối. Hãy chờ hoặc xóa tệp đó.",
                "A file has not arrived, was not looked at yet, or was refused. Wait for it or remove it.",
            ),
        }
    }
}

impl Form {
    fn message(self, vi: bool) -> String {
        let (in_vi, in_en) = match self {
            Self::EmailAddress => ("Địa chỉ thư điện tử không hợp lệ.", "Not an e-mail address."),
            Self::Slug => (
                "Chỉ dùng chữ thường a-z, số và dấu gạch nối, 3 đến 80 ký tự.",
                "Use lower-case a-z, digits and hyphens, 3 to 80 characters.",
            ),
            Self::Decimal => ("Hãy nhập số thập phân, ví dụ 7.5.", "Give a decimal number such as 7.5."),
            Self::HttpUrl => {
                ("Hãy nhập địa chỉ bắt đầu bằng https://.", "Give an address that begins with https://.")
            }
            Self::WebhookUrl => (
                "Hãy nhập địa chỉ https, cổng 443 hoặc 8443, của một máy chủ trên Internet công cộng, không kèm tài khoản và dấu #.",
                "Give an https address at port 443 or 8443 of a host on the public Internet, without credentials and fragment.",
            ),
            Self::IdempotencyKey => (
                "Khóa gồm 8 đến 128 ký tự ASCII in được.",
                "The key has 8 to 128 printable ASCII characters.",
            ),
            Self::Id => ("Mã định danh không đúng loại.", "Not an id of this kind."),
            Self::FirstOrLast => ("Chỉ dùng first hoặc last.", "Give first or last, not both."),
            Self::Cursor => {
                ("Con trỏ trang không thuộc danh sách này.", "The cursor does not belong to this list.")
            }
            Self::PublicBody => {
                ("Chỉ áp dụng cho cơ quan nhà nước.", "This is for agencies and the programme office alone.")
            }
            Self::Parent => (
                "Đơn vị cấp trên phải là cơ quan nhà nước và không trực thuộc chính đơn vị này.",
                "What stands above must be a public body that does not itself stand below.",
            ),
            Self::Original => (
                "Phải là một bài toán khác, và bài toán đó không được là bản trùng lặp của bài toán khác nữa.",
                "It must be another challenge, and one that is not itself a duplicate.",
            ),
            Self::Successor => (
                "Tổ chức kế thừa phải là một tổ chức khác cùng loại.",
                "The successor must be another organisation of the same nature.",
            ),
            Self::FileName => (
                "Tên tệp không được chứa / \\ : * ? \" < > | % và không được trùng tên thiết bị.",
                "A file name has none of / \\ : * ? \" < > | % and is no name of a device.",
            ),
            Self::TimeZone => (
                "Hãy nhập tên múi giờ IANA, ví dụ Asia/Ho_Chi_Minh.",
                "Give the IANA name of a time zone, such as Asia/Ho_Chi_Minh.",
            ),
            Self::LocalTime => {
                ("Hãy nhập giờ và phút, ví dụ 07:00.", "Give hours and minutes, such as 07:00.")
            }
            Self::Delivery => (
                "Nhóm thông báo này không cho phép lựa chọn đó.",
                "This group of notifications does not offer that choice.",
            ),
            Self::Role => (
                "Vai trò này không thuộc loại tổ chức đó.",
                "This role does not exist in an organisation of that kind.",
            ),
        };
        (if vi { in_vi } else { in_en }).to_owned()
    }
}
