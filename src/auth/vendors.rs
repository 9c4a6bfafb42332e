//! Vendors' tokens, told by their public form.

/// The vendor and the public prefix of a token (`ghp_` of GitHub), if it has a known one.
pub fn vendor_prefix(value: &[u8]) -> Option<(&'static str, &'static str)> {
    PREFIXES
        .iter()
        .filter(|(_, prefix, least)| {
            value
                .strip_prefix(prefix.as_bytes())
                .is_some_and(|rest| rest.len() >= *least && rest.iter().all(is_token_byte))
        })
        .max_by_key(|(_, prefix, _)| prefix.len())
        .map(|(vendor, prefix, _)| (*vendor, *prefix))
}

/// Whether it has the form of a vendor's token that is told by more than a prefix.
pub(super) fn has_vendor_form(value: &[u8]) -> bool {
    is_twilio_key(value)
        || is_sanctum_token(value)
        || is_telegram_token(value)
        || is_entra_secret(value)
}

/// `AC` or `SK` and 32 hexadecimal digits.
fn is_twilio_key(value: &[u8]) -> bool {
    matches!(value, [b'A', b'C', rest @ ..] | [b'S', b'K', rest @ ..]
        if rest.len() == 32 && rest.iter().all(u8::is_ascii_hexdigit))
}

/// Laravel Sanctum: a number, a bar and 40 or more letters and digits.
fn is_sanctum_token(value: &[u8]) -> bool {
    after_digits(value, b'|')
        .is_some_and(|rest| rest.len() >= 40 && rest.iter().all(u8::is_ascii_alphanumeric))
}

/// Telegram: a number, a colon and 35 characters that start with `AA`.
fn is_telegram_token(value: &[u8]) -> bool {
    after_digits(value, b':').is_some_and(|rest| {
        rest.len() == 35 && rest.starts_with(b"AA") && rest.iter().all(is_token_byte)
    })
}

/// Microsoft Entra ID client secrets have `8Q~` or `7Q~` after three characters.
fn is_entra_secret(value: &[u8]) -> bool {
    matches!(value, [a, b, c, b'7' | b'8', b'Q', b'~', rest @ ..]
        if [a, b, c].into_iter().all(u8::is_ascii_alphanumeric)
            && rest.len() >= 28
            && rest.iter().all(is_token_byte))
}

/// What follows digits and that byte.
fn after_digits(value: &[u8], separator: u8) -> Option<&[u8]> {
    let digits = value.iter().take_while(|b| b.is_ascii_digit()).count();
    let rest = value.get(digits..).filter(|_| digits > 0)?;
    rest.strip_prefix(&[separator])
}

/// `b64token` (RFC 6750 section 2.1); vendors add nothing to it.
fn is_token_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte)
}

