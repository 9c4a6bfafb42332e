//! Route templates: a path with its variable segments replaced by `*`.

/// The route template of a path (`causes.md` 1.2).
pub fn template(_path: &[u8]) -> String {
    unimplemented!()
}
