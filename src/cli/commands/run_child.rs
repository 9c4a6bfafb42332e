//! `why401 run -- CMD`: the proxy as long as a command runs.
//!
//! Standard output is the command's alone: all that we have to say goes to standard error.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::run::{Ears, listen_for_signals};
use crate::analysis::Event;
use crate::cli::advice;
use crate::cli::announce::{Announcer, Format};
use crate::cli::args::RunArgs;
use crate::cli::child::{Child, Summary, name_of};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::lan;
use crate::cli::notices;
use crate::cli::problem::Problem;
use crate::cli::running::{Running, unfinished};
use crate::cli::signals::Signals;
use crate::cli::startup::CA_WARNING_DAYS;
use crate::config::settings::Source;
use crate::model::State;
use crate::proxy::Listener;

/// Starts the proxy, then the command; ends when both have.
pub(super) async fn until_child_ends(
    args: &RunArgs,
    context: &mut Context,
) -> Result<Exit, Problem> {
    context.output.leave_stdout();
    let listener = listen(context).await?;
    let environment = notices::of_environment(&mut context.settings.proxies, listener.local_addr());
    let mut signals = listen_for_signals()?;
    let tally = Tally::default();
    let format = Format::of(args.json);
    let announcer = Announcer::new(context.output.another(), context.style(), format);
    let mut print = Ears::default().print_events(announcer);
    let count = tally.clone();
    let mut running = Running::start(listener, context, move |event| {
        count.add(&event);
        print(event);
    })?;
    let name = args
        .child
        .first()
        .map(|program| name_of(program))
        .unwrap_or_default();
    context.output.say(&format!(
        "why401: recording on {} what {name} sends\n",
        running.address()
    ));
    if context.needs_data_flag() {
        let list = context.command("list");
        context.output.say(&format!(
            "why401: the commands below need its --data, as in {list}\n"
        ));
    }
    let network = lan::cautions(running.address(), &context.settings.lan).join(" ");
    for text in environment
        .iter()
        .chain(Some(&network))
        .filter(|t| !t.is_empty())
    {
        context.output.say(&format!("warning: {text}\n"));
    }
    warn(&running, context);
    let ended = run(args, &mut signals, &mut running, context).await;
    let list = context.command("list");
    let finished = tokio::time::timeout(LONGEST_END, running.finish()).await;
    if let Ok((counts, _)) = finished
        && ended.is_ok()
    {
        let summary = Summary {
            name: &name,
            counts,
            explained: tally.explained.load(Ordering::Relaxed),
            recovered: tally.recovered.load(Ordering::Relaxed),
            list: &list,
        };
        context.output.say(&summary.to_text());
    }
    if !matches!(finished, Ok((_, true))) {
        context.output.say(&unfinished(context).to_warning());
    }
    ended.map(Exit::Child)
}

/// The usual port, or a free one where nobody asked for the usual one: the command is told which.
async fn listen(context: &Context) -> Result<Listener, Problem> {
    let listen = &context.settings.listen;
    let address = listen.value.0;
    let mut bound = Listener::bind(address).await;
    if listen.source == Source::Default
        && matches!(&bound, Err(error) if error.kind() == io::ErrorKind::AddrInUse)
    {
        bound = Listener::bind((address.ip(), 0).into()).await;
    }
    bound.map_err(|error| advice::listen(address, &listen.source, &error))
}

async fn run(
    args: &RunArgs,
    signals: &mut Signals,
    running: &mut Running,
    context: &mut Context,
) -> Result<u8, Problem> {
    let certificate = &running.certificate().path;
    let mut child = Child::start(
        &args.child,
        lan::address_here(running.address()),
        &context.data()?,
        certificate,
    )?;
    let mut ended = std::pin::pin!(child.ended(signals));
    let ended = loop {
        tokio::select! {
            ended = &mut ended => break ended,
            notice = running.accepting_changed() => context.output.say(&notice),
        }
    };
    ended.map_err(|error| {
        Problem::failed("child", "the system does not tell how the command ended").caused_by(&error)
    })
}

/// What is not as usual.
fn warn(running: &Running, context: &mut Context) {
    for host in &context.settings.insecure_upstream {
        let text = format!(
            "warning: the certificate of {} is not verified\n",
            host.value.0
        );
        context.output.say(&text);
    }
    let days = running.certificate().days_left;
    if days < CA_WARNING_DAYS {
        context
            .output
            .say(&format!("warning: the CA expires in {days} days\n"));
    }
}

/// What was announced.
#[derive(Clone, Debug, Default)]
struct Tally {
    explained: Arc<AtomicU64>,
    recovered: Arc<AtomicU64>,
}

impl Tally {
    fn add(&self, event: &Event) {
        match event {
            Event::Explained {
                case, diagnosis, ..
            } => {
                // One that got no answer is told apart.
                if diagnosis.verdict.is_some() && case.failing.response().is_some() {
                    self.explained.fetch_add(1, Ordering::Relaxed);
                }
                if case.state == State::Recovered {
                    self.recovered.fetch_add(1, Ordering::Relaxed);
                }
            }
            Event::Revised {
                state: State::Recovered,
                ..
            } => {
                self.recovered.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

/// For what the command has left behind: its last requests, and their verdicts.
const LONGEST_END: Duration = Duration::from_secs(3);
