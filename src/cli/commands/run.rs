//! `why401 run`: the proxy, from the first address to the last record.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::analysis::{self, Analysis, Event};
use crate::baseline::route;
use crate::ca::Authority;
use crate::capture::recorder::Recorder;
use crate::capture::store::Store;
use crate::capture::{self, Clock, Writer};
use crate::cli::announce::{Announcer, Format};
use crate::cli::args::RunArgs;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::problem::Problem;
use crate::cli::signals::Signals;
use crate::cli::startup::{StartUp, WAITING, status_line};
use crate::cli::{advice, clock, git_index};
use crate::config::settings::UiAddr;
use crate::net::{Dialer, DialerSettings, UpstreamTls};
use crate::proxy::{Listener, Shared};

/// Runs the proxy until it is told to stop.
pub(super) fn run(args: &RunArgs, context: &mut Context) -> Result<Exit, Problem> {
    let runtime = Runtime::new().map_err(|error| {
        Problem::failed("runtime", "the system gives no threads").caused_by(&error)
    })?;
    let done = runtime.block_on(async {
        let running = Running::start(args, context).await?;
        running.until_stopped(context).await
    });
    // What is still open was given its time; a thread that hangs must not keep us.
    runtime.shutdown_background();
    done
}

/// All parts of a running proxy.
struct Running {
    signals: Signals,
    recorder: Recorder,
    writer: Writer,
    analysis: Analysis,
    /// The data path, and what stops it.
    path: JoinHandle<()>,
    stop: CancellationToken,
    /// Nobody reads standard output any more, or it cannot be written.
    unheard: Arc<std::sync::OnceLock<io::Error>>,
    unheard_now: CancellationToken,
}

impl Running {
    /// Binds first: connections queue while the rest is made.
    async fn start(args: &RunArgs, context: &mut Context) -> Result<Self, Problem> {
        let listen = &context.settings.listen;
        let address = listen.value.0;
        let listener = Listener::bind(address)
            .await
            .map_err(|error| advice::listen(address, &listen.source, &error))?;
        let signals = Signals::listen().map_err(|error| {
            Problem::failed("signals", "cannot listen for Ctrl-C").caused_by(&error)
        })?;
        let store = Store::open_for_run(&context.data()?).map_err(|error| advice::store(&error))?;
        let tls = upstream_tls(context)?;
        let authority = authority(context, &tls)?;
        let unheard = Arc::default();
        let unheard_now = CancellationToken::new();
        let announcer = announcer(args, context);
        let (recorder, writer, analysis) = record(
            store,
            context,
            print_events(announcer, Arc::clone(&unheard), unheard_now.clone()),
        )?;
        context
            .output
            .say(&start_up(&listener, &authority, context));
        let dialer = Dialer::new(
            DialerSettings {
                own_listeners: vec![listener.local_addr()],
                ..DialerSettings::default()
            },
            tls,
        );
        let shared = Arc::new(Shared::new(recorder.clone(), authority, dialer));
        let stop = CancellationToken::new();
        let path = tokio::spawn(listener.serve(Arc::clone(&shared), stop.clone()));
        // Slow, and not needed before the first TLS handshake with an origin.
        tokio::task::spawn_blocking(move || shared.dialer.tls().warm_up());
        Ok(Self {
            signals,
            recorder,
            writer,
            analysis,
            path,
            stop,
            unheard,
            unheard_now,
        })
    }

    fn counted(&self, context: &Context) -> String {
        let counts = self.recorder.counts();
        let unicode = context.output.notice.unicode;
        status_line(counts, unicode)
    }

    /// Counts for whoever watches, until a signal comes; then ends in order.
    async fn until_stopped(mut self, context: &mut Context) -> Result<Exit, Problem> {
        let mut tick = tokio::time::interval(STATUS_TICK);
        loop {
            tokio::select! {
                () = self.signals.next() => break,
                () = self.unheard_now.cancelled() => break,
                _ = tick.tick() => {
                    let line = self.counted(context);
                    context.output.status(&line, Instant::now());
                }
            }
        }
        if context.output.notice.terminal {
            let line = self.counted(context);
            context.output.say(&format!("{line}\n"));
        }
        let Self {
            mut signals,
            recorder,
            writer,
            analysis,
            path,
            stop,
            unheard,
            ..
        } = self;
        stop.cancel();
        let finish = async move {
            // A path that panicked has nothing left to hand over.
            path.await.unwrap_or_default();
            drop(recorder);
            tokio::task::spawn_blocking(move || {
                // The store holds the right to record: it goes last.
                let store = writer.stop();
                let explained = analysis.join();
                store.is_some() && explained
            })
            .await
            .unwrap_or(false)
        };
        let finished = tokio::select! {
            finished = finish => finished,
            () = insists(&mut signals) => {
                return Err(Problem::failed("ended-at-once", "ended at once: what was not written yet is lost"));
            }
        };
        if !finished {
            return Err(
                Problem::failed("writer", "what came last may not be recorded")
                    .hint(format!("{} shows what is", context.command("list"))),
            );
        }
        match unheard.get() {
            Some(error) => Err(Problem::output(error)),
            None => Ok(Exit::Done),
        }
    }
}

