//! Environments: those of JetBrains (`http-client.env.json`), of REST Client's settings, and `.env`
//! files.

use serde_json::Value;

use crate::import::json_text::JsonText;
use crate::import::variables::{Variables, text};
use crate::import::{EnvironmentFile, ErrorKind, ImportError, Options, Source, Span};

/// What REST Client adds to each of its environments.
const SHARED: &str = "$shared";

/// The values of the environment that the user names, and those of `.env` files.
#[derive(Default)]
pub(super) struct Found {
    pub(super) variables: Variables,
    pub(super) dotenv: Variables,
}

/// Reads the files of the environment; the later override the earlier.
///
/// # Errors
/// When one is no environment, or has none of that name.
pub(super) fn read(options: &Options, source: &Source<'_>) -> Result<Found, ImportError> {
    let mut found = Found::default();
    let environment = &options.environment;
    let start = Span::new(source.span().start, source.span().start);
    let mut has_name = false;
    for file in &environment.files {
        if is_dotenv(file) {
            dotenv(&file.text, &mut found.dotenv);
            has_name = true;
            continue;
        }
        let wanted = environment.name.as_deref();
        has_name |= add(file, wanted, &mut found.variables).map_err(|(place, reason)| {
            ImportError::new(start, ErrorKind::Environment { place, reason })
        })?;
    }
    if let (false, Some(name)) = (has_name, &environment.name) {
        let reason = match environment.files.as_slice() {
            [] => "the environments of .http files are in files: name one as FILE#NAME".to_owned(),
            [file, ..] => format!("it has no environment of that name{}", names(file)),
        };
        let place = name.clone();
        return Err(ImportError::new(
            start,
            ErrorKind::Environment { place, reason },
        ));
    }
    Ok(found)
}

/// Adds the environment of that name, or the only one; whether there is one.
fn add(
    file: &EnvironmentFile,
    wanted: Option<&str>,
    variables: &mut Variables,
) -> Result<bool, (String, String)> {
    let source = Source::new(&file.name, &file.text);
    let failed = |error: ImportError| {
        let place = format!("{}:{}", file.name, error.position(&source));
        (place, error.to_string())
    };
    let json = JsonText::new(&source).map_err(failed)?;
    let whole: serde_json::Map<String, Value> =
        json.object(json.whole(), NO_ENVIRONMENT).map_err(failed)?;
    let settings = whole.get("rest-client.environmentVariables");
    let all = match settings {
        Some(Value::Object(inner)) => inner,
        _ => &whole,
    };
    let mut named = all.iter().filter(|(name, _)| *name != SHARED);
    let chosen = match wanted {
        Some(wanted) => all.get(wanted),
        None => match (named.next(), named.next()) {
            (Some(_), Some(_)) => {
                let reason = format!("name one of its environments: FILE#NAME{}", names(file));
                return Err((file.name.clone(), reason));
            }
            (only, _) => only.map(|(_, values)| values),
        },
    };
    for values in [all.get(SHARED), chosen].into_iter().flatten() {
        let values = values.as_object().into_iter().flatten();
        for (name, value) in values {
            variables.set(name, &text(value));
        }
    }
    Ok(chosen.is_some())
}

/// The names of the environments of a file, as a list behind a message.
fn names(file: &EnvironmentFile) -> String {
    let whole: serde_json::Map<String, Value> =
        serde_json::from_slice(&file.text).unwrap_or_default();
    let settings = whole.get("rest-client.environmentVariables");
    let all = settings.and_then(Value::as_object).unwrap_or(&whole);
    let names: Vec<&str> = all
        .keys()
        .map(String::as_str)
        .filter(|name| *name != SHARED)
        .take(MOST_NAMES)
        .collect();
    format!("; there is {}", names.join(", "))
}

fn is_dotenv(file: &EnvironmentFile) -> bool {
    !file.name.ends_with(".json") && !file.text.trim_ascii_start().starts_with(b"{")
}

/// `NAME=value` lines; quotes around a value are no part of it.
fn dotenv(bytes: &[u8], variables: &mut Variables) {
    for line in String::from_utf8_lossy(bytes).lines() {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let value = value.trim();
        let quoted = ['"', '\'']
            .into_iter()
            .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
        variables.set(name.trim(), quoted.unwrap_or(value));
    }
}

/// As many names as somebody could want to read.
const MOST_NAMES: usize = 8;

const NO_ENVIRONMENT: &str = "this is no environment: an object of objects is needed";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::Environment;
    use crate::import::variables::Resolver;

    fn resolved(text: &str, name: Option<&str>, file: &str) -> Result<String, ErrorKind> {
        let options = Options {
            environment: Environment {
                name: name.map(str::to_owned),
                files: vec![EnvironmentFile {
                    name: "env".into(),
                    text: file.as_bytes().to_vec(),
                }],
            },
            ..Options::default()
        };
        let found = read(&options, &Source::new("x", b"")).map_err(|error| error.kind)?;
        let scopes = vec![found.variables, found.dotenv];
        Ok(Resolver::new(scopes, Default::default()).resolve(text))
    }

    #[test]
    fn an_environment_is_named_or_the_only_one() {
        let two = r#"{"dev": {"host": "d", "port": 1}, "prod": {"host": "p"}}"#;
        let get = |name| resolved("{{host}}", name, two);
        assert_eq!(get(Some("dev")), Ok("d".into()));
        assert_eq!(get(Some("prod")), Ok("p".into()));
        assert!(matches!(get(Some("x")), Err(ErrorKind::Environment { .. })));
        assert!(matches!(get(None), Err(ErrorKind::Environment { .. })));
        let one = r#"{"dev": {"host": "d"}}"#;
        assert_eq!(resolved("{{host}}", None, one), Ok("d".into()));
    }

    #[test]
    fn settings_of_rest_client_have_shared_values() {
        let file = r#"{"rest-client.environmentVariables": {
            "$shared": {"v": "1", "host": "s"}, "local": {"host": "l"}}}"#;
        let value = resolved("{{v}} {{host}}", Some("local"), file);
        assert_eq!(value, Ok("1 l".into()));
    }

    #[test]
    fn a_dotenv_file_has_lines() {
        let file = "# comment\nexport A=1\nB = \"two words\"\nC='3'\n";
        let value = resolved("{{A}} {{B}} {{C}}", None, file);
        assert_eq!(value, Ok("1 two words 3".into()));
    }

    #[test]
    fn a_file_that_is_none_is_told_with_its_place() {
        let error = resolved("", None, "{\n\"a\" 1}").unwrap_err();
        let ErrorKind::Environment { place, .. } = error else {
            unreachable!("it is no JSON");
        };
        assert_eq!(place, "env:2:5");
    }
}
