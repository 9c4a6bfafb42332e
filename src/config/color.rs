//! When to use colour.

use std::str::FromStr;

use thiserror::Error;

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorWhen {
    /// All names.
    pub const NAMES: [&'static str; 3] = ["auto", "always", "never"];
}

/// Not one of the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("auto, always or never is expected")]
pub struct ColorError;

impl FromStr for ColorWhen {
    type Err = ColorError;

    fn from_str(text: &str) -> Result<Self, ColorError> {
        match text {
            "auto" => Ok(Self::Auto),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => Err(ColorError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_name_is_read() {
        for name in ColorWhen::NAMES {
            assert!(name.parse::<ColorWhen>().is_ok());
        }
        assert_eq!("Always".parse::<ColorWhen>(), Err(ColorError));
    }
}
