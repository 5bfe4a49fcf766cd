//! Which of our media types the caller wants.

use axum::http::{HeaderMap, header};

/// A media type of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    /// `application/graphql-response+json`: the status tells what came of the request.
    GraphQl,
    /// `application/json`: the status tells only that there is an answer.
    Json,
    /// `text/event-stream`: one event for each answer. What is refused before there is a stream is refused as with
    /// [`Media::GraphQl`].
    Events,
}

impl Media {
    /// The type of an answer that is not a stream.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::GraphQl | Self::Events => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// The type that the caller likes best; `None` if none will do. All but plain JSON must be asked for by name.
pub(crate) fn negotiate(headers: &HeaderMap) -> Option<Media> {
    let accept: Vec<&str> =
        headers.get_all(header::ACCEPT).iter().map(|value| value.to_str().unwrap_or_default()).collect();
    let accept = accept.join(",");
    if accept.trim().is_empty() {
        return Some(Media::Json);
    }
    let graphql = quality(&accept, &["application/graphql-response+json"]);
    let json = quality(&accept, &["application/json", "application/*", "*/*"]);
    let events = quality(&accept, &["text/event-stream"]);
    if events > graphql.max(json) {
        return Some(Media::Events);
    }
    match (graphql, json) {
        (0, 0) => None,
        (graphql, json) if graphql >= json => Some(Media::GraphQl),
        _ => Some(Media::Json),
    }
}

/// How much a type is wanted, in thousandths, by the first of the ranges that is there.
fn quality(accept: &str, ranges: &[&str]) -> u16 {
    let named = |range: &&str| accept.split(',').find_map(|item| weight(item, range));
    ranges.iter().find_map(named).unwrap_or(0)
}

/// The weight of an item of the list if it is of this range and in UTF-8.
fn weight(item: &str, range: &str) -> Option<u16> {
    let mut parts = item.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case(range) {
        return None;
    }
    let mut weight = 1000;
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "charset" if !value.eq_ignore_ascii_case("utf-8") => return None,
            "q" => weight = thousandths(value),
            _ => {}
        }
    }
    Some(weight)
}

fn thousandths(quality: &str) -> u16 {
    let (whole, fraction) = quality.split_once('.').unwrap_or((quality, ""));
    match whole {
        "0" => format!("{fraction:0<3}").get(..3).and_then(|digits| digits.parse().ok()).unwrap_or(0),
        _ => 1000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_type_is_chosen() {
        for (accept, expected) in [
            (&[][..], Some(Media::Json)),
            (&[""], Some(Media::Json)),
            (&["*/*"], Some(Media::Json)),
            (&["application/*"], Some(Media::Json)),
            (&["application/json"], Some(Media::Json)),
            (&["Application/JSON; charset=UTF-8"], Some(Media::Json)),
            (&["application/graphql-response+json"], Some(Media::GraphQl)),
            (&["application/graphql-response+json; charset=\"utf-8\""], Some(Media::GraphQl)),
            (&["application/graphql-response+json, application/json"], Some(Media::GraphQl)),
            (&["application/json, application/graphql-response+json"], Some(Media::GraphQl)),
            (&["application/json", "application/graphql-response+json"], Some(Media::GraphQl)),
            (&["application/json, application/graphql-response+json;q=0.9"], Some(Media::Json)),
            (&["application/json;q=0.85, application/graphql-response+json;q=0.9"], Some(Media::GraphQl)),
            (&["application/graphql-response+json;q=0, application/json"], Some(Media::Json)),
            (&["application/graphql-response+json;q=0"], None),
            (&["application/json;q=0, */*"], None),
            (&["*/*;q=0.1, text/html"], Some(Media::Json)),
            (&["text/html"], None),
            (&["text/event-stream"], Some(Media::Events)),
            (&["text/event-stream, application/json;q=0.9"], Some(Media::Events)),
            (&["text/event-stream, */*;q=0.1"], Some(Media::Events)),
            (&["application/json, text/event-stream"], Some(Media::Json)),
            (&["text/*"], None),
            (&["application/json; charset=latin1"], None),
            (&["application/xml, text/*"], None),
            (&["application/json;q=x"], Some(Media::Json)),
        ] {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(header::ACCEPT, value.parse().unwrap());
            }
            assert_eq!(negotiate(&headers), expected, "{accept:?}");
        }
    }
}