/// Vendor, prefix, and how many characters must follow before it is no accident: for a prefix that
/// is no word of any language, one will do.
const PREFIXES: &[(&str, &str, usize)] = &[
    ("Anthropic", "sk-ant-", 1),
    ("Atlassian", "ATATT3", 1),
    ("AWS", "AKIA", 16),
    ("AWS", "ASIA", 16),
    ("Databricks", "dapi", 32),
    ("DigitalOcean", "doo_v1_", 1),
    ("DigitalOcean", "dop_v1_", 1),
    ("Doppler", "dp.pt.", 1),
    ("Doppler", "dp.st.", 1),
    ("Figma", "figd_", 1),
    ("GitHub", "ghp_", 1),
    ("GitHub", "gho_", 1),
    ("GitHub", "ghr_", 1),
    ("GitHub", "ghs_", 1),
    ("GitHub", "ghu_", 1),
    ("GitHub", "github_pat_", 1),
    ("GitLab", "glcbt-", 1),
    ("GitLab", "gldt-", 1),
    ("GitLab", "glft-", 1),
    ("GitLab", "gloas-", 1),
    ("GitLab", "glpat-", 1),
    ("GitLab", "glptt-", 1),
    ("GitLab", "glrt-", 1),
    ("Google", "1//", 20),
    ("Google", "AIza", 16),
    ("Google", "AQ.", 20),
    ("Google", "GOCSPX-", 1),
    ("Google", "ya29.", 1),
    ("Grafana", "glc_", 8),
    ("Grafana", "glsa_", 1),
    ("Groq", "gsk_", 8),
    ("Hugging Face", "hf_", 16),
    ("Kerberos", "YII", 40),
    ("Linear", "lin_api_", 1),
    ("Mailgun", "key-", 32),
    ("Notion", "ntn_", 8),
    ("Notion", "secret_", 40),
    ("NTLM", "TlRMTVNTU", 1),
    ("OpenAI", "sk-", 16),
    ("OpenAI", "sk-admin-", 1),
    ("OpenAI", "sk-proj-", 1),
    ("OpenAI", "sk-svcacct-", 1),
    ("Perplexity", "pplx-", 8),
    ("Postman", "PMAK-", 1),
    ("Replicate", "r8_", 16),
    ("SendGrid", "SG.", 16),
    ("Sentry", "sntrys_", 1),
    ("Sentry", "sntryu_", 1),
    ("Shopify", "shpat_", 1),
    ("Shopify", "shpca_", 1),
    ("Shopify", "shppa_", 1),
    ("Shopify", "shpss_", 1),
    ("Slack", "xapp-", 1),
    ("Slack", "xoxa-", 1),
    ("Slack", "xoxb-", 1),
    ("Slack", "xoxe.", 1),
    ("Slack", "xoxp-", 1),
    ("Slack", "xoxr-", 1),
    ("Square", "EAAA", 40),
    ("Square", "sq0atp-", 1),
    ("Square", "sq0csp-", 1),
    ("Stripe", "pk_live_", 1),
    ("Stripe", "pk_test_", 1),
    ("Stripe", "rk_live_", 1),
    ("Stripe", "rk_test_", 1),
    ("Stripe", "sk_live_", 1),
    ("Stripe", "sk_test_", 1),
    ("Stripe", "whsec_", 1),
    ("Supabase", "sb_publishable_", 1),
    ("Supabase", "sb_secret_", 1),
    ("Supabase", "sbp_", 8),
    ("Vault", "hvb.", 8),
    ("Vault", "hvr.", 8),
    ("Vault", "hvs.", 8),
    ("Vault", "s.", 24),
    ("xAI", "xai-", 16),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_longest_prefix_wins() {
        assert_eq!(
            vendor_prefix(b"sk-ant-api03-x"),
            Some(("Anthropic", "sk-ant-"))
        );
        assert_eq!(
            vendor_prefix(b"sk-proj-abcdefghijklmnop"),
            Some(("OpenAI", "sk-proj-"))
        );
        assert_eq!(vendor_prefix(b"ghp_abc"), Some(("GitHub", "ghp_")));
    }

    #[test]
    fn a_weak_prefix_needs_a_token_behind_it() {
        for ordinary in [
            "s.o.s",
            "key-value",
            "sk-learn",
            "hf_x",
            "AKIA",
            "secret_name",
            "hello",
            "ghp_",
            "ghp_two words",
            "dapic",
            "SG.example",
        ] {
            assert_eq!(vendor_prefix(ordinary.as_bytes()), None, "{ordinary}");
        }
        assert_eq!(
            vendor_prefix(b"AKIAABCDEFGHIJKLMNOP"),
            Some(("AWS", "AKIA"))
        );
    }

    #[test]
    fn tokens_without_a_prefix_are_told_by_their_form() {
        let hex = "0123456789abcdef".repeat(2);
        for token in [
            format!("AC{hex}"),
            format!("17|{hex}{hex}"),
            format!("123456:AA{hex}f"),
            format!("aB18Q~{hex}"),
        ] {
            assert!(has_vendor_form(token.as_bytes()), "{token}");
        }
        for other in ["AC", "17|short", "12:30", "|", "aB18Q~", ""] {
            assert!(!has_vendor_form(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn every_prefix_is_found_with_enough_behind_it() {
        for (_, prefix, least) in PREFIXES {
            let token = format!("{prefix}{}", "x".repeat(*least));
            assert!(vendor_prefix(token.as_bytes()).is_some(), "{token}");
        }
    }

    proptest! {
        #[test]
        fn a_prefix_stands_at_the_start(value in "(sk-|ant-|ghp_|17\\||AA){0,3}[a-z0-9]{0,40}") {
            has_vendor_form(value.as_bytes());
            if let Some((_, prefix)) = vendor_prefix(value.as_bytes()) {
                prop_assert!(value.starts_with(prefix));
            }
        }
    }
}
