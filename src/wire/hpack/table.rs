//! The static and the dynamic table of RFC 7541 section 2.3, in one index space.

use std::collections::VecDeque;

use super::Malformed;

/// What one sender's encoder can refer to.
///
/// All entries lie in one arena, the oldest first. A literal is written behind them, read there,
/// and then either stays as the newest entry or goes.
pub(super) struct Table {
    arena: Vec<u8>,
    /// Where the arena's first byte stands in everything that was ever written to it.
    base: usize,
    /// The newest first.
    entries: VecDeque<Entry>,
    /// RFC 7541 section 4.1.
    size: usize,
    capacity: usize,
}

#[derive(Clone, Copy)]
struct Entry {
    /// Counted as [`Table::base`] is.
    start: usize,
    name: usize,
    value: usize,
}

impl Entry {
    /// RFC 7541 section 4.1.
    fn size(self) -> usize {
        self.name + self.value + OVERHEAD
    }
}

impl Table {
    pub(super) fn new() -> Self {
        Self {
            arena: Vec::new(),
            base: 0,
            entries: VecDeque::new(),
            size: 0,
            capacity: INITIAL_CAPACITY,
        }
    }

    /// The name and the value at an index.
    pub(super) fn field(&self, index: usize) -> Result<(&[u8], &[u8]), Malformed> {
        if let Some((name, value)) = static_field(index) {
            return Ok((name.as_bytes(), value.as_bytes()));
        }
        let entry = self.entry(index)?;
        Ok(self.literal(self.place(entry), entry.name, entry.value))
    }

    /// Where a literal is written: at the end, its name and then its value.
    pub(super) fn arena(&mut self) -> &mut Vec<u8> {
        &mut self.arena
    }

    /// Begins a literal with the name at an index; how long that is.
    pub(super) fn copy_name(&mut self, index: usize) -> Result<usize, Malformed> {
        if let Some((name, _)) = static_field(index) {
            self.arena.extend_from_slice(name.as_bytes());
            return Ok(name.len());
        }
        let entry = self.entry(index)?;
        let start = self.place(entry);
        self.arena.extend_from_within(start..start + entry.name);
        Ok(entry.name)
    }

    /// The name and the value that were written from `start` on.
    pub(super) fn literal(&self, start: usize, name: usize, value: usize) -> (&[u8], &[u8]) {
        let literal = self.arena.get(start..start + name + value);
        literal
            .unwrap_or_default()
            .split_at_checked(name)
            .unwrap_or_default()
    }

    /// Takes the literal that was written from `start` on as the newest entry (RFC 7541 section 4.4).
    pub(super) fn keep(&mut self, start: usize, name: usize) {
        let entry = Entry {
            start: self.base.wrapping_add(start),
            name,
            value: self.arena.len() - start - name,
        };
        let Some(room) = self.capacity.checked_sub(entry.size()) else {
            self.evict_to(0);
            return self.drop_literal(0);
        };
        self.evict_to(room);
        self.size += entry.size();
        self.entries.push_front(entry);
        self.compact();
    }

    /// Forgets the literal that was written from `start` on.
    pub(super) fn drop_literal(&mut self, start: usize) {
        self.arena.truncate(start);
        self.compact();
    }

    /// RFC 7541 section 4.3.
    pub(super) fn resize(&mut self, capacity: usize) {
        self.capacity = capacity;
        self.evict_to(capacity);
        self.compact();
    }

    fn entry(&self, index: usize) -> Result<Entry, Malformed> {
        let nth = index.checked_sub(STATIC.len() + 1);
        let entry = nth.and_then(|nth| self.entries.get(nth));
        entry
            .copied()
            .ok_or(Malformed("a compression index that nothing is at"))
    }

    /// Where in the arena an entry begins.
    fn place(&self, entry: Entry) -> usize {
        entry.start.wrapping_sub(self.base)
    }

    fn evict_to(&mut self, size: usize) {
        while self.size > size
            && let Some(oldest) = self.entries.pop_back()
        {
            self.size -= oldest.size();
        }
    }

    /// Moves the entries to the front once as much in front of them is free as they take, so that
    /// no byte is moved more than once for each that was written.
    fn compact(&mut self) {
        let oldest = self.entries.back();
        let free = oldest.map_or(self.arena.len(), |entry| self.place(*entry));
        if free >= self.arena.len() - free {
            self.arena.drain(..free);
            self.base = self.base.wrapping_add(free);
        }
        let enough = 4 * self.capacity.max(INITIAL_CAPACITY);
        if self.arena.capacity() > enough {
            self.arena.shrink_to(enough / 2);
        }
        if self.entries.capacity() > enough / OVERHEAD {
            self.entries.shrink_to(enough / OVERHEAD / 2);
        }
    }

    /// What the table holds on to, in bytes.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.arena.capacity() + self.entries.capacity() * size_of::<Entry>()
    }
}

fn static_field(index: usize) -> Option<(&'static str, &'static str)> {
    STATIC.get(index.checked_sub(1)?).copied()
}

/// What a table may hold before anything is announced (RFC 9113 section 6.5.2).
pub(in crate::wire) const INITIAL_CAPACITY: usize = 4096;

/// What an entry is counted as beside its bytes (RFC 7541 section 4.1).
pub(super) const OVERHEAD: usize = 32;

/// RFC 7541 appendix A; the first one has index 1.
const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];
