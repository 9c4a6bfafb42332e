//! The media types that Python knows by the end of a file's name.

/// The type of a file; a system may know more.
pub(super) fn guess(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (stem, mut end) = split(name)?;
    match end.to_ascii_lowercase().as_str() {
        "tgz" | "taz" | "tz" | "tbz2" | "txz" => end = "tar",
        "svgz" => end = "svg",
        _ => {}
    }
    // A packed file has the type of what is packed.
    if matches!(end, "gz" | "Z" | "bz2" | "xz" | "br") {
        end = split(stem)?.1;
    }
    let end = end.to_ascii_lowercase();
    let known = MEDIA_TYPES.iter().find(|(known, _)| *known == end);
    known.map(|(_, kind)| *kind)
}

/// A name that is nothing but an end has none.
fn split(name: &str) -> Option<(&str, &str)> {
    name.rsplit_once('.')
        .filter(|(stem, _)| stem.bytes().any(|byte| byte != b'.'))
}

const MEDIA_TYPES: &[(&str, &str)] = &[
    ("3gp", "audio/3gpp"),
    ("aac", "audio/aac"),
    ("avi", "video/x-msvideo"),
    ("avif", "image/avif"),
    ("bat", "text/plain"),
    ("bin", "application/octet-stream"),
    ("bmp", "image/bmp"),
    ("c", "text/plain"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("dll", "application/octet-stream"),
    ("doc", "application/msword"),
    ("eml", "message/rfc822"),
    ("eps", "application/postscript"),
    ("exe", "application/octet-stream"),
    ("gif", "image/gif"),
    ("h", "text/plain"),
    ("heic", "image/heic"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("ico", "image/vnd.microsoft.icon"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("mjs", "text/javascript"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("mpg", "video/mpeg"),
    ("opus", "audio/opus"),
    ("p12", "application/x-pkcs12"),
    ("pdf", "application/pdf"),
    ("pfx", "application/x-pkcs12"),
    ("pl", "text/plain"),
    ("png", "image/png"),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("ps", "application/postscript"),
    ("py", "text/x-python"),
    ("rdf", "application/xml"),
    ("rtf", "application/rtf"),
    ("sh", "application/x-sh"),
    ("so", "application/octet-stream"),
    ("srt", "text/plain"),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("tsv", "text/tab-separated-values"),
    ("txt", "text/plain"),
    ("vcf", "text/x-vcard"),
    ("vtt", "text/vtt"),
    ("wasm", "application/wasm"),
    ("wav", "audio/x-wav"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("wsdl", "application/xml"),
    ("xls", "application/vnd.ms-excel"),
    ("xml", "text/xml"),
    ("xsl", "application/xml"),
    ("zip", "application/zip"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_tells_the_type() {
        for (path, kind) in [
            ("a/b.JSON", Some("application/json")),
            ("x.tar.gz", Some("application/x-tar")),
            ("x.tgz", Some("application/x-tar")),
            ("x.json.gz", Some("application/json")),
            ("x.gz", None),
            (".json", None),
            ("json", None),
            ("a.json/b", None),
            ("x.unknown", None),
        ] {
            assert_eq!(guess(path), kind, "{path}");
        }
    }
}
