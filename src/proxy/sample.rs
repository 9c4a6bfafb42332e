//! A recorder for tests of the data path, and exchanges that go to it.

use std::path::Path as FsPath;
use std::sync::Arc;

use super::exchanges::Exchanges;
use super::path::Path;
use crate::capture::recorder::Recorder;
use crate::capture::{self, Settings, Writer, sample};
use crate::model::Entry;

/// A recorder, its writer, and its store in a folder of its own.
pub(super) struct Recording {
    pub(super) recorder: Recorder,
    /// Without it the recorder takes no failure any more.
    writer: Option<Writer>,
    folder: tempfile::TempDir,
}

impl Recording {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = sample::open(folder.path());
        let settings = Settings::new(|path| String::from_utf8_lossy(path).into_owned());
        let clock = sample::Hands::at_start().clock();
        let (recorder, writer, _notices) = capture::start(settings, store, clock).unwrap();
        Self {
            recorder,
            writer: Some(writer),
            folder,
        }
    }

    pub(super) fn folder(&self) -> &FsPath {
        self.folder.path()
    }

    /// Those of a connection in a tunnel.
    pub(super) fn exchanges(&self) -> Exchanges {
        let path = Path {
            connection: 1,
            entry: Entry::Tunnel,
            client: sample::client(),
            origin: Arc::new(sample::origin("api.acme.test")),
            upstream: None,
            client_tls: None,
            upstream_tls: None,
            verification: None,
            upstream_proxy: None,
            client_certificate: None,
            connect: None,
            handshake: None,
        };
        Exchanges::new(self.recorder.clone(), path)
    }

    pub(super) fn stop_writer(&mut self) {
        drop(self.writer.take().unwrap().stop().unwrap());
    }
}
