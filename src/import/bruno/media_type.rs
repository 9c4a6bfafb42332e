//! Media types by the ends of file names.

use crate::import::postman::multipart;

/// The media type of a file; a name without a dot is taken for an end.
pub(super) fn media_type(file: &str) -> &'static str {
    let end = file.rsplit('.').next().unwrap_or(file).to_ascii_lowercase();
    let known = MEDIA_TYPES.iter().find(|(known, _)| *known == end);
    known.map_or_else(
        || multipart::media_type(&format!(".{end}")),
        |(_, kind)| *kind,
    )
}

/// Those that Postman's list does not have.
const MEDIA_TYPES: &[(&str, &str)] = &[
    ("7z", "application/x-7z-compressed"),
    ("aac", "audio/x-aac"),
    ("aif", "audio/x-aiff"),
    ("apk", "application/vnd.android.package-archive"),
    ("asc", "application/pgp-keys"),
    ("asm", "text/x-asm"),
    ("atom", "application/atom+xml"),
    ("avif", "image/avif"),
    ("bat", "application/x-msdownload"),
    ("bz2", "application/x-bzip2"),
    ("c", "text/x-c"),
    ("cc", "text/x-c"),
    ("cer", "application/pkix-cert"),
    ("cjs", "application/node"),
    ("class", "application/java-vm"),
    ("conf", "text/plain"),
    ("cpp", "text/x-c"),
    ("crt", "application/x-x509-ca-cert"),
    ("deb", "application/x-debian-package"),
    ("dmg", "application/x-apple-diskimage"),
    ("dtd", "application/xml-dtd"),
    ("ear", "application/java-archive"),
    ("eml", "message/rfc822"),
    ("eot", "application/vnd.ms-fontobject"),
    ("eps", "application/postscript"),
    ("epub", "application/epub+zip"),
    ("exe", "application/x-msdos-program"),
    ("flac", "audio/x-flac"),
    ("flv", "video/x-flv"),
    ("geojson", "application/geo+json"),
    ("gltf", "model/gltf+json"),
    ("gpx", "application/gpx+xml"),
    ("h", "text/x-c"),
    ("heic", "image/heic"),
    ("ics", "text/calendar"),
    ("img", "application/octet-stream"),
    ("ini", "text/plain"),
    ("iso", "application/x-iso9660-image"),
    ("java", "text/x-java-source"),
    ("json5", "application/json5"),
    ("jsonld", "application/ld+json"),
    ("jsx", "text/jsx"),
    ("kml", "application/vnd.google-earth.kml+xml"),
    ("kmz", "application/vnd.google-earth.kmz"),
    ("less", "text/less"),
    ("list", "text/plain"),
    ("log", "text/plain"),
    ("lua", "text/x-lua"),
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("m4a", "audio/mp4"),
    ("m4v", "video/x-m4v"),
    ("map", "application/json"),
    ("mid", "audio/midi"),
    ("mjs", "application/javascript"),
    ("mkv", "video/x-matroska"),
    ("mpeg", "video/mpeg"),
    ("mpg", "video/mpeg"),
    ("msi", "application/x-msdownload"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("oga", "audio/ogg"),
    ("ogv", "video/ogg"),
    ("opus", "audio/ogg"),
    ("otf", "font/otf"),
    ("p12", "application/x-pkcs12"),
    ("p7b", "application/x-pkcs7-certificates"),
    ("p8", "application/pkcs8"),
    ("pem", "application/x-x509-ca-cert"),
    ("pfx", "application/x-pkcs12"),
    ("pgp", "application/pgp-encrypted"),
    ("php", "application/x-httpd-php"),
    ("pl", "application/x-perl"),
    ("ps", "application/postscript"),
    ("psd", "image/vnd.adobe.photoshop"),
    ("rar", "application/vnd.rar"),
    ("rdf", "application/rdf+xml"),
    ("rs", "application/rls-services+xml"),
    ("rss", "application/rss+xml"),
    ("rtf", "application/rtf"),
    ("sass", "text/x-sass"),
    ("scss", "text/x-scss"),
    ("sh", "application/x-sh"),
    ("sig", "application/pgp-signature"),
    ("sql", "application/x-sql"),
    ("tex", "application/x-tex"),
    ("text", "text/plain"),
    ("toml", "application/toml"),
    ("ts", "video/mp2t"),
    ("tsv", "text/tab-separated-values"),
    ("ttf", "font/ttf"),
    ("vcf", "text/x-vcard"),
    ("vtt", "text/vtt"),
    ("war", "application/java-archive"),
    ("wasm", "application/wasm"),
    ("weba", "audio/webm"),
    ("webmanifest", "application/manifest+json"),
    ("wma", "audio/x-ms-wma"),
    ("wmv", "video/x-ms-wmv"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("wsdl", "application/wsdl+xml"),
    ("xhtml", "application/xhtml+xml"),
    (
        "xlsb",
        "application/vnd.ms-excel.sheet.binary.macroenabled.12",
    ),
    ("xsd", "application/xml"),
    ("xsl", "application/xml"),
    ("xslt", "application/xslt+xml"),
    ("xyz", "chemical/x-xyz"),
    ("xz", "application/x-xz"),
];

#[cfg(test)]
mod tests {
    use super::media_type;

    #[test]
    fn the_last_end_of_a_name_counts_or_all_of_it() {
        let names = ["a.tar.WOFF2", "json", "a.png", "a.unknown", "a.", ""];
        let types = names.map(media_type);
        let none = "application/octet-stream";
        let expected = [
            "font/woff2",
            "application/json",
            "image/png",
            none,
            none,
            none,
        ];
        assert_eq!(types, expected);
    }
}
