//! One file per cause. Each has `check`: a suspicion, or nothing.

pub(crate) mod api_key_missing;
pub(crate) mod api_key_wrong_header_name;
pub(crate) mod api_key_wrong_location;
pub(crate) mod authorization_duplicated;
pub(crate) mod authorization_empty;
pub(crate) mod authorization_missing;
pub(crate) mod basic_undecodable;
pub(crate) mod bearer_doubled;
pub(crate) mod bearer_invalid_token_unspecified;
pub(crate) mod bearer_literal_undefined;
pub(crate) mod bearer_prefix_missing;
pub(crate) mod challenge_round_trip;
pub(crate) mod cookie_missing_session;
pub(crate) mod cors_preflight_unauthorized;
pub(crate) mod csrf_header_missing;
pub(crate) mod jwt_expired;
pub(crate) mod jwt_not_yet_valid_clock_skew;
pub(crate) mod normal_refresh_cycle;
pub(crate) mod placeholder_unresolved;
pub(crate) mod redirect_dropped_authorization;
pub(crate) mod same_as_known_good;
pub(crate) mod scheme_mismatch;
pub(crate) mod token_quoted;
pub(crate) mod token_truncated;
pub(crate) mod token_whitespace_inside;
pub(crate) mod wrong_password;
