//! `why401 demo`: an API and clients that it refuses, with the real proxy between them.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;

use crate::analysis::Event;
use crate::capture::store::Store;
use crate::cli::context::Context;
use crate::cli::problem::Problem;
use crate::cli::requests::known_good;
use crate::cli::running::{Running, runtime, unfinished};
use crate::cli::{advice, clock};
use crate::config::settings::{Setting, Source};
use crate::demo::{Api, Call, Rules, calls};
use crate::diagnosis::Diagnosis;
use crate::import::{self, Surroundings, curl};
use crate::model::{Baseline, BaselineSource, Case};
use crate::proxy::Listener;
use crate::redact::Masker;
use crate::report::{self, Report, terminal};

/// Runs all of it and prints what came out.
pub(super) fn demo(context: &mut Context) -> Result<(), Problem> {
    let folder = context.data()?.join("demo");
    start_afresh(&folder)?;
    use_folder(&folder, context);
    let rules = Rules {
        clock: now,
        scheme: "Bearer",
    };
    let runtime = runtime()?;
    let told = runtime.block_on(play(rules, calls, context));
    runtime.shutdown_background();
    let reports: Vec<Report> = told?
        .iter()
        .map(|(case, diagnosis)| report::build(case, diagnosis, &mut Masker::new()))
        .collect();
    let text = text(&reports, context);
    Ok(context.output.print(&text)?)
}

fn now() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + time::Duration::microseconds(clock::now().micros())
}

/// A failure and what came of it.
type Told = (Box<Case>, Arc<Diagnosis>);

/// Starts API and proxy, sends the requests that work and adds them, then sends the others.
async fn play(
    rules: Rules,
    calls: fn(&Api) -> (Vec<Call>, Vec<Call>),
    context: &mut Context,
) -> Result<Vec<Told>, Problem> {
    let api = Arc::new(Api::new(rules).map_err(|error| broken(&error))?);
    let address = Arc::clone(&api)
        .serve()
        .await
        .map_err(|error| broken(&error))?;
    let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into())
        .await
        .map_err(|error| broken(&error))?;
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let running = Running::start(listener, context, move |event| {
        if let Event::Explained {
            case, diagnosis, ..
        } = event
        {
            let mut told = sink.lock().unwrap_or_else(PoisonError::into_inner);
            told.push((case, diagnosis));
        }
    })?;
    let (good, failing) = calls(&api);
    let store = context.store()?;
    for call in &good {
        let status = call.send(running.address(), address).await;
        // Only what works is good to compare with.
        if (200..300).contains(&status.map_err(|error| broken(&error))?)
            && let Some(baseline) = baseline(call, &call.as_curl(address))
        {
            store
                .add_baseline(&baseline)
                .map_err(|error| advice::baseline(&error))?;
        }
    }
    api.withdraw_stock_token();
    for call in &failing {
        call.send(running.address(), address)
            .await
            .map_err(|error| broken(&error))?;
    }
    let (_counts, finished) = running.finish().await;
    if !finished {
        return Err(unfinished(context));
    }
    let mut told = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
    told.sort_by_key(|(case, _): &Told| case.number);
    Ok(told)
}

/// As `baseline add` reads it.
fn baseline(call: &Call, command: &str) -> Option<Baseline> {
    let now = clock::now();
    let source = import::Source::new("demo", command.as_bytes());
    let surroundings = Surroundings {
        variable: &|_name| None,
        file: &import::files::read,
        now,
    };
    let request = curl::import(&source, &surroundings).requests.pop()?;
    Some(Baseline {
        name: call.name().to_owned(),
        ..known_good(request, BaselineSource::Curl, now)
    })
}

fn broken(error: &std::io::Error) -> Problem {
    Problem::failed(
        "demo",
        "the demo's API or its clients cannot talk on loopback",
    )
    .caused_by(error)
}

/// Removes what an earlier demo left, if that is what it is and nobody records there.
fn start_afresh(folder: &Path) -> Result<(), Problem> {
    let in_the_way =
        || Problem::failed("demo-folder", "the demo's folder cannot be replaced").at(folder);
    let left = match fs::read_dir(folder) {
        Err(_absent) => return Ok(()),
        Ok(mut entries) => entries.next().is_some(),
    };
    if left && !folder.join("store.key").is_file() {
        return Err(in_the_way()
            .hint("it holds something else: move that, or choose another folder with --data"));
    }
    if left {
        drop(Store::open_for_run(folder).map_err(|error| advice::store(&error))?);
    }
    fs::remove_dir_all(folder).map_err(|error| in_the_way().caused_by(&error))
}

/// From here on everything is kept there.
fn use_folder(folder: &Path, context: &mut Context) {
    let setting = Setting {
        value: folder.to_owned(),
        source: Source::Flag("--data"),
    };
    context.settings.data = Some(setting.clone());
    context.settings.ca_dir = Some(setting);
    // What works there is the demo's own.
    context.settings.baselines.clear();
}

