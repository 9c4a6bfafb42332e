//! Heads as they stood on the wire, parsed into model values only when somebody asks.

use crate::model::{Origin, Request, Response};

/// A message head as received: start line, field lines and the empty line.
#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    bytes: Box<[u8]>,
}

impl Head {
    /// A head from its bytes.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        Self {
            bytes: bytes.into(),
        }
    }

    /// The bytes as received.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The value of the first field of that name, without parsing the rest.
    pub fn field(&self, _name: &str) -> Option<&[u8]> {
        unimplemented!()
    }

    /// The request; `origin` is where it went (targets in origin form do not say). Content is left empty.
    pub fn request(&self, _origin: &Origin) -> Option<Request> {
        unimplemented!()
    }

    /// The response; its content is left empty.
    pub fn response(&self) -> Option<Response> {
        unimplemented!()
    }
}

impl std::fmt::Debug for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Head({} bytes)", self.bytes.len())
    }
}
