//! What baselines are called: as the user or a collection says, or after method and path.

use std::collections::HashSet;

use crate::baseline::route;
use crate::cli::problem::Problem;
use crate::model::{Baseline, BaselineSource, Learned};

/// Gives names that are free.
#[derive(Debug)]
pub(super) struct Names {
    taken: HashSet<String>,
    wanted: Option<String>,
}

impl Names {
    /// `wanted` is what the user asked for.
    ///
    /// # Errors
    /// When a baseline has that name already, or it is no name.
    pub(super) fn new(known: &[Baseline], wanted: Option<&str>) -> Result<Self, Problem> {
        let taken: HashSet<_> = known.iter().map(|baseline| baseline.name.clone()).collect();
        if let Some(name) = wanted {
            check(name)?;
            if taken.contains(name) {
                return Err(super::baseline::taken(name));
            }
        }
        Ok(Self {
            taken,
            wanted: wanted.map(str::to_owned),
        })
    }

    /// Names them all; the second and later ones of a file get a number.
    pub(super) fn give(mut self, baselines: Vec<Baseline>) -> Vec<Baseline> {
        let mut named = Vec::with_capacity(baselines.len());
        for mut baseline in baselines {
            let wish = self
                .wanted
                .clone()
                .unwrap_or_else(|| given_or_made_up(&baseline));
            baseline.name = self.free(&wish);
            named.push(baseline);
        }
        named
    }

    fn free(&mut self, wish: &str) -> String {
        let mut name = wish.to_owned();
        let mut number = 1_u32;
        while !self.taken.insert(name.clone()) {
            number += 1;
            name = format!("{wish}-{number}");
        }
        name
    }
}

/// People give the requests of a collection names that they know them by. Where they do not, Postman
/// takes the URL, which may hold secrets, and other importers the method and the path.
fn given_or_made_up(baseline: &Baseline) -> String {
    let name = &baseline.name;
    let is_url = name.contains("://") || name.contains(['?', '=', '@', '{']);
    let is_given = !is_url
        && match baseline.source {
            BaselineSource::Postman => true,
            BaselineSource::Exchange => false,
            _ => !name.starts_with(&format!("{} ", baseline.request.method)),
        };
    if is_given && check(name).is_ok() {
        return name.clone();
    }
    made_up(baseline)
}

/// `get-v2-orders-x`: a word that needs no quotes in any shell, and holds no variable part of the path.
fn made_up(baseline: &Baseline) -> String {
    let template = route::template(&baseline.request.url.path);
    let words = std::iter::once(baseline.request.method.as_str())
        .chain(template.split('/'))
        .map(|word| if word == "*" { "x" } else { word })
        .map(plain)
        .filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("-");
    let mut name: String = name.chars().take(LONGEST_MADE_UP).collect();
    name.truncate(name.trim_end_matches('-').len());
    if name.is_empty() {
        "baseline".clone_into(&mut name);
    }
    name
}

/// Letters and digits; every run of other characters becomes one hyphen.
fn plain(word: &str) -> String {
    let parts: Vec<_> = word
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("-").to_ascii_lowercase()
}

fn check(name: &str) -> Result<(), Problem> {
    let fits = !name.is_empty()
        && name.chars().count() <= LONGEST
        && name == name.trim()
        && !name.chars().any(char::is_control)
        && Learned::number_in(name).is_none();
    if fits {
        return Ok(());
    }
    Err(Problem::usage(
        "baseline-name",
        format!("\"{name}\" cannot be the name of a baseline"),
    )
    .hint(format!(
        "a name has 1 to {LONGEST} characters, no control characters, and no spaces at its ends; \
         learned-1 and the like are those of learned ones"
    )))
}

const LONGEST: usize = 100;
const LONGEST_MADE_UP: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::sample;

    fn baseline(method: &str, url: &str) -> Baseline {
        sample::baseline(sample::request(method, url, Vec::new()))
    }

    fn names(known: &[Baseline], wanted: Option<&str>, new: Vec<Baseline>) -> Vec<String> {
        let named = Names::new(known, wanted).unwrap().give(new);
        named.into_iter().map(|baseline| baseline.name).collect()
    }

    #[test]
    fn an_item_of_a_collection_keeps_its_name_unless_that_is_a_url() {
        let item = |name: &str| Baseline {
            name: name.into(),
            source: BaselineSource::Postman,
            ..baseline("GET", "https://a.test/v2/orders?key=s3cret")
        };
        for (name, expected) in [
            ("List orders", "List orders"),
            ("https://a.test/v2/orders?key=s3cret", "get-v2-orders"),
            ("{{base}}/v2/orders", "get-v2-orders"),
            (" ", "get-v2-orders"),
        ] {
            assert_eq!(names(&[], None, vec![item(name)]), [expected]);
        }
    }

    #[test]
    fn a_name_is_made_of_method_and_route() {
        let new = vec![
            baseline("GET", "https://a.test/v2/Orders/17?token=s3cret"),
            baseline("POST", "https://a.test/"),
            baseline("*", "https://a.test/%20"),
            baseline("*", "https://a.test/"),
        ];
        let expected = ["get-v2-orders-x", "post", "x-20", "x"];
        assert_eq!(names(&[], None, new), expected);
    }

    #[test]
    fn further_ones_get_a_number() {
        let mut known = baseline("GET", "https://a.test/a");
        known.name = "get-a".to_owned();
        let new = || vec![baseline("GET", "https://a.test/a"); 2];
        assert_eq!(names(&[known.clone()], None, new()), ["get-a-2", "get-a-3"]);
        assert_eq!(names(&[known], Some("mine"), new()), ["mine", "mine-2"]);
    }

    #[test]
    fn a_name_that_is_taken_or_none_is_refused() {
        let mut known = baseline("GET", "https://a.test/a");
        known.name = "mine".to_owned();
        assert_eq!(
            Names::new(&[known], Some("mine")).unwrap_err().code(),
            "baseline-exists"
        );
        for wrong in ["", " a", "a\n", "learned-3", &"x".repeat(101)] {
            assert_eq!(
                Names::new(&[], Some(wrong)).unwrap_err().code(),
                "baseline-name"
            );
        }
    }
}
