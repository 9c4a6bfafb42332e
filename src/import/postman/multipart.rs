//! The content of `multipart/form-data` as Postman writes it.

/// Postman makes up the digits anew for each request.
pub(in crate::import) const BOUNDARY: &str = "--------------------------000000000000000000000000";

/// A part of a form.
pub(in crate::import) struct Part {
    pub(in crate::import) name: String,
    pub(in crate::import) file_name: Option<String>,
    pub(in crate::import) content_type: Option<String>,
    pub(in crate::import) content: Vec<u8>,
}

/// The content of a form.
pub(in crate::import) fn content(parts: &[Part]) -> Vec<u8> {
    let mut content = Vec::new();
    for part in parts {
        let mut head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"",
            part.name
        );
        if let Some(file) = &part.file_name {
            head.extend(["; filename=\"", file, "\""]);
        }
        head.push_str("\r\n");
        if let Some(kind) = &part.content_type {
            head.extend(["Content-Type: ", kind, "\r\n"]);
        }
        head.push_str("\r\n");
        content.extend_from_slice(head.as_bytes());
        content.extend_from_slice(&part.content);
        content.extend_from_slice(b"\r\n");
    }
    content.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    content
}

/// The media type that goes by the end of a file's name.
pub(in crate::import) fn media_type(file: &str) -> &'static str {
    let end = file.rsplit_once('.').map_or("", |(_, end)| end);
    let end = end.to_ascii_lowercase();
    let known = MEDIA_TYPES.iter().find(|(known, _)| *known == end);
    known.map_or("application/octet-stream", |(_, kind)| *kind)
}

const MEDIA_TYPES: &[(&str, &str)] = &[
    ("avi", "video/x-msvideo"),
    ("bin", "application/octet-stream"),
    ("bmp", "image/bmp"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("ico", "image/vnd.microsoft.icon"),
    ("jar", "application/java-archive"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "application/javascript"),
    ("json", "application/json"),
    ("md", "text/markdown"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("ogg", "audio/ogg"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("ppt", "application/vnd.ms-powerpoint"),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("txt", "text/plain"),
    ("wav", "audio/wav"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("xls", "application/vnd.ms-excel"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("xml", "application/xml"),
    ("yaml", "text/yaml"),
    ("yml", "text/yaml"),
    ("zip", "application/zip"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_a_head_each_and_a_boundary_around() {
        let parts = [
            Part {
                name: "a".into(),
                file_name: None,
                content_type: None,
                content: b"1".to_vec(),
            },
            Part {
                name: "f".into(),
                file_name: Some("x.JSON".into()),
                content_type: Some(media_type("x.JSON").into()),
                content: b"{}".to_vec(),
            },
        ];
        let expected = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
             --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.JSON\"\r\n\
             Content-Type: application/json\r\n\r\n{{}}\r\n--{BOUNDARY}--\r\n"
        );
        assert_eq!(String::from_utf8(content(&parts)).unwrap(), expected);
    }
}
