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
const READER: &str = "Lê Thị Hoa";

/// A file: its path, and what it says.
pub type File = (String, String);

/// The list of all mails, and each as HTML and as text. The list names the HTML ones by their paths.
pub fn files() -> Result<Vec<File>, RenderError> {
    let (mut rows, mut files) = (String::new(), Vec::new());
    for kind in LetterKind::ALL {
        let mut cells = String::new();
        for locale in Locale::ALL {
            let Rendered { subject, text, html } = render(&sample::letter(*kind), READER, *locale)?;
            let path = format!("{locale}/{kind}");
            cells += &format!("<td><a href=\"{path}.html\">{}</a></td>", escaped(&subject));
            files.push((format!("{path}.html"), html));
            files.push((format!("{path}.txt"), format!("{subject}\n\n{text}\n")));
        }
        rows += &format!("<tr><td>{kind}</td>{cells}</tr>\n");
    }
    let list = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Mails</title>\n\
         <style>body {{ font: 16px sans-serif }} td {{ padding: 2px 16px 2px 0 }}</style>\n<table>\n{rows}</table>\n"
    );
    files.push(("index.html".to_owned(), list));
    Ok(files)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// The pages.
pub fn routes() -> Result<Router, RenderError> {
    let page = |text: String| async move {
        ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(text)).into_response()
    };
    let html = files()?.into_iter().filter(|(path, _)| path.ends_with(".html"));
    Ok(html.fold(Router::new(), |router, (path, text)| {
        let path = if path == "index.html" { "/mails/".to_owned() } else { format!("/mails/{path}") };
        router.route(&path, get(move || page(text.clone())))
    }))
}
