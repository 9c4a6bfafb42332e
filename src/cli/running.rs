//! A running proxy, from the first address to the last record: what `run`, with and without a command, and
//! `demo` have in common.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::problem::Problem;
use super::{advice, client_certificates, clock, committed, git_index, limits, notices, ways_out};
use crate::analysis::{self, Analysis, Event};
use crate::baseline::route;
use crate::ca::Authority;
use crate::capture::recorder::Recorder;
use crate::capture::store::Store;
use crate::capture::{self, Clock, Counts, Writer};
use crate::net::{Dialer, UpstreamTls};
use crate::proxy::{Accepting, Limits, Listener, Reverse, Shared};

/// All parts of a running proxy.
pub(crate) struct Running {
    address: SocketAddr,
    certificate: Certificate,
    recorder: Recorder,
    writer: Writer,
    analysis: Analysis,
    accepting: watch::Receiver<Accepting>,
    limits: Limits,
    /// The data path, and what stops it.
    path: JoinHandle<()>,
    stop: CancellationToken,
}

/// What clients are to trust.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    /// The PEM file.
    pub(crate) path: PathBuf,
    /// How many days it is still valid.
    pub(crate) days_left: i64,
}

impl Running {
    /// Starts all parts around a listener that is bound: connections queue while they are made.
    /// `on_event` runs on a thread of its own; when it is slow, so is the analysis, never the proxy.
    ///
    /// # Errors
    /// When the store, the CA or the files of other CAs cannot be used.
    pub(crate) fn start(
        listener: Listener,
        context: &mut Context,
        on_event: impl FnMut(Event) + Send + 'static,
    ) -> Result<Self, Problem> {
        let store = Store::open_for_run(&context.data()?).map_err(|error| advice::store(&error))?;
        let tls = upstream_tls(context)?;
        let authority = authority(context, &tls)?;
        let certificate = Certificate {
            path: authority.certificate_path().to_owned(),
            days_left: authority.expires().micros_since(clock::now()) / MICROS_OF_A_DAY,
        };
        let (recorder, writer, analysis) = record(store, context, on_event)?;
        let address = listener.local_addr();
        let dialer = Dialer::new(ways_out::dialer(&context.settings, address), tls);
        let limits = limits::limits(&context.settings.limits);
        let shared = Shared::new(recorder.clone(), authority, dialer, limits);
        let shared = Arc::new(shared.with_reverse(reverse(context)));
        let accepting = listener.accepting();
        let stop = CancellationToken::new();
        let path = tokio::spawn(listener.serve(Arc::clone(&shared), stop.clone()));
        // Slow, and not needed before the first TLS handshake with an origin.
        tokio::task::spawn_blocking(move || shared.dialer.tls().warm_up());
        Ok(Self {
            address,
            certificate,
            recorder,
            writer,
            analysis,
            accepting,
            limits,
            path,
            stop,
        })
    }

    /// Where the proxy listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until new connections are taken, or are no longer, and says so.
    pub(crate) async fn accepting_changed(&mut self) -> String {
        match self.accepting.changed().await {
            Ok(()) => {
                let state = *self.accepting.borrow_and_update();
                notices::accepting(state, self.limits.connections)
            }
            // The path has ended: nothing will change any more.
            Err(_ended) => std::future::pending().await,
        }
    }

    /// What clients are to trust.
    pub(crate) fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// What passed so far.
    pub(crate) fn counts(&self) -> Counts {
        self.recorder.counts()
    }

    /// Ends in order: what is open gets a moment, what is recorded is explained and announced. Tells what
    /// passed in all, and whether everything could be finished.
    pub(crate) async fn finish(self) -> (Counts, bool) {
        let Self {
            recorder,
            writer,
            analysis,
            path,
            stop,
            ..
        } = self;
        stop.cancel();
        // A path that panicked has nothing left to hand over.
        path.await.unwrap_or_default();
        let counts = recorder.counts();
        drop(recorder);
        let finished = tokio::task::spawn_blocking(move || {
            // The store holds the right to record: it goes last.
            let store = writer.stop();
            let explained = analysis.join();
            store.is_some() && explained
        });
        (counts, finished.await.unwrap_or(false))
    }
}

/// The threads that all of this runs on.
///
/// # Errors
/// When the system gives none.
pub(crate) fn runtime() -> Result<Runtime, Problem> {
    Builder::new_multi_thread()
        .enable_all()
        .event_interval(BUSY_TURNS)
        .build()
        .map_err(|error| no_threads(&error))
}

/// So many turns of connections that are busy, and it is looked whether others have become ready. Turns are
/// long where much is decoded: tokio's 61 would keep a quiet client waiting for a second.
const BUSY_TURNS: u32 = 16;

/// What is to be said when the end did not come in order.
pub(crate) fn unfinished(context: &Context) -> Problem {
    Problem::failed("writer", "what came last may not be recorded")
        .hint(format!("{} shows what is", context.command("list")))
}

/// Starts writer and analysis.
fn record(
    store: Store,
    context: &mut Context,
    on_event: impl FnMut(Event) + Send + 'static,
) -> Result<(Recorder, Writer, Analysis), Problem> {
    let committed = committed::baselines(context, clock::now());
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
    let (recorder, writer, notices) = capture::start(capture_settings, store, clock.clone())
        .map_err(|error| no_threads(&error))?;
    let analysis = analysis::start(second, committed, notices, clock, on_event)
        .map_err(|error| no_threads(&error))?;
    Ok((recorder, writer, analysis))
}

fn no_threads(error: &io::Error) -> Problem {
    Problem::failed("runtime", "the system gives no threads").caused_by(error)
}

fn reverse(context: &Context) -> Option<Reverse> {
    let settings = &context.settings;
    settings.reverse.as_ref().map(|origin| Reverse {
        origin: origin.value.clone(),
        keep_host: settings.reverse_keep_host.value,
    })
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
    let tls = UpstreamTls::new(&roots, insecure)
        .map_err(|error| advice::roots(&error))?
        .with_client_certificates(client_certificates::chosen(settings)?)
        .map_err(|error| advice::client_certificate(&error))?;
    Ok(match settings.limits.tls_timeout {
        Some(timeout) => tls.with_handshake_timeout(timeout.0),
        None => tls,
    })
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

const MICROS_OF_A_DAY: i64 = 24 * 60 * 60 * 1_000_000;
