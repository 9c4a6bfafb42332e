//! The arguments, as clap reads them.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};
use clap::{Args, Parser, Subcommand};

use crate::config::color::ColorWhen;
use crate::config::host::InsecureHost;
use crate::config::listen::{ListenAddr, UiAddr};
use crate::config::units::Since;
use crate::import::Format;

/// A local debug proxy that tells you why your request got a 401.
#[derive(Debug, Parser)]
#[command(
    name = "why401",
    version,
    max_term_width = 100,
    subcommand_required = true,
    override_usage = "why401 [OPTIONS] [COMMAND]",
    after_help = AFTER_HELP
)]
pub struct Cli {
    /// What every command accepts.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command accepts.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// Folder of the store and the CA [default: the user's data folder]
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// When to use colour [default: auto]
    #[arg(long, global = true, value_name = "WHEN", value_parser = color_when())]
    pub color: Option<ColorWhen>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the proxy and explain every 401 (what `why401` alone does)
    Run(RunArgs),
    /// See it work: a sample API, clients that it refuses, and what why401 says
    Demo,
    /// List the recorded 401s and failed requests, newest first
    List(ListArgs),
    /// Show one exchange as it was recorded
    Show(ShowArgs),
    /// Explain one 401: verdict, difference and story
    Why(WhyArgs),
    /// Compare a failing request with a good one, without a proxy
    Diff(DiffArgs),
    /// Keep requests that are known to work, to compare failing ones with
    #[command(subcommand)]
    Baseline(BaselineCommand),
    /// Print the requests of another tool's file; store nothing
    Import(ImportArgs),
}

impl Command {
    /// Whether another program is run, whose exit status becomes ours.
    pub fn has_child(&self) -> bool {
        matches!(self, Self::Run(args) if !args.child.is_empty())
    }

    /// Whether the command writes JSON, and so its errors too.
    pub fn is_json(&self) -> bool {
        match self {
            Self::Run(args) => args.json,
            Self::Demo => false,
            Self::List(args) => args.json,
            Self::Show(args) => args.json,
            Self::Why(args) => args.json,
            Self::Diff(args) => args.json,
            Self::Baseline(command) => command.is_json(),
            Self::Import(args) => args.json,
        }
    }
}

/// `why401 run`
#[derive(Args, Clone, Debug, Default)]
pub struct RunArgs {
    /// Address of the proxy [default: 127.0.0.1:4010]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<ListenAddr>,
    /// Let --listen take an address that other machines can reach
    #[arg(long)]
    pub lan: bool,
    /// Address of the web UI, or off
    #[arg(long, value_name = "ADDR|off")]
    pub ui: Option<UiAddr>,
    /// Configuration file [default: ./why401.toml, then the user's configuration folder]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Trust the CAs of this PEM file for origins, too (repeatable)
    #[arg(long, value_name = "FILE")]
    pub upstream_ca: Vec<PathBuf>,
    /// Do not verify the certificate of this origin (repeatable; marked on every exchange)
    #[arg(long, value_name = "HOST")]
    pub insecure_upstream: Vec<InsecureHost>,
    /// Reach origins through this proxy: http, https, socks5 or socks5h; one with a password goes
    /// into the configuration
    #[arg(long, value_name = "URL")]
    pub upstream_proxy: Option<UrlFlag>,
    /// Send what is not asked of a proxy to this origin: clients need no proxy setting
    #[arg(long, value_name = "URL")]
    pub reverse: Option<UrlFlag>,
    /// With --reverse: leave Host as the client sent it
    #[arg(long)]
    pub reverse_keep_host: bool,
    /// Print one JSON object per 401 and line instead of text
    #[arg(long)]
    pub json: bool,
    /// Run a command with its requests led through here, and end as it does
    #[arg(last = true, value_name = "CMD")]
    pub child: Vec<OsString>,
}

/// A URL as it was given, which may hold a password.
#[derive(Clone)]
pub struct UrlFlag(String);

impl UrlFlag {
    /// What it says.
    ///
    /// # Errors
    /// When it is not of that kind.
    pub fn parse<T: FromStr>(&self) -> Result<T, T::Err> {
        self.0.parse()
    }
}

impl fmt::Debug for UrlFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UrlFlag")
    }
}

