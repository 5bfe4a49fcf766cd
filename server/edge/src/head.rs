//! The headers of a request, as the application gets to know them.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};
use uuid::Uuid;

use crate::{answer::Fault, endpoint::RequestHead};

pub(crate) fn read(headers: &HeaderMap, request_id: Uuid, address: IpAddr) -> Result<RequestHead, Fault> {
    Ok(RequestHead {
        request_id,
        address,
        bearer: bearer(headers)?,
        accept_language: text(headers, header::ACCEPT_LANGUAGE.as_str()).map(|value| clean(value, 256)),
        idempotency_key: idempotency_key(headers)?,
        client_name: client(headers, &["x-client-name", "apollographql-client-name", "graphql-client-name"]),
        user_agent: text(headers, header::USER_AGENT.as_str()).map(|value| clean(value, 200)),
        client_version: client(
            headers,
            &["x-client-version", "apollographql-client-version", "graphql-client-version"],
        ),
    })
}

/// Whoever sends a token believes to be known: what we cannot read is refused, not taken for a stranger's request.
fn bearer(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    let malformed = || Fault::unauthenticated("Bearer error=\"invalid_request\"");
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(malformed());
    }
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(malformed)?;
    let token = token.trim();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.bytes().all(fits) {
        Ok(Some(token.to_owned()))
    } else {
        Err(malformed())
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = value
        .to_str()
        .ok()
        .filter(|key| (8..=128).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()));
    match (key, values.next()) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        _ => Err(Fault::bad_request(
            "Idempotency-Key must be one header of 8 to 128 visible ASCII characters.",
        )),
    }
}

fn client(headers: &HeaderMap, names: &[&str]) -> Option<String> {
    let value = names.iter().find_map(|name| text(headers, name))?;
    let value: String =
        value.chars().filter(|c| c.is_ascii_alphanumeric() || "-_./@ ".contains(*c)).take(64).collect();
    Some(value).filter(|value| !value.is_empty())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty())
}

fn clean(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn head(headers: &[(&'static str, &'static str)]) -> Result<RequestHead, String> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .fold(HeaderMap::new(), |mut map, (name, value)| {
                map.append(name, value);
                map
            });
        read(&headers, Uuid::nil(), Ipv4Addr::LOCALHOST.into()).map_err(|fault| fault.code().to_owned())
    }

    #[test]
    fn tokens_are_read_or_refused_but_never_ignored() {
        let bearer = |value| head(&[("authorization", value)]).map(|head| head.bearer);
        assert_eq!(head(&[]).unwrap().bearer, None);
        for good in ["Bearer a.b-c_d", "bearer a.b-c_d", "BEARER   a.b-c_d "] {
            assert_eq!(bearer(good).unwrap().as_deref(), Some("a.b-c_d"), "{good}");
        }
        for bad in ["", "Bearer", "Bearer ", "Basic a.b", "a.b", "Bearer a b", "Bearer a\"b", "Bearer,a"] {
            assert_eq!(bearer(bad), Err("UNAUTHENTICATED".to_owned()), "{bad}");
        }
        let twice = head(&[("authorization", "Bearer a"), ("authorization", "Bearer a")]);
        assert_eq!(twice.unwrap_err(), "UNAUTHENTICATED");
    }

    #[test]
    fn idempotency_keys_have_a_form() {
        let key = |value| head(&[("idempotency-key", value)]).map(|head| head.idempotency_key);
        assert_eq!(head(&[]).unwrap().idempotency_key, None);
        assert_eq!(key("12345678").unwrap().as_deref(), Some("12345678"));
        for bad in [
            "",
            "1234567",
            "1234 5678",
            concat!(
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0"
            ),
        ] {
            assert_eq!(key(bad), Err("BAD_USER_INPUT".to_owned()), "{bad}");
        }
    }

    #[test]
    fn clients_have_clean_names() {
        let name = |value| head(&[("x-client-name", value)]).unwrap().client_name;
        assert_eq!(name("web \"<x>\" 1").as_deref(), Some("web x 1"));
        assert_eq!(name("\"\""), None);
        assert_eq!(
            head(&[("apollographql-client-name", "ios")]).unwrap().client_name.as_deref(),
            Some("ios")
        );
    }
}
