//! From the arguments to the exit status.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use time::UtcOffset;
use tracing_subscriber::EnvFilter;

use super::args::{Cli, Command, RunArgs, with_default_command};
use super::commands;
use super::context::Context;
use super::exit::Exit;
use super::output::{Environment, LogWriter, Output, printable};
use super::problem::Problem;
use super::{advice, clock};
use crate::config::color::ColorWhen;
use crate::config::load::{Flags, load};
use crate::config::places::Places;
use crate::config::proxy_url::UpstreamProxy;

/// Runs the program.
pub fn main() -> ExitCode {
    // Both before the first thread: see there.
    let offset = clock::local_offset();
    keep_memory_private();
    let environment = Environment::read();
    let arguments = with_default_command(std::env::args_os().collect());
    let (exit, has_child) = match Cli::try_parse_from(&arguments) {
        Ok(cli) => {
            let has_child = cli.command.has_child();
            (run(cli, &environment, offset), has_child)
        }
        Err(error) => {
            let (ours, child) = before_child(&arguments);
            (refuse(&error, ours, &environment), child)
        }
    };
    let exit = if has_child { exit.beside_child() } else { exit };
    exit.into()
}

fn run(cli: Cli, environment: &Environment, offset: UtcOffset) -> Exit {
    let json = cli.command.is_json();
    let loaded = flags(&cli).and_then(|flags| {
        let settings = load(&flags, &Places::of_this_process());
        Ok((flags, settings.map_err(|error| advice::config(&error))?))
    });
    let (flags, settings) = match loaded {
        Ok(loaded) => loaded,
        Err(problem) => {
            let when = cli.global.color.unwrap_or_default();
            let mut output = Output::standard(environment, when, None);
            return tell(&problem, json, &mut output);
        }
    };
    let output = Output::standard(environment, settings.color.value, settings.width.value);
    let mut context = Context {
        flags,
        settings,
        output,
        offset,
    };
    warn_of_other_store(&mut context);
    let done = start_log(&context).and_then(|()| commands::dispatch(cli.command, &mut context));
    match done {
        Ok(exit) => exit,
        Err(problem) => tell(&problem, json, &mut context.output),
    }
}

fn tell(problem: &Problem, json: bool, output: &mut Output) -> Exit {
    if !problem.is_silent() {
        let text = match json {
            true => format!("{}\n", problem.to_json()),
            false => problem.to_text(output.notice.color),
        };
        output.say(&text);
    }
    problem.exit()
}

/// The arguments up to those of a child, and whether there is one.
fn before_child(arguments: &[OsString]) -> (&[OsString], bool) {
    let mut parts = arguments.splitn(2, |argument| argument == "--");
    let ours = parts.next().unwrap_or_default();
    let has_child = ours.iter().any(|argument| argument == "run") && parts.next().is_some();
    (ours, has_child)
}

/// What clap has to say: help and version are results, everything else is about the arguments.
fn refuse(error: &clap::Error, arguments: &[OsString], environment: &Environment) -> Exit {
    let mut output = Output::standard(environment, ColorWhen::Auto, None);
    let render = |color| match color {
        true => error.render().ansi().to_string(),
        false => error.render().to_string(),
    };
    if !error.use_stderr() {
        return match output.print(&render(output.result.color)) {
            Ok(()) => Exit::Done,
            Err(error) => Problem::output(&error).exit(),
        };
    }
    if arguments.iter().any(|argument| argument == "--json") {
        let text = error.render().to_string();
        let message = text.trim().strip_prefix("error: ").unwrap_or(text.trim());
        output.say(&format!(
            "{}\n",
            Problem::usage("arguments", message).to_json()
        ));
    } else {
        output.say(&render(output.notice.color));
    }
    Exit::Usage
}

/// Names of proxies and origins are read here: clap would repeat one that is off, with its password.
fn flags(cli: &Cli) -> Result<Flags, Problem> {
    let (run, no_config) = match &cli.command {
        Command::Run(run) => (run.clone(), false),
        Command::Demo
        | Command::List(_)
        | Command::Show(_)
        | Command::Why(_)
        | Command::Diff(_)
        | Command::Baseline(_)
        | Command::Import(_) => (RunArgs::default(), true),
    };
    let upstream_proxy = run.upstream_proxy.as_ref().map(|flag| {
        let proxy: UpstreamProxy = flag.parse().map_err(|e| advice::upstream_proxy(&e))?;
        match proxy.credentials {
            Some(_) => Err(advice::password_in_flag()),
            None => Ok(proxy),
        }
    });
    let reverse = run.reverse.as_ref();
    let reverse = reverse.map(|flag| flag.parse().map_err(|e| advice::reverse(&e)));
    Ok(Flags {
        config: run.config,
        no_config,
        listen: run.listen,
        lan: run.lan,
        ui: run.ui,
        data: cli.global.data.clone(),
        upstream_ca: run.upstream_ca,
        insecure_upstream: run.insecure_upstream,
        upstream_proxy: upstream_proxy.transpose()?,
        reverse: reverse.transpose()?,
        reverse_keep_host: run.reverse_keep_host,
        color: cli.global.color,
    })
}

/// A found file that names another store is not followed, but whoever wrote it may expect that.
fn warn_of_other_store(context: &mut Context) {
    let keys = &context.settings.passed_over;
    if let Some(data) = keys.iter().find(|key| key.value == "data")
        && context.flags.data.is_none()
    {
        let place = printable(&data.source.to_string());
        context.output.say(&format!(
            "warning: `data` ({place}) does not count in a file that was found; to read that store, pass --data DIR\n"
        ));
    }
}

/// The log goes to standard error; `WHY401_LOG` says how much of it.
fn start_log(context: &Context) -> Result<(), Problem> {
    let directives = std::env::var(LOG_VARIABLE).unwrap_or_else(|_unset| "warn".to_owned());
    let filter = EnvFilter::try_new(directives).map_err(|error| {
        Problem::usage("log-filter", format!("{LOG_VARIABLE} is no log filter"))
            .caused_by(&error)
            .hint(format!(
                "as in {LOG_VARIABLE}=debug or {LOG_VARIABLE}=why401::proxy=trace"
            ))
    })?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(context.output.notice.color)
        .with_writer(|| LogWriter)
        // Only fails when a log was started before: then that one is used.
        .try_init()
        .unwrap_or_default();
    Ok(())
}

/// No core file of a crash, and no other process of this user, may hold what passed through us.
fn keep_memory_private() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // A kernel that refuses leaves things as they are for every other program, too.
        set_dumpable_behavior(DumpableBehavior::NotDumpable).unwrap_or_default();
    }
}

const LOG_VARIABLE: &str = "WHY401_LOG";