impl From<String> for UrlFlag {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// `why401 list`
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// Only this host
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Only this route: a path in which * stands for one segment
    #[arg(long, value_name = "ROUTE")]
    pub route: Option<String>,
    /// Only this cause, such as jwt-expired
    #[arg(long, value_name = "CAUSE")]
    pub cause: Option<String>,
    /// Only clients whose name or User-Agent holds this text
    #[arg(long, value_name = "TEXT")]
    pub client: Option<String>,
    /// Only what happened since then: 10m, 2h, 3d, or a time such as 2026-03-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub since: Option<Since>,
    /// Only what holds this text in URL, client or verdict
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// At most that many
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `why401 show`
#[derive(Args, Clone, Debug)]
pub struct ShowArgs {
    /// Which: 31, #31, or the first characters of an id [default: the newest]
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Print the recorded bytes of request and response
    #[arg(long)]
    pub raw: bool,
    /// Print the request as a command that sends it again
    #[arg(long = "as", value_name = "FORM", value_parser = command_form(), conflicts_with_all = ["raw", "json"])]
    pub form: Option<CommandForm>,
    /// Show secrets
    #[arg(long)]
    pub reveal: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What a request can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandForm {
    /// A curl command, for a POSIX shell
    Curl,
}

fn command_form() -> ValueParser {
    ValueParser::new(PossibleValuesParser::new(["curl"]).map(|_curl| CommandForm::Curl))
}

/// `why401 why`
#[derive(Args, Clone, Debug)]
pub struct WhyArgs {
    /// Which: 31, #31, or the first characters of an id [default: the newest]
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Compare with this baseline instead of the one that was chosen
    #[arg(long, value_name = "NAME")]
    pub baseline: Option<String>,
    /// Show secrets
    #[arg(long)]
    pub reveal: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `why401 diff`
#[derive(Args, Clone, Debug)]
pub struct DiffArgs {
    /// The request that fails: a file of any format that `import` reads, FILE#ITEM for one of
    /// several, - for standard input, or an id
    #[arg(value_name = "FAILING")]
    pub failing: String,
    /// The request that works: likewise
    #[arg(value_name = "GOOD")]
    pub good: String,
    /// Values beside the file.
    #[command(flatten)]
    pub variables: Variables,
    /// Show secrets
    #[arg(long)]
    pub reveal: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `why401 baseline`
#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Add a request that works
    Add(Box<AddArgs>),
    /// List them
    List(BaselineListArgs),
    /// Show one
    Show(BaselineShowArgs),
    /// Remove one
    Remove(BaselineRemoveArgs),
}

impl BaselineCommand {
    fn is_json(&self) -> bool {
        match self {
            Self::Add(_) => false,
            Self::List(args) => args.json,
            Self::Show(args) => args.json,
            Self::Remove(args) => args.json,
        }
    }
}

/// `why401 baseline add`
#[derive(Args, Clone, Debug)]
pub struct AddArgs {
    /// Its name [default: made from method and path]
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Where it comes from.
    #[command(flatten)]
    pub source: AddSource,
    /// Values beside the file.
    #[command(flatten)]
    pub variables: Variables,
    /// Only this request of the file: Folder/Name, its name, or its number [default: all]
    #[arg(long, value_name = "ITEM", conflicts_with = "exchange")]
    pub item: Option<String>,
}

/// Values for the variables of a file.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    /// Variables of this environment: FILE, FILE#NAME, or a NAME that the imported file itself has
    #[arg(long, value_name = "ENV")]
    pub environment: Option<PathBuf>,
    /// A variable; overrides the environment (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub var: Vec<Assignment>,
}

/// `NAME=VALUE`
#[derive(Clone, PartialEq, Eq)]
pub struct Assignment {
    /// What is before the first `=`.
    pub name: String,
    /// What is behind it; may be a secret.
    pub value: String,
}

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Assignment({})", self.name)
    }
}

impl FromStr for Assignment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("it is not of the form NAME=VALUE"),
        }
    }
}

/// Where a baseline comes from: exactly one of these.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub struct AddSource {
    /// A file with a curl command ("copy as cURL"), or - to paste one
    #[arg(long, value_name = "FILE|-")]
    pub curl: Option<PathBuf>,
    /// A Postman collection, exported as v2.1
    #[arg(long, value_name = "FILE|-")]
    pub postman: Option<PathBuf>,
    /// A HAR file, or its entry with that number or URL [default: all answered with 2xx]
    #[arg(long, value_name = "FILE[#n|#URL]")]
    pub har: Option<PathBuf>,
    /// A .http or .rest file of REST Client or JetBrains
    #[arg(long, value_name = "FILE|-")]
    pub http: Option<PathBuf>,
    /// A file of any format that `why401 import` reads; its content tells which
    #[arg(long, value_name = "FILE|-")]
    pub from: Option<PathBuf>,
    /// A recorded exchange
    #[arg(long, value_name = "ID")]
    pub exchange: Option<String>,
}

