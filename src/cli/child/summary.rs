//! The last line: what passed while the command ran.

use crate::capture::Counts;

/// What passed, and what became of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summary<'a> {
    /// What the command is called.
    pub(crate) name: &'a str,
    /// What passed.
    pub(crate) counts: Counts,
    /// So many 401s have a cause that is known.
    pub(crate) explained: u64,
    /// So many failures were followed by a success.
    pub(crate) recovered: u64,
    /// The command that lists them.
    pub(crate) list: &'a str,
}

impl Summary<'_> {
    pub(crate) fn to_text(self) -> String {
        let Counts {
            requests,
            failures,
            unanswered,
            lost,
            ..
        } = self.counts;
        if requests == 0 {
            return format!(
                "why401: no request of {} came by; see \"Point a client at it\" in README.md\n",
                self.name
            );
        }
        let refused = match failures.saturating_sub(unanswered) {
            0 => "none answered 401".to_owned(),
            some => format!("{some} answered 401{}", self.known()),
        };
        let mut parts = vec![
            match requests {
                1 => "1 request".to_owned(),
                more => format!("{more} requests"),
            },
            refused,
        ];
        if unanswered > 0 {
            parts.push(format!("{unanswered} without an answer"));
        }
        if lost > 0 {
            parts.push(format!("{lost} could not be recorded"));
        }
        let more = match failures {
            0 => String::new(),
            _ => format!("; see {}", self.list),
        };
        format!("why401: {}{more}\n", parts.join(", "))
    }

    fn known(self) -> String {
        let parts: Vec<_> = [(self.explained, "explained"), (self.recovered, "recovered")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        match parts.is_empty() {
            true => String::new(),
            false => format!(" ({})", parts.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_passed_and_what_to_do() {
        let line = |requests, failures, unanswered, explained, recovered| {
            let counts = Counts {
                requests,
                failures,
                unanswered,
                ..Counts::default()
            };
            let summary = Summary {
                name: "npm",
                counts,
                explained,
                recovered,
                list: "why401 list",
            };
            summary.to_text()
        };
        assert!(line(0, 0, 0, 0, 0).starts_with("why401: no request of npm came by"));
        assert_eq!(
            line(1, 0, 0, 0, 0),
            "why401: 1 request, none answered 401\n"
        );
        assert_eq!(
            line(9, 3, 0, 2, 1),
            "why401: 9 requests, 3 answered 401 (2 explained, 1 recovered); see why401 list\n"
        );
        assert_eq!(
            line(9, 3, 1, 0, 0),
            "why401: 9 requests, 2 answered 401, 1 without an answer; see why401 list\n"
        );
    }
}
