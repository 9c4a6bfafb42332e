//! Web servers as Debian packages them, started with a configuration of the test's own.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::{clients, pki, wait};

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Nginx,
    Apache,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Nginx, Self::Apache];

    /// The name of the program.
    pub fn program(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Apache => "apache2",
        }
    }

    /// Whether it is installed.
    pub fn is_there(self) -> bool {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
        folders.any(|folder: PathBuf| folder.join(self.program()).is_file())
    }
}

/// A running server; ends with its test.
#[derive(Debug)]
pub struct WebServer {
    child: Child,
    /// Where it speaks HTTP.
    pub http: u16,
    /// Where it speaks HTTPS.
    pub https: u16,
    folder: TempDir,
}

/// How long the large file is.
pub const LARGE: usize = 3_000_000;

impl WebServer {
    /// Starts it with two small files, a large one, and one for which a password is needed.
    pub fn start(kind: Kind) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (http, https) = (free_port(), free_port());
        let root = folder.path();
        prepare(root);
        let text = match kind {
            Kind::Nginx => nginx(root, http, https),
            Kind::Apache => apache(root, http, https),
        };
        let file = root.join("server.conf");
        std::fs::write(&file, text).expect("a writable folder");
        let mut command = clients::bare(&format!("/usr/sbin/{}", kind.program()));
        match kind {
            Kind::Nginx => command
                .arg("-c")
                .arg(&file)
                .arg("-e")
                .arg(root.join("error.log")),
            Kind::Apache => command
                .arg("-d")
                .arg(root)
                .arg("-f")
                .arg(&file)
                .arg("-DFOREGROUND"),
        };
        let child = quietly(&mut command).spawn().expect("the server starts");
        let mut server = Self {
            child,
            http,
            https,
            folder,
        };
        server.wait_until_it_listens();
        server
    }

    fn wait_until_it_listens(&mut self) {
        for port in [self.http, self.https] {
            let listens = wait::patiently(|| {
                let ended = self.child.try_wait().expect("a child of ours").is_some();
                let open = std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
                (ended || open).then_some(open)
            });
            let log = std::fs::read_to_string(self.folder.path().join("error.log"));
            assert_eq!(listens, Some(true), "it does not listen: {log:?}");
        }
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        // Asked to end, it ends its workers as well.
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap_or_default();
        drop(self.child.wait());
    }
}

fn quietly(command: &mut Command) -> &mut Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound socket").port()
}

/// Files to serve. Workers may run as another user, who must be able to read them.
fn prepare(root: &Path) {
    let www = root.join("www");
    std::fs::create_dir_all(www.join("private")).expect("a writable folder");
    let write = |name: &str, content: &[u8]| {
        let path = root.join(name);
        std::fs::write(&path, content).expect("a writable folder");
        // Of a file that changed a second ago Apache makes a weak ETag.
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let file = std::fs::File::options().write(true).open(&path);
        file.and_then(|file| file.set_modified(long_ago))
            .expect("our own file");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).expect("our own file");
    };
    write("www/hello.txt", b"hello from a real server\n");
    write(
        "www/private/secret.txt",
        b"for those who know the password\n",
    );
    let large: Vec<u8> = (0..=250).cycle().take(LARGE).collect();
    write("www/large.bin", &large);
    // user:password, SHA-1 as both servers read it.
    write("passwords", b"user:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n");
    let (certificate, key) = pki::identity_pem();
    write("server.pem", certificate.as_bytes());
    write("server.key", key.as_bytes());
    for folder in [root, &www, &www.join("private")] {
        std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).expect("our own");
    }
}

fn nginx(root: &Path, http: u16, https: u16) -> String {
    let root = root.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {root}/{kind};\n"))
        .collect();
    format!(
        "daemon off; worker_processes 1; pid {root}/pid; error_log {root}/error.log;\n\
         events {{ worker_connections 64; }}\n\
         http {{ access_log off; {temporary} etag on; server {{\n\
         listen 127.0.0.1:{http}; listen 127.0.0.1:{https} ssl http2;\n\
         ssl_certificate {root}/server.pem; ssl_certificate_key {root}/server.key;\n\
         root {root}/www;\n\
         location /private/ {{ auth_basic here; auth_basic_user_file {root}/passwords; }}\n\
         }} }}\n"
    )
}

fn apache(root: &Path, http: u16, https: u16) -> String {
    let root = root.display();
    let modules: String = [
        "mpm_event",
        "authn_core",
        "authn_file",
        "authz_core",
        "authz_user",
        "auth_basic",
        "ssl",
        "socache_shmcb",
        "http2",
    ]
    .iter()
    .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
    .collect();
    format!(
        "{modules}ServerName localhost\nPidFile {root}/pid\nErrorLog {root}/error.log\n\
         DefaultRuntimeDir {root}\nMutex posixsem\nUser www-data\nGroup www-data\n\
         Listen 127.0.0.1:{http}\nListen 127.0.0.1:{https}\nDocumentRoot {root}/www\n\
         Protocols h2 http/1.1\nSSLSessionCache none\nFileETag MTime Size\n\
         <Directory {root}/www>\nRequire all granted\n</Directory>\n\
         <Directory {root}/www/private>\nAuthType Basic\nAuthName here\n\
         AuthUserFile {root}/passwords\nRequire valid-user\n</Directory>\n\
         <VirtualHost 127.0.0.1:{https}>\nSSLEngine on\nSSLCertificateFile {root}/server.pem\n\
         SSLCertificateKeyFile {root}/server.key\n</VirtualHost>\n"
    )
}
