//! All mails as they look, with facts made up: in development at `/mails`, and by `server mails` as files.

use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use domain::letter::LetterKind;
use domain::locale::Locale;
use minijinja::{Environment, context};
use notify::{Rendered, render, sample};

/// Nothing from anywhere; mails style their elements.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
const LIST: &str = "index.html";
const TEMPLATE: &str = r#"<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Mails</title>
<style>body { font: 16px sans-serif } td { padding: 2px 16px 2px 0 }</style>
<table>
{% for row in rows -%}
<tr><td>{{ row.kind }}</td>
{%- for mail in row.mails %}<td><a href="{{ mail.path | safe }}">{{ mail.subject }}</a></td>{% endfor %}</tr>
{% endfor -%}
</table>
"#;
const READER: &str = "Lê Thị Hoa";

/// A file: its path, and what it says.
pub type File = (String, String);

/// The list of all mails, which names the HTML ones by their paths, and each mail as HTML; then each as text.
pub fn files() -> anyhow::Result<(Vec<File>, Vec<File>)> {
    let (mut rows, mut pages, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for kind in LetterKind::ALL {
        let mut mails = Vec::new();
        for locale in Locale::ALL {
            let Rendered { subject, text, html } = render(&sample::letter(*kind), READER, *locale)?;
            let path = format!("{locale}/{kind}");
            texts.push((format!("{path}.txt"), format!("{subject}\n\n{text}\n")));
            pages.push((format!("{path}.html"), html));
            mails.push(context! { path => format!("{path}.html"), subject });
        }
        rows.push(context! { kind => kind.name(), mails });
    }
    // By its name the template is known to be HTML, and what is filled in is escaped.
    let list = Environment::new().render_named_str(LIST, TEMPLATE, context! { rows })?;
    pages.push((LIST.to_owned(), list));
    Ok((pages, texts))
}

/// The pages.
pub fn routes() -> anyhow::Result<Router> {
    let page = |text: String| async move {
        ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(text)).into_response()
    };
    Ok(files()?.0.into_iter().fold(Router::new(), |router, (path, text)| {
        let path = if path == LIST { "/mails/".to_owned() } else { format!("/mails/{path}") };
        router.route(&path, get(move || page(text.clone())))
    }))
}
