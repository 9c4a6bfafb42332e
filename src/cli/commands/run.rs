//! `why401 run`: the proxy until it is told to stop, or until a command has ended.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::run_child;
use crate::analysis::Event;
use crate::cli::advice;
use crate::cli::announce::{Announcer, Format};
use crate::cli::args::RunArgs;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::lan;
use crate::cli::limits::raise_open_files;
use crate::cli::notices;
use crate::cli::problem::Problem;
use crate::cli::running::{Running, runtime, unfinished};
use crate::cli::signals::Signals;
use crate::cli::startup::{StartUp, WAITING, status_line};
use crate::config::listen::UiAddr;
use crate::proxy::Listener;

/// Runs the proxy.
pub(super) fn run(args: &RunArgs, context: &mut Context) -> Result<Exit, Problem> {
    let runtime = runtime()?;
    let done = if args.child.is_empty() {
        runtime.block_on(until_stopped(args, context))
    } else {
        runtime.block_on(run_child::until_child_ends(args, context))
    };
    // What is still open was given its time; a thread that hangs must not keep us.
    runtime.shutdown_background();
    done
}

async fn until_stopped(args: &RunArgs, context: &mut Context) -> Result<Exit, Problem> {
    let listen = &context.settings.listen;
    let address = listen.value.0;
    raise_open_files();
    let listener = Listener::bind(address)
        .await
        .map_err(|error| advice::listen(address, &listen.source, &error))?;
    let environment = notices::of_environment(&mut context.settings.proxies, listener.local_addr());
    let mut signals = listen_for_signals()?;
    let ears = Ears::default();
    let format = Format::of(args.json);
    let announcer = Announcer::new(context.output.another(), context.style(), format);
    let mut running = Running::start(listener, context, ears.print_events(announcer))?;
    context
        .output
        .say(&start_up(&running, environment, context));
    watch(&mut running, &mut signals, &ears, context).await;
    let (_counts, finished) = tokio::select! {
        finished = running.finish() => finished,
        () = insists(&mut signals) => {
            return Err(Problem::failed("ended-at-once", "ended at once: what was not written yet is lost"));
        }
    };
    if !finished {
        return Err(unfinished(context));
    }
    match ears.lost.get() {
        Some(error) => Err(Problem::output(error)),
        None => Ok(Exit::Done),
    }
}

/// From here on signals no longer end the process by themselves.
pub(super) fn listen_for_signals() -> Result<Signals, Problem> {
    Signals::listen()
        .map_err(|error| Problem::failed("signals", "cannot listen for Ctrl-C").caused_by(&error))
}

/// Counts for whoever watches, until a signal comes or nobody reads any more.
async fn watch(running: &mut Running, signals: &mut Signals, ears: &Ears, context: &mut Context) {
    let unicode = context.output.notice.unicode;
    let mut tick = tokio::time::interval(STATUS_TICK);
    loop {
        tokio::select! {
            _ = signals.next() => break,
            () = ears.lost_now.cancelled() => break,
            notice = running.accepting_changed() => context.output.say(&notice),
            _ = tick.tick() => {
                let line = status_line(running.counts(), unicode);
                context.output.status(&line, Instant::now());
            }
        }
    }
    if context.output.notice.terminal {
        let line = status_line(running.counts(), unicode);
        context.output.say(&format!("{line}\n"));
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

/// Whether somebody still reads what is printed.
#[derive(Clone, Debug, Default)]
pub(super) struct Ears {
    /// Nobody reads any more, or it cannot be written.
    lost: Arc<OnceLock<io::Error>>,
    lost_now: CancellationToken,
}

impl Ears {
    /// Prints events until nobody reads any more.
    pub(super) fn print_events(
        &self,
        mut announcer: Announcer,
    ) -> impl FnMut(Event) + Send + 'static {
        let ears = self.clone();
        move |event| {
            if ears.lost.get().is_none()
                && let Err(error) = announcer.announce(&event)
            {
                ears.lost.get_or_init(|| error);
                ears.lost_now.cancel();
            }
        }
    }
}

fn start_up(running: &Running, environment: Vec<String>, context: &Context) -> String {
    let settings = &context.settings;
    let insecure = &settings.insecure_upstream;
    let block = StartUp {
        address: lan::address_here(running.address()),
        network: lan::cautions(running.address(), &settings.lan),
        environment,
        ca: &running.certificate().path,
        reverse: settings.reverse.as_ref().map(|origin| &origin.value),
        add_baseline: &context.command("baseline add --curl -"),
        needs_data_flag: context.needs_data_flag(),
        insecure: insecure.iter().map(|host| host.value.0.as_str()).collect(),
        ca_days_left: running.certificate().days_left,
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