/// `why401 baseline list`
#[derive(Args, Clone, Debug)]
pub struct BaselineListArgs {
    /// List what was learned from requests that passed, newest first
    #[arg(long)]
    pub learned: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `why401 baseline show`
#[derive(Args, Clone, Debug)]
pub struct BaselineShowArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `why401 baseline remove`
#[derive(Args, Clone, Debug)]
pub struct BaselineRemoveArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `why401 import`
#[derive(Args, Clone, Debug)]
#[command(after_help = formats())]
pub struct ImportArgs {
    /// What wrote the file; without it the content tells
    #[arg(value_name = "FORMAT|FILE")]
    pub first: PathBuf,
    /// The file, or - for standard input; FILE#ITEM for one of its requests, FILE.har#URL for the entry with it
    #[arg(value_name = "FILE|-")]
    pub second: Option<PathBuf>,
    /// Values beside the file.
    #[command(flatten)]
    pub variables: Variables,
    /// Only this request of the file: Folder/Name, its name, or its number
    #[arg(long, value_name = "ITEM")]
    pub item: Option<String>,
    /// Print JSON, with the secrets that the file holds
    #[arg(long)]
    pub json: bool,
}

/// Puts `run` in front of arguments that name no command: `why401 --listen 127.0.0.1:5000` runs.
///
/// What is left as it is: help, version, and a first word, so that clap can say "did you mean".
pub fn with_default_command(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let mut at = 1;
    while let Some(argument) = arguments.get(at).map(|argument| argument.to_string_lossy()) {
        match argument.as_ref() {
            "-h" | "--help" | "-V" | "--version" => return arguments,
            // Their values are no command.
            "--data" | "--color" => at += 2,
            flag if flag.starts_with("--data=") || flag.starts_with("--color=") => at += 1,
            flag if flag.starts_with('-') => break,
            _word => return arguments,
        }
    }
    arguments.insert(at.min(arguments.len()), OsString::from("run"));
    arguments
}

fn color_when() -> ValueParser {
    PossibleValuesParser::new(ColorWhen::NAMES)
        .try_map(|name| name.parse::<ColorWhen>())
        .into()
}

/// The words of the formats, with what a file of each holds.
fn formats() -> String {
    let lines = Format::ALL.iter().map(|format| {
        let (word, holds) = (format.word(), format.in_words());
        format!("\n  {word:<12}{holds}")
    });
    format!("Formats:{}", lines.collect::<String>())
}

const AFTER_HELP: &str = "\
Without a command why401 runs the proxy; `why401 run --help` lists its flags.
Exit status: 0 done, 1 it failed, 2 arguments or configuration are off.
`run -- CMD` ends as CMD does: its status, 128 + n after signal n; 127 not
found, 126 not executable, 125 why401 itself failed.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    fn completed(line: &str) -> String {
        let words = with_default_command(words(line));
        let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        words.join(" ")
    }

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn run_is_the_command_when_none_is_named() {
        assert_eq!(completed("why401"), "why401 run");
        assert_eq!(completed("why401 --json"), "why401 run --json");
        assert_eq!(
            completed("why401 -- npm --help"),
            "why401 run -- npm --help"
        );
        assert_eq!(
            completed("why401 --data d --listen [::1]:1"),
            "why401 --data d run --listen [::1]:1"
        );
        assert_eq!(
            completed("why401 --color=never"),
            "why401 --color=never run"
        );
    }

    #[test]
    fn a_named_command_help_and_version_are_left_alone() {
        for line in [
            "why401 --data d list",
            "why401 --help",
            "why401 -V",
            "why401 help run",
            "why401 lst",
        ] {
            assert_eq!(completed(line), line);
        }
    }

    #[test]
    fn flags_for_every_command_may_follow_it() {
        let cli = Cli::try_parse_from(words("why401 list --data d --color never")).unwrap();
        assert_eq!(cli.global.data, Some(PathBuf::from("d")));
        assert_eq!(cli.global.color, Some(ColorWhen::Never));
    }

    #[test]
    fn what_follows_two_dashes_is_the_child_alone() {
        let cli = Cli::try_parse_from(words("why401 run --json -- ls --data x -- y")).unwrap();
        assert!(cli.command.has_child());
        let Command::Run(args) = cli.command else {
            panic!("another command");
        };
        assert_eq!(args.child, words("ls --data x -- y"));
        assert_eq!(cli.global.data, None);
        assert!(Cli::try_parse_from(words("why401 run ls")).is_err());
    }

    #[test]
    fn a_baseline_has_exactly_one_source() {
        let parse = |line| Cli::try_parse_from(words(line));
        assert!(parse("why401 baseline add --curl -").is_ok());
        assert!(parse("why401 baseline add n --exchange 3").is_ok());
        assert!(parse("why401 baseline add n").is_err());
        assert!(parse("why401 baseline add --curl - --exchange 3").is_err());
        assert!(parse("why401 baseline add --postman c.json --har a.har").is_err());
    }

    #[test]
    fn a_variable_of_postman_has_a_name_and_a_value() {
        let parse = |line| Cli::try_parse_from(words(line));
        assert!(parse("why401 import postman c.json --var a=b=c --var d=").is_ok());
        assert!(parse("why401 import postman c.json --var a").is_err());
        assert!(parse("why401 import postman c.json --var =a").is_err());
    }

    #[test]
    fn every_help_text_reads_well() {
        let help = |path: &[&str]| {
            let arguments = ["why401"].iter().chain(path).chain(&["--help"]);
            let command = Cli::command().term_width(80);
            command
                .try_get_matches_from(arguments)
                .unwrap_err()
                .to_string()
        };
        insta::assert_snapshot!("help", help(&[]));
        for command in ["run", "demo", "list", "show", "why", "diff", "import"] {
            insta::assert_snapshot!(format!("help_{command}"), help(&[command]));
        }
        insta::assert_snapshot!("help_baseline", help(&["baseline"]));
        for command in ["add", "list", "show", "remove"] {
            insta::assert_snapshot!(
                format!("help_baseline_{command}"),
                help(&["baseline", command])
            );
        }
    }
}
