//! Makes requests of what a command asks for.

use super::cookies;
use super::glob::{self, GlobError, MAX_URLS};
use super::multipart;
use super::operation::Operation;
use super::options::Role;
use super::section::{self, Body, Sending, section};
use super::url::{self, Reading, Target};
use super::{MAX_PROBLEMS, MAX_REQUESTS, credentials, unresolved};
use crate::import::shell::materials::Materials;
use crate::import::shell::standin::StandIns;
use crate::import::shell::word::Word;
use crate::import::unresolved as still;
use crate::import::{ErrorKind, ImportError, ImportedRequest, Span};
use crate::model::{Content, FieldSection, HttpVersion, Provenance, Request, Url};

/// The requests of one operation. The cookies of files, in the jar, are those of all operations up to
/// this one.
///
/// # Errors
/// When curl refuses it.
pub(super) fn requests(
    mut operation: Operation,
    span: Span,
    jar: &mut Vec<Vec<u8>>,
    materials: &mut Materials<'_>,
) -> Result<Vec<ImportedRequest>, Vec<ImportError>> {
    let mut problems = Vec::new();
    if operation.urls.is_empty() {
        problems.push(ImportError::new(span, ErrorKind::NoUrl));
    }
    drop_unknown_words(&mut operation);
    problems.extend(conflict(&operation).map(|kind| ImportError::new(span, kind)));
    problems.extend(resumed_range(&operation));
    jar.extend(read_all(&operation.cookie_files, materials, &mut problems));
    // Cookies pass from one operation to the next, but only those that name a file send any.
    let is_off = operation.cookie_files.is_empty() && !operation.is(Role::CookieJar);
    let known = if is_off { &[] } else { jar.as_slice() };
    let mut requests = Vec::new();
    let mut uploads = std::mem::take(&mut operation.uploads).into_iter();
    for url in std::mem::take(&mut operation.urls) {
        if requests.len() > MAX_REQUESTS || problems.len() >= MAX_PROBLEMS {
            problems.push(ImportError::new(url.span, ErrorKind::TooMuch));
            break;
        }
        let mut builder = Builder {
            operation: &mut operation,
            jar: known,
            span,
            materials,
        };
        match builder.url(&url, uploads.next().as_ref()) {
            Ok(mut more) => requests.append(&mut more),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(requests)
    } else {
        Err(problems)
    }
}

/// `curl $OPTIONS https://...`: a variable beside a URL rather holds options than another URL.
fn drop_unknown_words(operation: &mut Operation) {
    if operation.urls.iter().all(Word::is_unresolved) {
        return;
    }
    let (unknown, urls) = std::mem::take(&mut operation.urls)
        .into_iter()
        .partition(Word::is_unresolved);
    operation.urls = urls;
    let unknown: Vec<Word> = unknown;
    for word in unknown {
        operation.warn(&format!("{} is left out: nothing defines it", word.shown()));
    }
}

/// Two options that ask for different methods; curl refuses them together.
fn conflict(operation: &Operation) -> Option<ErrorKind> {
    let gets_data =
        operation.is(Role::Get) && operation.data.is_some() && !operation.is(Role::Head);
    let has_data = operation.data.is_some() && !operation.is(Role::Get);
    let uploads = !operation.uploads.is_empty();
    let asked = [
        ("--head", operation.is(Role::Head)),
        // What switches HEAD off asks for GET.
        ("--no-head", operation.is(Role::NoHead) && !gets_data),
        ("--get", gets_data),
        ("--form", !operation.parts.is_empty()),
        ("--data", has_data),
        ("--upload-file", uploads),
    ];
    let mut asked = asked.iter().filter(|(_, is_asked)| *is_asked);
    let (first, second) = (asked.next()?.0, asked.next()?.0);
    Some(ErrorKind::Conflict { first, second })
}

/// Where to go on, and a range besides: curl refuses them together.
fn resumed_range(operation: &Operation) -> Option<ImportError> {
    let (resume, _range) = operation.resume.as_ref().zip(operation.range.as_ref())?;
    let option = "--continue-at";
    let reason = "it does not go with --range";
    let kind = ErrorKind::Value { option, reason };
    Some(ImportError::new(resume.span, kind))
}

/// The files of `-b`; one that is missing only turns curl's cookies on.
fn read_all(
    files: &[Word],
    materials: &mut Materials<'_>,
    problems: &mut Vec<ImportError>,
) -> Vec<Vec<u8>> {
    let mut contents = Vec::new();
    for file in files.iter().filter(|file| !file.bytes.is_empty()) {
        match materials.read_if_there(file) {
            Ok(content) => contents.extend(content.map(|content| content.bytes)),
            Err(problem) => problems.push(problem),
        }
    }
    contents
}

struct Builder<'b, 'm> {
    operation: &'b mut Operation,
    jar: &'b [Vec<u8>],
    span: Span,
    materials: &'b mut Materials<'m>,
}

impl Builder<'_, '_> {
    /// The requests for a URL, which may be a pattern, and the files to upload to it.
    fn url(
        &mut self,
        url: &Word,
        upload: Option<&Word>,
    ) -> Result<Vec<ImportedRequest>, ImportError> {
        let urls = self.expand(url)?;
        let uploads = match upload {
            Some(file) if !file.bytes.is_empty() => {
                self.expand(file)?.into_iter().map(Some).collect()
            }
            _ => vec![None],
        };
        if urls.len().saturating_mul(uploads.len()) > MAX_URLS {
            return Err(ImportError::new(url.span, ErrorKind::TooMuch));
        }
        let mut requests = Vec::new();
        for upload in &uploads {
            let body = self.body(upload.as_ref())?;
            let mut body = body;
            for url in &urls {
                if body.is_stream() && self.version() == HttpVersion::Http10 {
                    let option = "--http1.0";
                    let reason = "content whose length is not known cannot be sent in HTTP/1.0";
                    let kind = ErrorKind::Value { option, reason };
                    return Err(ImportError::new(url.span, kind));
                }
                self.materials.charge(body.bytes().len(), url)?;
                requests.push(self.request(url, upload.as_ref(), &body)?);
                body.is_read();
            }
        }
        Ok(requests)
    }

    /// Expands curl's patterns, unless `--globoff` says not to.
    fn expand(&self, pattern: &Word) -> Result<Vec<Word>, ImportError> {
        if self.operation.is(Role::GlobOff) {
            return Ok(vec![pattern.clone()]);
        }
        let stand_ins = StandIns::new(&pattern.unresolved);
        let refused = |error| {
            let kind = match error {
                GlobError::Malformed(reason) => ErrorKind::Glob(reason),
                GlobError::TooMany => ErrorKind::TooMuch,
            };
            ImportError::new(pattern.span, kind)
        };
        let expanded = glob::expand(&stand_ins.hide(&pattern.bytes)).map_err(refused)?;
        let words = expanded
            .iter()
            .map(|text| pattern.with_bytes(stand_ins.show(text)));
        Ok(words.collect())
    }

    fn body(&mut self, upload: Option<&Word>) -> Result<Body, ImportError> {
        if let Some(path) = upload {
            // A dot is standard input that is not waited for.
            let is_stream = path.bytes == b"-" || path.bytes == b".";
            let name = if is_stream {
                &path.with_bytes("-")
            } else {
                path
            };
            let mut content = self.materials.read(name)?.bytes;
            let skipped = self.operation.resumes_at().filter(|_| !is_stream);
            let skipped = skipped.unwrap_or(0).min(content.len());
            content.drain(..skipped);
            return Ok(Body::Upload {
                content,
                is_stream,
                skipped,
            });
        }
        if !self.operation.parts.is_empty() {
            let style = multipart::Style {
                escape: self.operation.is(Role::FormEscape),
                is_form_data: section::is_form_data(self.operation),
            };
            let (content, boundary) = multipart::content(&self.operation.parts, &style);
            let is_stream = multipart::has_unknown_length(&self.operation.parts);
            return Ok(Body::Form {
                content,
                boundary,
                is_stream,
            });
        }
        match &self.operation.data {
            Some(data) if !self.operation.is(Role::Get) => Ok(Body::Data(data.bytes.clone())),
            _ => Ok(Body::Absent),
        }
    }

    fn request(
        &mut self,
        url: &Word,
        upload: Option<&Word>,
        body: &Body,
    ) -> Result<ImportedRequest, ImportError> {
        self.operation.before_request();
        let target = self.target(url, upload)?;
        let authorization = credentials::authorization(self.operation, &target, self.materials)?;
        let now = self.materials.surroundings.now;
        let no_session = self.operation.is(Role::JunkSession);
        let host = section::given_host(self.operation);
        let fields = section(&Sending {
            operation: self.operation,
            target: &target,
            body,
            authorization,
            jar: cookies::for_target(self.jar, &target, host.as_deref(), now, no_session),
            has_content: !matches!(body, Body::Absent),
        });
        let url_value = self.requested(&target);
        let request = Request {
            method: self.method(body),
            target: url_value.path_and_query(),
            url: url_value,
            version: self.version(),
            pseudo: FieldSection::default(),
            fields,
            content: Content::complete(body.bytes()),
            trailers: FieldSection::new(Provenance::Import),
        };
        let mut warnings = self.operation.warnings.clone();
        warnings.append(&mut self.materials.warnings.clone());
        Ok(ImportedRequest {
            name: name(&request),
            unresolved: still::of(&request, unresolved::of(self.operation, url)),
            request,
            warnings,
            span: self.span,
        })
    }

    fn target(&self, url: &Word, upload: Option<&Word>) -> Result<Target, ImportError> {
        let operation = &*self.operation;
        if operation.is(Role::NoUserInUrl) && url.bytes.contains(&b'@') {
            let kind =
                ErrorKind::Url("the URL holds a user, which --disallow-username-in-url forbids");
            return Err(ImportError::new(url.span, kind));
        }
        let data = operation.data.as_ref().filter(|_| operation.is(Role::Get));
        let query = data.or(operation.query.as_ref());
        let mut texts = url.unresolved.clone();
        texts.extend(
            query
                .iter()
                .flat_map(|query| query.unresolved.iter().cloned()),
        );
        let stand_ins = StandIns::new(&texts);
        let query = query.map(|query| stand_ins.hide(&query.bytes));
        let is_stream = |file: &&Word| file.bytes == b"-" || file.bytes == b".";
        let reading = Reading {
            default_scheme: operation
                .default_scheme
                .as_ref()
                .map(|word| word.bytes.as_slice()),
            // To append to a query curl reads the URL once more, without this option.
            path_as_is: operation.is(Role::PathAsIs) && query.is_none(),
            query: query.as_deref(),
            upload: upload
                .filter(|file| !is_stream(file))
                .map(|file| file.bytes.as_slice()),
        };
        let mut target = url::read(&stand_ins.hide(&url.bytes), &reading)
            .map_err(|reason| ImportError::new(url.span, ErrorKind::Url(reason)))?;
        target.map(|text| stand_ins.show(text));
        Ok(target)
    }

    /// The URL with the target of `--request-target`.
    fn requested(&self, target: &Target) -> Url {
        let url = target.url();
        match &self.operation.target {
            Some(given) => Url::from_parts(url.origin, &given.bytes),
            None => url,
        }
    }

    fn version(&self) -> HttpVersion {
        const VERSIONS: &[Role] = &[Role::Http10, Role::Http11, Role::Http2];
        match self.operation.last_of(VERSIONS) {
            Some(Role::Http10) => HttpVersion::Http10,
            _ => HttpVersion::Http11,
        }
    }

    fn method(&self, body: &Body) -> String {
        if let Some(method) = &self.operation.method {
            return method.text();
        }
        let method = match body {
            _ if self.operation.is(Role::Head) => "HEAD",
            Body::Absent => "GET",
            Body::Data(_) | Body::Form { .. } => "POST",
            Body::Upload { .. } => "PUT",
        };
        method.to_owned()
    }
}

/// Method and path: what a user recognises.
fn name(request: &Request) -> String {
    let path = String::from_utf8_lossy(&request.url.path);
    format!("{} {path}", request.method)
}
