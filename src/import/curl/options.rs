//! The options of curl: names, letters, whether a value follows, and what they do to a request.
//!
//! As curl 8.14 knows them, and the few that later versions of curl 8 added.

/// An option.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CurlOption {
    /// The long name, without the dashes and without `no-`.
    pub(super) name: &'static str,
    /// The letter, or a space.
    pub(super) letter: char,
    pub(super) takes: Takes,
    pub(super) role: Role,
}

/// What follows an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// Nothing; `--no-` is not allowed.
    Once,
    /// Nothing; `--no-` switches it off.
    Switch,
    /// A value.
    Value,
}

/// What an option does to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    AnyAuth,
    Basic,
    Bearer,
    Compressed,
    Config,
    Cookie,
    Data,
    DataBinary,
    DataRaw,
    DataUrlencode,
    DefaultScheme,
    Digest,
    EtagCompare,
    Form,
    FormEscape,
    FormString,
    Get,
    GlobOff,
    Head,
    Header,
    Http10,
    Http11,
    Http2,
    /// Nothing: it is about the connection, the output or another protocol.
    Ignored,
    Json,
    JunkSession,
    Method,
    Negotiate,
    Netrc,
    NetrcFile,
    Next,
    NoUserInUrl,
    Ntlm,
    PathAsIs,
    Range,
    Referer,
    Resume,
    /// curl prints something and ends.
    SendsNothing,
    Sigv4,
    Target,
    TimeCondition,
    TransferCoding,
    Upload,
    Url,
    UrlQuery,
    User,
    UserAgent,
    Variable,
}

/// What a long name stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// That option, by its full name or by an abbreviation that fits no other.
    One(&'static CurlOption),
    /// An abbreviation of several.
    Several(Vec<&'static str>),
    /// Nothing.
    Unknown,
}

/// The option of that long name, given without its dashes.
pub(super) fn by_name(name: &str) -> Named {
    if let Some(option) = OPTIONS.iter().find(|option| option.name == name) {
        return Named::One(option);
    }
    let fits = |option: &&CurlOption| !name.is_empty() && option.name.starts_with(name);
    let fitting: Vec<&'static CurlOption> = OPTIONS.iter().filter(fits).collect();
    match fitting.as_slice() {
        [] => Named::Unknown,
        [only] => Named::One(only),
        several => Named::Several(several.iter().map(|option| option.name).collect()),
    }
}

/// The option of that letter.
pub(super) fn by_letter(letter: char) -> Option<&'static CurlOption> {
    OPTIONS
        .iter()
        .find(|option| option.letter == letter && letter != ' ')
}

/// The name that is nearest to a misspelt one, if any is near.
pub(super) fn similar(name: &str) -> Option<&'static str> {
    const NEAR: f64 = 0.85;
    // Names are short; what is longer is no misspelling.
    let name = name.get(..name.len().min(40))?;
    let scored = OPTIONS
        .iter()
        .map(|option| (strsim::jaro_winkler(option.name, name), option.name));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 >= NEAR).then_some(best.1)
}

const fn row(name: &'static str, letter: char, takes: Takes, role: Role) -> CurlOption {
    CurlOption {
        name,
        letter,
        takes,
        role,
    }
}

