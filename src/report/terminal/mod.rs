//! A report as text for a terminal.
//!
//! Nothing here sees a value that was not masked, decides anything, or writes anywhere: each
//! function returns the lines, ended by line feeds. No line is wider than [`Style::columns`], and
//! apart from the colours of [`Style::colour`] no control character ever comes out.

mod block;
mod brief;
mod chars;
mod failure;
mod full;
mod labelled;
mod line;
mod list;
mod pair;
mod recorded;
mod repeats;
mod request;
mod rows;
mod style;

pub use block::{alone, live};
pub use brief::brief;
pub use full::{comparison, full};
pub use labelled::labelled;
pub use list::list;
pub use recorded::{raw, show};
pub use repeats::{Tally, recovered, repeat, repeats};
pub use request::{imported, request, requests};
pub use style::Style;
