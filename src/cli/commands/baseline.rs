//! `why401 baseline`: requests that are known to work.

use super::added::summary;
use super::explained::explained;
use super::naming::Names;
use super::recorded::recorded;
use crate::capture::store::{BaselineError, Store, StoreError};
use crate::cli::args::{
    AddArgs, BaselineCommand, BaselineListArgs, BaselineRemoveArgs, BaselineShowArgs, Variables,
};
use crate::cli::context::Context;
use crate::cli::problem::Problem;
use crate::cli::requests::{Beside, Wanted};
use crate::cli::{advice, clock, committed};
use crate::import::Format;
use crate::import::har::Selection;
use crate::model::{Baseline, Learned};
use crate::redact::Masker;
use crate::report::{self, terminal};

/// Adds, lists, shows or removes.
pub(super) fn baseline(command: BaselineCommand, context: &mut Context) -> Result<(), Problem> {
    match command {
        BaselineCommand::Add(args) => add(&args, context),
        BaselineCommand::List(args) => list(&args, context),
        BaselineCommand::Show(args) => show(&args, context),
        BaselineCommand::Remove(args) => remove(&args, context),
    }
}

/// That the name is taken.
pub(super) fn taken(name: &str) -> Problem {
    advice::baseline(&BaselineError::Exists(name.to_owned()))
}

fn add(args: &AddArgs, context: &mut Context) -> Result<(), Problem> {
    let now = clock::now();
    let imported = match wanted(args, context)? {
        Some(wanted) => wanted.baselines(now, context)?,
        None => {
            let id = args.source.exchange.as_deref();
            vec![recorded(id.unwrap_or_default(), now, context)?]
        }
    };
    let store = context.store()?;
    let known = store.baselines().map_err(|error| advice::store(&error))?;
    let added = Names::new(&known, args.name.as_deref())?.give(imported);
    for baseline in &added {
        store
            .add_baseline(baseline)
            .map_err(|error| advice::baseline(&error))?;
    }
    let mut text = String::new();
    for baseline in &added {
        text.push_str(&summary(baseline));
    }
    if added.len() > 1 {
        text.extend([&added.len().to_string(), " baselines added\n"]);
    }
    text.push_str(&explained(&store, &added, now, context)?);
    Ok(context.output.print(&text)?)
}

/// The file to add from; `None` for a recorded exchange.
fn wanted(args: &AddArgs, context: &mut Context) -> Result<Option<Wanted>, Problem> {
    let source = &args.source;
    let named = [
        (&source.curl, Some(Format::Curl)),
        (&source.har, Some(Format::Har)),
        (&source.http, Some(Format::Http)),
        (&source.postman, Some(Format::Postman)),
        (&source.from, None),
    ];
    let file = named
        .into_iter()
        .find_map(|(file, format)| Some((file.as_deref()?, format)));
    let beside = Beside {
        item: args.item.as_deref(),
        entries: Selection::EverySuccess,
        variables: &args.variables,
    };
    match file {
        Some((file, format)) => {
            let wanted = Wanted::open(file, format, &beside, context)?;
            if format.is_none() {
                wanted.say_format(context);
            }
            Ok(Some(wanted))
        }
        None if args.variables == Variables::default() => Ok(None),
        None => Err(Problem::usage(
            "no-variables",
            "--environment and --var are for files: a recorded exchange has no variables",
        )),
    }
}

fn list(args: &BaselineListArgs, context: &mut Context) -> Result<(), Problem> {
    let (mut baselines, learned) = match context.store_if_any()? {
        Some(store) => stored(&store, args.learned).map_err(|error| advice::store(&error))?,
        None => (Vec::new(), 0),
    };
    if !args.learned {
        baselines.extend(committed::baselines(context, clock::now()));
    }
    let views: Vec<_> = baselines
        .iter()
        .map(|baseline| report::request(baseline, &mut Masker::new()))
        .collect();
    if args.json {
        return context.print_json(&views);
    }
    if args.learned {
        if baselines.is_empty() {
            let none = "nothing was learned yet: requests that pass through the proxy are\n";
            context.output.say(none);
        }
    } else if baselines.is_empty() {
        let hint = context.command("baseline add --curl -");
        context
            .output
            .say(&format!("no baselines yet; to paste one: {hint}\n"));
    }
    if learned > 0 && !args.learned {
        let hint = context.command("baseline list --learned");
        context.output.say(&format!(
            "{learned} learned from requests that passed: {hint}\n"
        ));
    }
    let text = terminal::requests(&views, &context.style());
    Ok(context.output.print(&text)?)
}

/// The named ones or the learned ones, and how many are learned.
fn stored(store: &Store, learned: bool) -> Result<(Vec<Baseline>, u64), StoreError> {
    let count = store.learned_count()?;
    let baselines = if learned {
        let all = store.learned(u32::MAX)?;
        all.iter().map(Learned::baseline).collect()
    } else {
        store.baselines()?
    };
    Ok((baselines, count))
}

fn show(args: &BaselineShowArgs, context: &mut Context) -> Result<(), Problem> {
    let baseline = named(&args.name, context)?;
    let view = report::request(&baseline, &mut Masker::new());
    if args.json {
        return context.print_json(&view);
    }
    let text = terminal::request(&view, &context.style());
    Ok(context.output.print(&text)?)
}

/// Of the store, or of the configuration.
fn named(name: &str, context: &mut Context) -> Result<Baseline, Problem> {
    let stored = match context.store_if_any()? {
        Some(store) => store.known_good(name),
        None => Err(absent(name)),
    };
    match stored {
        Err(unknown @ BaselineError::NotFound { .. }) => {
            let mut committed = committed::baselines(context, clock::now()).into_iter();
            let found = committed.find(|baseline| baseline.name == name);
            found.ok_or_else(|| advice::baseline(&unknown))
        }
        stored => stored.map_err(|error| advice::baseline(&error)),
    }
}

fn absent(name: &str) -> BaselineError {
    BaselineError::NotFound {
        name: name.to_owned(),
        known: Vec::new(),
    }
}

fn remove(args: &BaselineRemoveArgs, context: &mut Context) -> Result<(), Problem> {
    let removed = match context.store_if_any()? {
        Some(store) => store.remove_known_good(&args.name),
        None => Err(absent(&args.name)),
    };
    if matches!(removed, Err(BaselineError::NotFound { .. }))
        && let Some(source) = committed::source_of(&args.name, context, clock::now())
    {
        let problem = Problem::failed("baseline-committed", "it stands in a configuration file");
        return Err(problem.hint(format!("remove it there: {source}")));
    }
    removed.map_err(|error| advice::baseline(&error))?;
    if args.json {
        return context.print_json(&serde_json::json!({"removed": args.name}));
    }
    let name = crate::cli::output::printable(&args.name);
    Ok(context.output.print(&format!("removed {name}\n"))?)
}