/// Sorted by name.
const OPTIONS: &[CurlOption] = &[
    row("abstract-unix-socket", ' ', Takes::Value, Role::Ignored),
    row("alpn", ' ', Takes::Switch, Role::Ignored),
    row("alt-svc", ' ', Takes::Value, Role::Ignored),
    row("anyauth", ' ', Takes::Once, Role::AnyAuth),
    row("append", 'a', Takes::Switch, Role::Ignored),
    row("aws-sigv4", ' ', Takes::Value, Role::Sigv4),
    row("basic", ' ', Takes::Switch, Role::Basic),
    row("buffer", 'N', Takes::Switch, Role::Ignored),
    row("ca-native", ' ', Takes::Switch, Role::Ignored),
    row("cacert", ' ', Takes::Value, Role::Ignored),
    row("capath", ' ', Takes::Value, Role::Ignored),
    row("cert", 'E', Takes::Value, Role::Ignored),
    row("cert-status", ' ', Takes::Switch, Role::Ignored),
    row("cert-type", ' ', Takes::Value, Role::Ignored),
    row("ciphers", ' ', Takes::Value, Role::Ignored),
    row("clobber", ' ', Takes::Switch, Role::Ignored),
    row("compressed", ' ', Takes::Switch, Role::Compressed),
    row("compressed-ssh", ' ', Takes::Switch, Role::Ignored),
    row("config", 'K', Takes::Value, Role::Config),
    row("connect-timeout", ' ', Takes::Value, Role::Ignored),
    row("connect-to", ' ', Takes::Value, Role::Ignored),
    row("continue-at", 'C', Takes::Value, Role::Resume),
    row("cookie", 'b', Takes::Value, Role::Cookie),
    row("cookie-jar", 'c', Takes::Value, Role::Ignored),
    row("create-dirs", ' ', Takes::Switch, Role::Ignored),
    row("create-file-mode", ' ', Takes::Value, Role::Ignored),
    row("crlf", ' ', Takes::Switch, Role::Ignored),
    row("crlfile", ' ', Takes::Value, Role::Ignored),
    row("curves", ' ', Takes::Value, Role::Ignored),
    row("data", 'd', Takes::Value, Role::Data),
    row("data-ascii", ' ', Takes::Value, Role::Data),
    row("data-binary", ' ', Takes::Value, Role::DataBinary),
    row("data-raw", ' ', Takes::Value, Role::DataRaw),
    row("data-urlencode", ' ', Takes::Value, Role::DataUrlencode),
    row("delegation", ' ', Takes::Value, Role::Ignored),
    row("digest", ' ', Takes::Switch, Role::Digest),
    row("disable", 'q', Takes::Switch, Role::Ignored),
    row("disable-eprt", ' ', Takes::Switch, Role::Ignored),
    row("disable-epsv", ' ', Takes::Switch, Role::Ignored),
    row(
        "disallow-username-in-url",
        ' ',
        Takes::Switch,
        Role::NoUserInUrl,
    ),
    row("dns-interface", ' ', Takes::Value, Role::Ignored),
    row("dns-ipv4-addr", ' ', Takes::Value, Role::Ignored),
    row("dns-ipv6-addr", ' ', Takes::Value, Role::Ignored),
    row("dns-servers", ' ', Takes::Value, Role::Ignored),
    row("doh-cert-status", ' ', Takes::Switch, Role::Ignored),
    row("doh-insecure", ' ', Takes::Switch, Role::Ignored),
    row("doh-url", ' ', Takes::Value, Role::Ignored),
    row("dump-ca-embed", ' ', Takes::Once, Role::SendsNothing),
    row("dump-header", 'D', Takes::Value, Role::Ignored),
    row("ech", ' ', Takes::Value, Role::Ignored),
    row("egd-file", ' ', Takes::Value, Role::Ignored),
    row("engine", ' ', Takes::Value, Role::Ignored),
    row("eprt", ' ', Takes::Switch, Role::Ignored),
    row("epsv", ' ', Takes::Switch, Role::Ignored),
    row("etag-compare", ' ', Takes::Value, Role::EtagCompare),
    row("etag-save", ' ', Takes::Value, Role::Ignored),
    row("expect100-timeout", ' ', Takes::Value, Role::Ignored),
    row("fail", 'f', Takes::Switch, Role::Ignored),
    row("fail-early", ' ', Takes::Switch, Role::Ignored),
    row("fail-with-body", ' ', Takes::Switch, Role::Ignored),
    row("false-start", ' ', Takes::Switch, Role::Ignored),
    row("follow", ' ', Takes::Switch, Role::Ignored),
    row("form", 'F', Takes::Value, Role::Form),
    row("form-escape", ' ', Takes::Switch, Role::FormEscape),
    row("form-string", ' ', Takes::Value, Role::FormString),
    row("ftp-account", ' ', Takes::Value, Role::Ignored),
    row("ftp-alternative-to-user", ' ', Takes::Value, Role::Ignored),
    row("ftp-create-dirs", ' ', Takes::Switch, Role::Ignored),
    row("ftp-method", ' ', Takes::Value, Role::Ignored),
    row("ftp-pasv", ' ', Takes::Once, Role::Ignored),
    row("ftp-port", 'P', Takes::Value, Role::Ignored),
    row("ftp-pret", ' ', Takes::Switch, Role::Ignored),
    row("ftp-skip-pasv-ip", ' ', Takes::Switch, Role::Ignored),
    row("ftp-ssl", ' ', Takes::Switch, Role::Ignored),
    row("ftp-ssl-ccc", ' ', Takes::Switch, Role::Ignored),
    row("ftp-ssl-ccc-mode", ' ', Takes::Value, Role::Ignored),
    row("ftp-ssl-control", ' ', Takes::Switch, Role::Ignored),
    row("ftp-ssl-reqd", ' ', Takes::Switch, Role::Ignored),
    row("get", 'G', Takes::Switch, Role::Get),
    row("globoff", 'g', Takes::Switch, Role::GlobOff),
    row(
        "happy-eyeballs-timeout-ms",
        ' ',
        Takes::Value,
        Role::Ignored,
    ),
    row("haproxy-clientip", ' ', Takes::Value, Role::Ignored),
    row("haproxy-protocol", ' ', Takes::Switch, Role::Ignored),
    row("head", 'I', Takes::Switch, Role::Head),
    row("header", 'H', Takes::Value, Role::Header),
    row("help", 'h', Takes::Value, Role::SendsNothing),
    row("hostpubmd5", ' ', Takes::Value, Role::Ignored),
    row("hostpubsha256", ' ', Takes::Value, Role::Ignored),
    row("hsts", ' ', Takes::Value, Role::Ignored),
    row("http0.9", ' ', Takes::Switch, Role::Ignored),
    row("http1.0", '0', Takes::Once, Role::Http10),
    row("http1.1", ' ', Takes::Once, Role::Http11),
    row("http2", ' ', Takes::Once, Role::Http2),
    row("http2-prior-knowledge", ' ', Takes::Once, Role::Http11),
    row("http3", ' ', Takes::Once, Role::Http11),
    row("http3-only", ' ', Takes::Once, Role::Http11),
    row("ignore-content-length", ' ', Takes::Switch, Role::Ignored),
    row("include", ' ', Takes::Switch, Role::Ignored),
    row("insecure", 'k', Takes::Switch, Role::Ignored),
    row("interface", ' ', Takes::Value, Role::Ignored),
    row("ip-tos", ' ', Takes::Value, Role::Ignored),
    row("ipfs-gateway", ' ', Takes::Value, Role::Ignored),
    row("ipv4", '4', Takes::Once, Role::Ignored),
    row("ipv6", '6', Takes::Once, Role::Ignored),
    row("json", ' ', Takes::Value, Role::Json),
    row(
        "junk-session-cookies",
        'j',
        Takes::Switch,
        Role::JunkSession,
    ),
    row("keepalive", ' ', Takes::Switch, Role::Ignored),
    row("keepalive-cnt", ' ', Takes::Value, Role::Ignored),
    row("keepalive-time", ' ', Takes::Value, Role::Ignored),
    row("key", ' ', Takes::Value, Role::Ignored),
    row("key-type", ' ', Takes::Value, Role::Ignored),
    row("knownhosts", ' ', Takes::Value, Role::Ignored),
    row("krb", ' ', Takes::Value, Role::Ignored),
    row("krb4", ' ', Takes::Value, Role::Ignored),
    row("libcurl", ' ', Takes::Value, Role::Ignored),
    row("limit-rate", ' ', Takes::Value, Role::Ignored),
    row("list-only", 'l', Takes::Switch, Role::Ignored),
    row("local-port", ' ', Takes::Value, Role::Ignored),
    row("location", 'L', Takes::Switch, Role::Ignored),
    row("location-trusted", ' ', Takes::Switch, Role::Ignored),
    row("login-options", ' ', Takes::Value, Role::Ignored),
    row("mail-auth", ' ', Takes::Value, Role::Ignored),
    row("mail-from", ' ', Takes::Value, Role::Ignored),
    row("mail-rcpt", ' ', Takes::Value, Role::Ignored),
    row("mail-rcpt-allowfails", ' ', Takes::Switch, Role::Ignored),
    row("manual", 'M', Takes::Switch, Role::SendsNothing),
    row("max-filesize", ' ', Takes::Value, Role::Ignored),
    row("max-redirs", ' ', Takes::Value, Role::Ignored),
    row("max-time", 'm', Takes::Value, Role::Ignored),
    row("metalink", ' ', Takes::Switch, Role::Ignored),
    row("mptcp", ' ', Takes::Switch, Role::Ignored),
    row("negotiate", ' ', Takes::Switch, Role::Negotiate),
    row("netrc", 'n', Takes::Switch, Role::Netrc),
    row("netrc-file", ' ', Takes::Value, Role::NetrcFile),
    row("netrc-optional", ' ', Takes::Switch, Role::Netrc),
    row("next", ':', Takes::Once, Role::Next),
    row("noproxy", ' ', Takes::Value, Role::Ignored),
    row("npn", ' ', Takes::Switch, Role::Ignored),
    row("ntlm", ' ', Takes::Switch, Role::Ntlm),
    row("ntlm-wb", ' ', Takes::Switch, Role::Ignored),
    row("oauth2-bearer", ' ', Takes::Value, Role::Bearer),
    row("out-null", ' ', Takes::Switch, Role::Ignored),
    row("output", 'o', Takes::Value, Role::Ignored),
    row("output-dir", ' ', Takes::Value, Role::Ignored),
    row("parallel", 'Z', Takes::Switch, Role::Ignored),
    row("parallel-immediate", ' ', Takes::Switch, Role::Ignored),
    row("parallel-max", ' ', Takes::Value, Role::Ignored),
    row("parallel-max-host", ' ', Takes::Value, Role::Ignored),
    row("pass", ' ', Takes::Value, Role::Ignored),
    row("path-as-is", ' ', Takes::Switch, Role::PathAsIs),
    row("pinnedpubkey", ' ', Takes::Value, Role::Ignored),
    row("post301", ' ', Takes::Switch, Role::Ignored),
    row("post302", ' ', Takes::Switch, Role::Ignored),
    row("post303", ' ', Takes::Switch, Role::Ignored),
    row("preproxy", ' ', Takes::Value, Role::Ignored),
    row("progress-bar", '#', Takes::Switch, Role::Ignored),
    row("progress-meter", ' ', Takes::Switch, Role::Ignored),
    row("proto", ' ', Takes::Value, Role::Ignored),
    row("proto-default", ' ', Takes::Value, Role::DefaultScheme),
    row("proto-redir", ' ', Takes::Value, Role::Ignored),
    row("proxy", 'x', Takes::Value, Role::Ignored),
    row("proxy-anyauth", ' ', Takes::Switch, Role::Ignored),
    row("proxy-basic", ' ', Takes::Switch, Role::Ignored),
    row("proxy-ca-native", ' ', Takes::Switch, Role::Ignored),
    row("proxy-cacert", ' ', Takes::Value, Role::Ignored),
    row("proxy-capath", ' ', Takes::Value, Role::Ignored),
    row("proxy-cert", ' ', Takes::Value, Role::Ignored),
    row("proxy-cert-type", ' ', Takes::Value, Role::Ignored),
    row("proxy-ciphers", ' ', Takes::Value, Role::Ignored),
    row("proxy-crlfile", ' ', Takes::Value, Role::Ignored),
    row("proxy-digest", ' ', Takes::Switch, Role::Ignored),
    row("proxy-header", ' ', Takes::Value, Role::Ignored),
    row("proxy-http2", ' ', Takes::Switch, Role::Ignored),
    row("proxy-insecure", ' ', Takes::Switch, Role::Ignored),
    row("proxy-key", ' ', Takes::Value, Role::Ignored),
    row("proxy-key-type", ' ', Takes::Value, Role::Ignored),
    row("proxy-negotiate", ' ', Takes::Switch, Role::Ignored),
    row("proxy-ntlm", ' ', Takes::Switch, Role::Ignored),
    row("proxy-pass", ' ', Takes::Value, Role::Ignored),
    row("proxy-pinnedpubkey", ' ', Takes::Value, Role::Ignored),
    row("proxy-service-name", ' ', Takes::Value, Role::Ignored),
    row("proxy-ssl-allow-beast", ' ', Takes::Switch, Role::Ignored),
    row(
        "proxy-ssl-auto-client-cert",
        ' ',
        Takes::Switch,
        Role::Ignored,
    ),
    row("proxy-tls13-ciphers", ' ', Takes::Value, Role::Ignored),
    row("proxy-tlsauthtype", ' ', Takes::Value, Role::Ignored),
    row("proxy-tlspassword", ' ', Takes::Value, Role::Ignored),
    row("proxy-tlsuser", ' ', Takes::Value, Role::Ignored),
    row("proxy-tlsv1", ' ', Takes::Once, Role::Ignored),
    row("proxy-user", 'U', Takes::Value, Role::Ignored),
    row("proxy1.0", ' ', Takes::Value, Role::Ignored),
    row("proxytunnel", 'p', Takes::Switch, Role::Ignored),
    row("pubkey", ' ', Takes::Value, Role::Ignored),
    row("quote", 'Q', Takes::Value, Role::Ignored),
    row("random-file", ' ', Takes::Value, Role::Ignored),
    row("range", 'r', Takes::Value, Role::Range),
    row("rate", ' ', Takes::Value, Role::Ignored),
    row("raw", ' ', Takes::Switch, Role::Ignored),
    row("referer", 'e', Takes::Value, Role::Referer),
    row("remote-header-name", 'J', Takes::Switch, Role::Ignored),
    row("remote-name", 'O', Takes::Switch, Role::Ignored),
    row("remote-name-all", ' ', Takes::Switch, Role::Ignored),
    row("remote-time", 'R', Takes::Switch, Role::Ignored),
    row("remove-on-error", ' ', Takes::Switch, Role::Ignored),
    row("request", 'X', Takes::Value, Role::Method),
    row("request-target", ' ', Takes::Value, Role::Target),
    row("resolve", ' ', Takes::Value, Role::Ignored),
    row("retry", ' ', Takes::Value, Role::Ignored),
    row("retry-all-errors", ' ', Takes::Switch, Role::Ignored),
    row("retry-connrefused", ' ', Takes::Switch, Role::Ignored),
    row("retry-delay", ' ', Takes::Value, Role::Ignored),
    row("retry-max-time", ' ', Takes::Value, Role::Ignored),
    row("sasl-authzid", ' ', Takes::Value, Role::Ignored),
    row("sasl-ir", ' ', Takes::Switch, Role::Ignored),
    row("service-name", ' ', Takes::Value, Role::Ignored),
    row("sessionid", ' ', Takes::Switch, Role::Ignored),
    row("show-error", 'S', Takes::Switch, Role::Ignored),
    row("show-headers", 'i', Takes::Switch, Role::Ignored),
    row("sigalgs", ' ', Takes::Value, Role::Ignored),
    row("silent", 's', Takes::Switch, Role::Ignored),
    row("skip-existing", ' ', Takes::Switch, Role::Ignored),
    row("socks4", ' ', Takes::Value, Role::Ignored),
    row("socks4a", ' ', Takes::Value, Role::Ignored),
    row("socks5", ' ', Takes::Value, Role::Ignored),
    row("socks5-basic", ' ', Takes::Switch, Role::Ignored),
    row("socks5-gssapi", ' ', Takes::Switch, Role::Ignored),
    row("socks5-gssapi-nec", ' ', Takes::Switch, Role::Ignored),
    row("socks5-gssapi-service", ' ', Takes::Value, Role::Ignored),
    row("socks5-hostname", ' ', Takes::Value, Role::Ignored),
    row("speed-limit", 'Y', Takes::Value, Role::Ignored),
    row("speed-time", 'y', Takes::Value, Role::Ignored),
    row("ssl", ' ', Takes::Switch, Role::Ignored),
    row("ssl-allow-beast", ' ', Takes::Switch, Role::Ignored),
    row("ssl-auto-client-cert", ' ', Takes::Switch, Role::Ignored),
    row("ssl-no-revoke", ' ', Takes::Switch, Role::Ignored),
    row("ssl-reqd", ' ', Takes::Switch, Role::Ignored),
    row("ssl-revoke-best-effort", ' ', Takes::Switch, Role::Ignored),
    row("ssl-sessions", ' ', Takes::Value, Role::Ignored),
    row("sslv2", '2', Takes::Once, Role::Ignored),
    row("sslv3", '3', Takes::Once, Role::Ignored),
    row("stderr", ' ', Takes::Value, Role::Ignored),
    row("styled-output", ' ', Takes::Switch, Role::Ignored),
    row(
        "suppress-connect-headers",
        ' ',
        Takes::Switch,
        Role::Ignored,
    ),
    row("tcp-fastopen", ' ', Takes::Switch, Role::Ignored),
    row("tcp-nodelay", ' ', Takes::Switch, Role::Ignored),
    row("telnet-option", 't', Takes::Value, Role::Ignored),
    row("tftp-blksize", ' ', Takes::Value, Role::Ignored),
    row("tftp-no-options", ' ', Takes::Switch, Role::Ignored),
    row("time-cond", 'z', Takes::Value, Role::TimeCondition),
    row("tls-earlydata", ' ', Takes::Switch, Role::Ignored),
    row("tls-max", ' ', Takes::Value, Role::Ignored),
    row("tls13-ciphers", ' ', Takes::Value, Role::Ignored),
    row("tlsauthtype", ' ', Takes::Value, Role::Ignored),
    row("tlspassword", ' ', Takes::Value, Role::Ignored),
    row("tlsuser", ' ', Takes::Value, Role::Ignored),
    row("tlsv1", '1', Takes::Once, Role::Ignored),
    row("tlsv1.0", ' ', Takes::Once, Role::Ignored),
    row("tlsv1.1", ' ', Takes::Once, Role::Ignored),
    row("tlsv1.2", ' ', Takes::Once, Role::Ignored),
    row("tlsv1.3", ' ', Takes::Once, Role::Ignored),
    row("tr-encoding", ' ', Takes::Switch, Role::TransferCoding),
    row("trace", ' ', Takes::Value, Role::Ignored),
    row("trace-ascii", ' ', Takes::Value, Role::Ignored),
    row("trace-config", ' ', Takes::Value, Role::Ignored),
    row("trace-ids", ' ', Takes::Switch, Role::Ignored),
    row("trace-time", ' ', Takes::Switch, Role::Ignored),
    row("unix-socket", ' ', Takes::Value, Role::Ignored),
    row("upload-file", 'T', Takes::Value, Role::Upload),
    row("upload-flags", ' ', Takes::Value, Role::Ignored),
    row("url", ' ', Takes::Value, Role::Url),
    row("url-query", ' ', Takes::Value, Role::UrlQuery),
    row("use-ascii", 'B', Takes::Switch, Role::Ignored),
    row("user", 'u', Takes::Value, Role::User),
    row("user-agent", 'A', Takes::Value, Role::UserAgent),
    row("variable", ' ', Takes::Value, Role::Variable),
    row("verbose", 'v', Takes::Switch, Role::Ignored),
    row("version", 'V', Takes::Switch, Role::SendsNothing),
    row("vlan-priority", ' ', Takes::Value, Role::Ignored),
    row("write-out", 'w', Takes::Value, Role::Ignored),
    row("xattr", ' ', Takes::Switch, Role::Ignored),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_letters_are_unique() {
        assert!(OPTIONS.is_sorted_by(|a, b| a.name < b.name));
        let mut letters: Vec<char> = OPTIONS.iter().map(|option| option.letter).collect();
        letters.retain(|letter| *letter != ' ');
        letters.sort_unstable();
        assert!(letters.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn an_abbreviation_stands_for_its_option_unless_it_fits_several() {
        assert!(matches!(by_name("sil"), Named::One(option) if option.name == "silent"));
        assert!(matches!(by_name("data"), Named::One(option) if option.name == "data"));
        assert!(matches!(by_name("da"), Named::Several(names) if names.contains(&"data-raw")));
        assert_eq!(by_name("wibble"), Named::Unknown);
        assert_eq!(by_name(""), Named::Unknown);
    }

    #[test]
    fn a_misspelt_name_finds_its_neighbour() {
        assert_eq!(similar("haeder"), Some("header"));
        assert_eq!(similar("wibble"), None);
    }
}
