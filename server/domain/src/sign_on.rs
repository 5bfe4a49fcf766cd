//! Signing on by somebody else's word: what of an issuer's token is believed, and whose account it opens.
//!
//! That a token is the issuer's (its signature, by a key that the issuer publishes) is found out before; everything here is
//! what the token then has to state.

use crate::id::UserId;
use crate::problem::Reason;

/// Seconds by which the issuer's clock may differ from ours.
pub const LEEWAY: i64 = 30;
/// Life of an attempt, in seconds: from leaving for the issuer to coming back.
pub const ATTEMPT_LIFE: i64 = 600;
/// Longest name of a person at an issuer, in bytes (OpenID Connect Core, 2).
pub const SUBJECT_MAX: usize = 255;

/// What an ID token states about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Who issued it.
    pub issuer: String,
    /// The person, by the issuer's name for them.
    pub subject: String,
    /// For whom it was made.
    pub audience: Vec<String>,
    /// Who asked for it; needed if it was made for several.
    pub authorized_party: Option<String>,
    /// Until when it holds, in seconds since the epoch.
    pub expires_at: i64,
    /// When it was made.
    pub issued_at: i64,
    /// From when on it holds.
    pub not_before: Option<i64>,
    /// What we sent along with the person.
    pub nonce: Option<String>,
}

/// What it has to state.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The issuer that we asked.
    pub issuer: &'a str,
    /// Our name there.
    pub client: &'a str,
    /// What we sent along.
    pub nonce: &'a str,
    /// Now, in seconds since the epoch.
    pub now: i64,
}

closed_set! {
    /// Why an issuer's word is not believed: for the audit chain and the log. The person is told one thing for all.
    pub enum Doubt {
        /// The issuer takes the code for none of its own, or for used.
        Code = "CODE",
        /// No ID token, or none that can be read.
        Token = "TOKEN",
        /// Not signed by a key of the issuer with an algorithm that we take.
        Signature = "SIGNATURE",
        /// Of another issuer.
        Issuer = "ISSUER",
        /// Made for somebody else.
        Audience = "AUDIENCE",
        /// Too old, or not yet valid.
        Time = "TIME",
        /// Not the answer to what we asked.
        Nonce = "NONCE",
        /// About nobody, or not about whom it was to be.
        Subject = "SUBJECT",
        /// The issuer does not vouch for the address.
        Address = "ADDRESS",
        /// The account of that address is somebody else's at this issuer.
        Taken = "TAKEN",
        /// The account of that address is switched off.
        SwitchedOff = "SWITCHED_OFF",
    }
}

/// Whether a token states what it has to.
pub fn believe(claims: &Claims, expected: &Expected<'_>) -> Result<(), Doubt> {
    if claims.issuer != expected.issuer {
        return Err(Doubt::Issuer);
    }
    let for_us = claims.audience.iter().any(|audience| audience == expected.client);
    let by_us = match &claims.authorized_party {
        Some(party) => party == expected.client,
        None => claims.audience.len() == 1,
    };
    if !for_us || !by_us {
        return Err(Doubt::Audience);
    }
    let now = expected.now;
    let begun = claims.not_before.unwrap_or(claims.issued_at).max(claims.issued_at);
    let fresh = claims.issued_at.saturating_add(ATTEMPT_LIFE + LEEWAY) >= now;
    if now >= claims.expires_at.saturating_add(LEEWAY) || begun.saturating_sub(LEEWAY) > now || !fresh {
        return Err(Doubt::Time);
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(Doubt::Nonce);
    }
    if claims.subject.is_empty() || claims.subject.len() > SUBJECT_MAX {
        return Err(Doubt::Subject);
    }
    Ok(())
}

/// The account that has the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Whose.
    pub user: UserId,
    /// They have proved to read mail there.
    pub is_verified: bool,
    /// They sign on at this issuer as somebody else already.
    pub is_linked: bool,
    /// The account may be used.
    pub is_active: bool,
}

/// Whose account a believed word opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Welcome {
    /// Somebody who signed on before.
    Known(UserId),
    /// The owner of the address, from now on.
    Link(UserId),
    /// The owner of the address; whoever registered with it never proved to be that.
    TakeOver(UserId),
    /// Somebody new.
    New,
}

/// Whose account it is: that of the identity, else that of the address, if the issuer vouches for the address.
pub fn welcome(
    known: Option<UserId>,
    vouches_for_address: bool,
    holder: Option<Holder>,
) -> Result<Welcome, Doubt> {
    if let Some(user) = known {
        return Ok(Welcome::Known(user));
    }
    if !vouches_for_address {
        return Err(Doubt::Address);
    }
    match holder {
        None => Ok(Welcome::New),
        // An address that was given to somebody else at the issuer opens nothing.
        Some(holder) if holder.is_linked => Err(Doubt::Taken),
        Some(holder) if !holder.is_active => Err(Doubt::SwitchedOff),
        Some(holder) if holder.is_verified => Ok(Welcome::Link(holder.user)),
        Some(holder) => Ok(Welcome::TakeOver(holder.user)),
    }
}

