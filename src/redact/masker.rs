//! The masker: what may be said about each part of a message.

use std::fmt;

use super::canvas::{Canvas, Masked};
use super::peel::Words;
use super::secret::Book;
use crate::auth::credentials;
use crate::model::{FieldLine, Place, Request, Url};

/// Masks the values of one report; equal secrets get equal names.
pub struct Masker {
    reveal: bool,
    pub(super) book: Book,
}

impl Masker {
    /// A masker for one report.
    pub fn new() -> Self {
        Self {
            reveal: false,
            book: Book::default(),
        }
    }

    /// Shows the real values: for `--reveal` only. Control characters are escaped all the same.
    pub fn revealing() -> Self {
        Self {
            reveal: true,
            book: Book::default(),
        }
    }

    /// Whether real values are shown.
    pub(super) fn reveals(&self) -> bool {
        self.reveal
    }

    /// Learns the secrets of a request, so that their echoes in other texts are masked too.
    ///
    /// Numbers are given in this order, so that they do not depend on what is shown first.
    pub fn learn(&mut self, request: &Request) {
        if self.reveal {
            return;
        }
        for carrier in credentials::carriers(request) {
            let kind = match &carrier.place {
                Place::Header(name) if name == "authorization" => {
                    scheme_kind(carrier.scheme.as_deref())
                }
                Place::Header(_) => "key",
                Place::Cookie(_) => "cookie",
                Place::Query(_) | Place::Form(_) => "token",
                Place::UserInfo => "basic",
            };
            self.remember(kind, &carrier.normalised);
            self.remember(kind, &carrier.secret);
        }
        // Masking them remembers every other secret of the request.
        let mut unseen = Canvas::default();
        self.paint_url(&mut unseen, &request.url);
        for line in request
            .fields
            .lines()
            .iter()
            .chain(request.trailers.lines())
        {
            self.paint_field(&mut unseen, &line.name_text(), line.value());
        }
        let content_type = request.fields.first("content-type");
        self.paint_content(&mut unseen, content_type, &request.content.bytes);
    }

    /// A field value, by the field's name.
    pub fn field_value(&mut self, name: &str, value: &[u8]) -> Masked {
        self.show(value, |masker, out| masker.paint_field(out, name, value))
    }

    /// A field line's value as sent, outer whitespace kept.
    pub fn field_line(&mut self, line: &FieldLine) -> Masked {
        self.field_value(&line.name_text(), line.raw_value())
    }

    /// A field name (a long or token-like name is masked itself).
    pub fn field_name(&mut self, name: &[u8]) -> Masked {
        self.show(name, |masker, out| masker.paint_name(out, name))
    }

    /// A cookie's value.
    pub fn cookie_value(&mut self, name: &str, value: &[u8]) -> Masked {
        self.show(value, |masker, out| {
            masker.paint_cookie(out, name, value);
        })
    }

    /// A query or form parameter's value, percent-encoded as sent.
    pub fn parameter_value(&mut self, name: &str, value: &[u8]) -> Masked {
        self.show(value, |masker, out| {
            masker.paint_parameter(out, name.as_bytes(), value, 0);
        })
    }

    /// A whole URL.
    pub fn url(&mut self, url: &Url) -> Masked {
        if self.reveal {
            let user = url.userinfo.as_deref().map(|info| [info, b"@"].concat());
            let text = [
                format!("{}://", url.origin.scheme.as_str()).into_bytes(),
                user.unwrap_or_default(),
                url.origin.authority().into_bytes(),
                url.path_and_query(),
            ]
            .concat();
            return escaped(&text);
        }
        let mut out = Canvas::of(&url.path_and_query());
        self.paint_url(&mut out, url);
        out.finish()
    }

    /// A path with an optional query, as in a request line.
    pub fn target(&mut self, target: &[u8]) -> Masked {
        self.show(target, |masker, out| {
            masker.paint_reference(out, target, 0);
        })
    }

    /// A credential, by its place: scheme words stay.
    pub fn credential(&mut self, place: &Place, value: &[u8]) -> Masked {
        self.show(value, |masker, out| match place {
            Place::Header(name) if name == "cookie" => masker.paint_field(out, name, value),
            Place::Header(name) => masker.paint_credential_field(out, name, value),
            Place::Cookie(_) => masker.mask_core(out, "cookie", value, Words::Known),
            Place::Query(name) | Place::Form(name) => {
                let kind = super::name::kind_by_name(name);
                masker.mask_core(out, kind, value, Words::Known);
            }
            Place::UserInfo => masker.mask(out, "basic", value),
        })
    }

    /// Free text: known secrets, tokens by shape and URLs inside it are masked.
    pub fn text(&mut self, text: &[u8]) -> Masked {
        self.show(text, |masker, out| masker.paint_text(out, text, 0))
    }

    /// Message content: by member name where it can be parsed, then as free text. Line feeds and
    /// tabs stay as they are; what is no text is shown as its length.
    pub fn content(&mut self, content_type: Option<&[u8]>, content: &[u8]) -> Masked {
        let mut out = Canvas::of(content).with_lines();
        if self.reveal {
            out.captured(content);
        } else {
            self.paint_content(&mut out, content_type, content);
        }
        out.finish()
    }

    /// Our own words; control characters are escaped all the same.
    pub fn own_words(&mut self, text: &str) -> Masked {
        let mut out = Canvas::default();
        out.words(text);
        out.finish()
    }

    fn show(&mut self, value: &[u8], paint: impl FnOnce(&mut Self, &mut Canvas)) -> Masked {
        if self.reveal {
            return escaped(value);
        }
        let mut out = Canvas::of(value);
        paint(self, &mut out);
        out.finish()
    }
}

impl Default for Masker {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Masker(reveal: {})", self.reveal)
    }
}

/// The kind of a credential of that scheme.
pub(super) fn scheme_kind(scheme: Option<&str>) -> &'static str {
    match scheme.map(str::to_ascii_lowercase).as_deref() {
        Some("basic") => "basic",
        Some("apikey" | "api-key" | "ssws" | "key") => "key",
        Some("negotiate") => "negotiate",
        Some("ntlm") => "ntlm",
        _ => "token",
    }
}

fn escaped(value: &[u8]) -> Masked {
    let mut out = Canvas::of(value);
    out.captured(value);
    out.finish()
}
