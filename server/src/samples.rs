//! All mails as they look, with facts made up: in development at `/mails`, and by `server mails` as files.

use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use domain::letter::LetterKind;
use domain::locale::Locale;
use notify::{RenderError, Rendered, render, sample};

/// Nothing from anywhere; mails style their elements.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
const LIST: &str = "index.html";
const READER: &str = "Lê Thị Hoa";

/// A file: its path, and what it says.
pub type File = (String, String);

/// The list of all mails, which names the HTML ones by their paths, and each mail as HTML; then each as text.
pub fn files() -> Result<(Vec<File>, Vec<File>), RenderError> {
    let (mut rows, mut pages, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for kind in LetterKind::ALL {
        let mut row = format!("<tr><td>{kind}</td>");
        for locale in Locale::ALL {
            let Rendered { subject, text, html } = render(&sample::letter(*kind), READER, *locale)?;
            let path = format!("{locale}/{kind}");
            row.extend([
                "<td><a href=\"",
                path.as_str(),
                ".html\">",
                escaped(&subject).as_str(),
                "</a></td>",
            ]);
            pages.push((format!("{path}.html"), html));
            texts.push((format!("{path}.txt"), format!("{subject}\n\n{text}\n")));
        }
        rows.push(row + "</tr>\n");
    }
    let list = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Mails</title>\n\
         <style>body {{ font: 16px sans-serif }} td {{ padding: 2px 16px 2px 0 }}</style>\n<table>\n{}</table>\n",
        rows.concat()
    );
    pages.push((LIST.to_owned(), list));
    Ok((pages, texts))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// The pages.
pub fn routes() -> Result<Router, RenderError> {
    let page = |text: String| async move {
        ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(text)).into_response()
    };
    Ok(files()?.0.into_iter().fold(Router::new(), |router, (path, text)| {
        let path = if path == LIST { "/mails/".to_owned() } else { format!("/mails/{path}") };
        router.route(&path, get(move || page(text.clone())))
    }))
}
