//! Planted secrets must not come out of any function of the masker.