/// The first in full, the others in brief, and how to go on.
fn text(reports: &[Report], context: &Context) -> String {
    let style = context.style();
    let mut text = format!(
        "A sample API on this machine refuses {} requests.\n\
         The proxy of `why401 run` stands between, and tells why:\n\n",
        reports.len()
    );
    let Some((first, others)) = reports.split_first() else {
        return text;
    };
    text.push_str(&terminal::alone(first, &style));
    text.push_str("\nThe others in brief:\n\n");
    for report in others {
        text.push_str(&terminal::brief(report, &style));
    }
    let number = others.iter().find_map(|report| report.exchange.n);
    let why = context.command(&format!("why {}", number.unwrap_or(1)));
    let list = context.command("list");
    for (label, command) in [
        ("Difference and story of one:", why.as_str()),
        ("All of them:", list.as_str()),
        ("Your own app, script or tests:", "why401 run -- npm test"),
    ] {
        // Not wrapped: they are there to be copied.
        for part in ["\n", label, "\n  ", command] {
            text.push_str(part);
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::cli::sample;
    use crate::config::load::{Flags, load};
    use crate::config::places::Places;
    use crate::diagnosis::CAUSES;

    fn told(rules: Rules, calls: fn(&Api) -> (Vec<Call>, Vec<Call>)) -> Vec<Told> {
        let data = tempfile::tempdir().unwrap();
        let flags = Flags {
            data: Some(data.path().to_owned()),
            ..Flags::default()
        };
        let settings = load(&flags, &Places::default()).unwrap();
        let mut context = Context {
            flags,
            settings,
            output: sample::output(false).0,
            offset: time::UtcOffset::UTC,
        };
        runtime()
            .unwrap()
            .block_on(play(rules, calls, &mut context))
            .unwrap()
    }

    fn causes(told: &[Told], path: &str) -> Vec<&'static str> {
        let on_path = told
            .iter()
            .filter(|(case, _)| case.failing.request.url.path == path.as_bytes());
        on_path
            .filter_map(|(_, diagnosis)| Some(diagnosis.verdict.as_ref()?.cause))
            .collect()
    }

    /// Seconds by which the clock of the API is ahead.
    static AHEAD: AtomicI64 = AtomicI64::new(0);

    fn ahead() -> OffsetDateTime {
        now() + time::Duration::seconds(AHEAD.load(Ordering::Relaxed))
    }

    fn good_ones(api: &Api) -> (Vec<Call>, Vec<Call>) {
        (Vec::new(), calls(api).0)
    }

    fn good_ones_two_hours_later(api: &Api) -> (Vec<Call>, Vec<Call>) {
        let good = good_ones(api);
        AHEAD.store(7200, Ordering::Relaxed);
        good
    }

    #[test]
    fn the_verdict_follows_the_clock_of_the_api() {
        let rules = Rules {
            clock: ahead,
            scheme: "Bearer",
        };
        let in_time = told(rules, good_ones);
        assert!(causes(&in_time, "/v1/orders").is_empty());
        let later = told(rules, good_ones_two_hours_later);
        assert_eq!(causes(&later, "/v1/orders"), ["jwt-expired"]);
    }

    #[test]
    fn the_verdicts_follow_the_scheme_that_the_api_asks_for() {
        let with = |scheme| {
            let told = told(Rules { clock: now, scheme }, calls);
            let refused_with_token = told.iter().any(|(case, _)| {
                let sent = case.failing.request.fields.first("authorization");
                sent.is_some_and(|value| value.starts_with(b"Token "))
            });
            (causes(&told, "/v1/orders"), refused_with_token)
        };
        let (bearer, refused_with_token) = with("Bearer");
        assert_eq!(bearer[0], "jwt-expired", "{bearer:?}");
        assert!(
            bearer.contains(&"scheme-mismatch") && refused_with_token,
            "{bearer:?}"
        );
        // Now it is the request which worked that is refused, and the other one is not.
        let (token, refused_with_token) = with("Token");
        assert_eq!(token[0], "scheme-mismatch", "{token:?}");
        assert!(!refused_with_token);
    }

    #[test]
    fn no_verdict_stands_in_the_demo() {
        let sources = [
            include_str!("../../demo/mod.rs"),
            include_str!("../../demo/api.rs"),
            include_str!("../../demo/clients.rs"),
            include_str!("demo.rs")
                .split("#[cfg(test)]")
                .next()
                .unwrap(),
        ]
        .map(str::to_lowercase);
        let told = told(
            Rules {
                clock: now,
                scheme: "Bearer",
            },
            calls,
        );
        let titles = told
            .iter()
            .filter_map(|(_, diagnosis)| Some(diagnosis.verdict.as_ref()?.title.clone()));
        let words: Vec<String> = CAUSES
            .iter()
            .map(|cause| cause.id.to_owned())
            .chain(titles)
            .collect();
        assert!(words.len() > CAUSES.len() + 8);
        for word in words {
            let word = word.to_lowercase();
            assert!(
                !sources.iter().any(|source| source.contains(&word)),
                "{word}"
            );
        }
    }
}