/// Waits for a signal that is a wish of its own. `timeout`, shells and process managers signal both us
/// and our process group: what comes at the same time as the first says nothing new.
async fn insists(signals: &mut Signals) {
    let asked = Instant::now();
    loop {
        signals.next().await;
        if asked.elapsed() >= SAME_WISH {
            return;
        }
    }
}

/// Starts writer and analysis.
fn record(
    store: Store,
    context: &Context,
    on_event: impl FnMut(Event) + Send + 'static,
) -> Result<(Recorder, Writer, Analysis), Problem> {
    let settings = &context.settings;
    let capture_settings = capture::Settings {
        content_limit: settings.body_limit.value.0,
        history_exchanges: settings.history_exchanges.value,
        history_window: settings.history_age.value,
        retention: settings.retention.value,
        ..capture::Settings::new(route::template)
    };
    let clock = Clock::new(clock::now);
    let second = store.another().map_err(|error| advice::store(&error))?;
    let threads =
        |error| Problem::failed("runtime", "the system gives no threads").caused_by(&error);
    let (recorder, writer, notices) =
        capture::start(capture_settings, store, clock.clone()).map_err(threads)?;
    let analysis = analysis::start(second, notices, clock, on_event).map_err(threads)?;
    Ok((recorder, writer, analysis))
}

/// Prints on the analysis' thread: a reader that is slow slows down the analysis, never the proxy.
fn print_events(
    mut announcer: Announcer,
    unheard: Arc<std::sync::OnceLock<io::Error>>,
    unheard_now: CancellationToken,
) -> impl FnMut(Event) + Send + 'static {
    move |event| {
        if unheard.get().is_none()
            && let Err(error) = announcer.announce(&event)
        {
            unheard.get_or_init(|| error);
            unheard_now.cancel();
        }
    }
}

fn announcer(args: &RunArgs, context: &Context) -> Announcer {
    let format = if args.json {
        Format::Json
    } else {
        Format::Text
    };
    Announcer::new(context.output.another(), context.style(), format)
}

fn upstream_tls(context: &Context) -> Result<UpstreamTls, Problem> {
    let settings = &context.settings;
    let roots: Vec<_> = settings
        .upstream_ca
        .iter()
        .map(|setting| setting.value.clone())
        .collect();
    let insecure = settings
        .insecure_upstream
        .iter()
        .map(|setting| setting.value.0.clone())
        .collect();
    UpstreamTls::new(&roots, insecure).map_err(|error| advice::roots(&error))
}

fn authority(context: &Context, tls: &UpstreamTls) -> Result<Authority, Problem> {
    let folder = context.ca_dir()?;
    let key = folder.join("ca.key");
    if git_index::is_tracked(&key) {
        return Err(advice::tracked_key(&key));
    }
    Authority::load_or_create(&folder, clock::now(), tls.provider())
        .map_err(|error| advice::authority(&error))
}

fn start_up(listener: &Listener, authority: &Authority, context: &Context) -> String {
    let settings = &context.settings;
    let insecure = &settings.insecure_upstream;
    let block = StartUp {
        address: listener.local_addr(),
        ca: authority.certificate_path(),
        add_baseline: &context.command("baseline add --curl -"),
        needs_data_flag: context.needs_data_flag(),
        insecure: insecure.iter().map(|host| host.value.0.as_str()).collect(),
        ca_days_left: authority.expires().micros_since(clock::now()) / MICROS_OF_A_DAY,
        ui_wanted: matches!(settings.ui.value, UiAddr::At(_)),
    };
    let mut text = block.to_text();
    if !context.output.notice.terminal {
        text.push_str(WAITING);
        text.push('\n');
    }
    text
}

const STATUS_TICK: Duration = Duration::from_millis(250);
/// Signals this close to the first are the same wish.
const SAME_WISH: Duration = Duration::from_millis(500);
const MICROS_OF_A_DAY: i64 = 24 * 60 * 60 * 1_000_000;