/// Taking an identity off an account: not the last way into it.
pub fn may_unlink(has_password: bool, others: usize) -> Result<(), Reason> {
    if has_password || others > 0 { Ok(()) } else { Err(Reason::LastCredential) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const NOW: i64 = 1_800_000_000;

    fn good() -> Claims {
        Claims {
            issuer: "https://sso.example".to_owned(),
            subject: "s-1".to_owned(),
            audience: vec!["btl".to_owned()],
            authorized_party: None,
            expires_at: NOW + 300,
            issued_at: NOW - 5,
            not_before: None,
            nonce: Some("n".to_owned()),
        }
    }

    fn judged(change: impl FnOnce(&mut Claims)) -> Result<(), Doubt> {
        let mut claims = good();
        change(&mut claims);
        let expected = Expected { issuer: "https://sso.example", client: "btl", nonce: "n", now: NOW };
        believe(&claims, &expected)
    }

    #[test]
    fn a_token_is_believed_for_what_it_states_and_nothing_else() {
        assert_eq!(judged(|_| ()), Ok(()));
        assert_eq!(judged(|claims| claims.issuer.push('/')), Err(Doubt::Issuer));
        assert_eq!(judged(|claims| claims.audience = vec!["other".to_owned()]), Err(Doubt::Audience));
        assert_eq!(judged(|claims| claims.audience.clear()), Err(Doubt::Audience));
        assert_eq!(judged(|claims| claims.audience.push("other".to_owned())), Err(Doubt::Audience));
        let party = |party: &str| Some(party.to_owned());
        assert_eq!(judged(|claims| claims.authorized_party = party("other")), Err(Doubt::Audience));
        let several = |claims: &mut Claims| {
            claims.audience.push("other".to_owned());
            claims.authorized_party = party("btl");
        };
        assert_eq!(judged(several), Ok(()));
        assert_eq!(judged(|claims| claims.expires_at = NOW - LEEWAY), Err(Doubt::Time));
        assert_eq!(judged(|claims| claims.expires_at = NOW - LEEWAY + 1), Ok(()));
        assert_eq!(judged(|claims| claims.expires_at = i64::MAX), Ok(()));
        assert_eq!(judged(|claims| claims.issued_at = NOW + LEEWAY + 1), Err(Doubt::Time));
        assert_eq!(judged(|claims| claims.issued_at = i64::MIN), Err(Doubt::Time));
        assert_eq!(judged(|claims| claims.issued_at = NOW - ATTEMPT_LIFE - LEEWAY - 1), Err(Doubt::Time));
        assert_eq!(judged(|claims| claims.not_before = Some(NOW + LEEWAY + 1)), Err(Doubt::Time));
        assert_eq!(judged(|claims| claims.nonce = None), Err(Doubt::Nonce));
        assert_eq!(judged(|claims| claims.nonce = Some(String::new())), Err(Doubt::Nonce));
        assert_eq!(judged(|claims| claims.subject.clear()), Err(Doubt::Subject));
        assert_eq!(judged(|claims| claims.subject = "x".repeat(256)), Err(Doubt::Subject));
    }

    #[test]
    fn an_identity_opens_its_own_account_and_a_new_one_that_of_a_proved_address() {
        let user = UserId(Uuid::from_u128(1));
        let holder =
            |is_verified, is_linked| Some(Holder { user, is_verified, is_linked, is_active: true });
        let off = Holder { user, is_verified: true, is_linked: false, is_active: false };
        assert_eq!(welcome(None, true, Some(off)), Err(Doubt::SwitchedOff));
        assert_eq!(
            welcome(Some(user), false, None),
            Ok(Welcome::Known(user)),
            "whatever the address is by now"
        );
        assert_eq!(welcome(None, true, None), Ok(Welcome::New));
        assert_eq!(welcome(None, true, holder(true, false)), Ok(Welcome::Link(user)));
        assert_eq!(welcome(None, true, holder(false, false)), Ok(Welcome::TakeOver(user)));
        assert_eq!(welcome(None, true, holder(true, true)), Err(Doubt::Taken));
        for holder in [None, holder(true, false), holder(false, false)] {
            assert_eq!(welcome(None, false, holder), Err(Doubt::Address));
        }
    }

    #[test]
    fn nobody_locks_themselves_out() {
        assert_eq!(may_unlink(false, 0), Err(Reason::LastCredential));
        assert!(may_unlink(true, 0).is_ok() && may_unlink(false, 1).is_ok());
    }
}
