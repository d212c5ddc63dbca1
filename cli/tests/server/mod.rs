//! The program under test, and as much of an HTTP client as the tests need: a byte more or less is theirs to send.

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The bytes of a file of tests/fixtures.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    fs::read(format!("{}/../tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// A form of these fields: its content type and its bytes.
pub(crate) fn form(fields: &[(&str, &[u8])]) -> (String, Vec<u8>) {
    let mut body = vec![];
    for (name, value) in fields {
        let head = format!("--line\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend([head.as_bytes(), value, b"\r\n"].concat());
    }
    body.extend(b"--line--\r\n");
    ("multipart/form-data; boundary=line".to_owned(), body)
}

/// A request as it is sent. `headers` end with a line break each.
pub(crate) fn request(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// Reads to the connection's end.
    pub(crate) fn read(connection: &mut impl Read) -> Self {
        let mut bytes = vec![];
        connection.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| line.split_once(": ").unwrap());
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        Self { status, headers, body: bytes.split_off(end + 4) }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        assert_eq!(self.status, 200);
        String::from_utf8(self.body.clone()).unwrap()
    }

    fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The JSON of a success.
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// A failure with this status and code, whose message has these words.
    pub(crate) fn refused(&self, status: u16, code: &str, words: &str) {
        let error = self.json();
        assert_eq!((self.status, error["code"].as_str()), (status, Some(code)), "{error}");
        assert!(error["message"].as_str().unwrap().contains(words), "{error}");
        assert_eq!(error.as_object().unwrap().len(), 2);
    }
}

/// The program, until this is dropped.
pub(crate) struct Server {
    program: Child,
    output: RefCell<BufReader<ChildStdout>>,
    pub(crate) address: String,
    pub(crate) port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countenance"));
    command.arg("serve").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Server {
    /// Starts the program at a free port and waits until it is ready.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_in(Path::new("."), arguments)
    }

    /// The same in this folder.
    pub(crate) fn start_in(folder: &Path, arguments: &[&str]) -> Self {
        let mut program = command(&[&["--port", "0"], arguments].concat()).current_dir(folder).spawn().unwrap();
        let mut output = BufReader::new(program.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("Listening on ").expect(&line).to_owned();
        let port = address.rsplit(':').next().unwrap().parse().unwrap();
        let server = Self { program, output: RefCell::new(output), address, port };
        server.until(|| server.get("/ready").status == 200);
        server
    }

    /// Starts the program with arguments that it refuses: its exit status and what it says.
    pub(crate) fn refuses(arguments: &[&str]) -> (Option<i32>, String) {
        let output = command(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    /// A connection on which these bytes have been sent.
    pub(crate) fn begin(&self, bytes: &[u8]) -> TcpStream {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        connection.write_all(bytes).unwrap();
        connection
    }

    /// Sends a whole request and reads its answer.
    pub(crate) fn send(&self, request: &[u8]) -> Answer {
        Answer::read(&mut self.begin(request))
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(&request("GET", path, "", b""))
    }

    pub(crate) fn post(&self, path: &str, kind: &str, body: &[u8]) -> Answer {
        let header = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
        self.send(&request("POST", path, &header, body))
    }

    /// A value of the metrics.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").text();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.expect(name).parse().unwrap()
    }

    /// Tries again until it is so.
    pub(crate) fn until(&self, is_so: impl Fn() -> bool) {
        let started = Instant::now();
        while !is_so() {
            assert!(started.elapsed() < PATIENCE, "waited in vain");
            sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.program.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the program's end and returns its exit status.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.program.try_wait().unwrap() {
                return status.code();
            }
            assert!(started.elapsed() < PATIENCE, "it does not stop");
            sleep(Duration::from_millis(20));
        }
    }

    /// What the ended program logged, and that it said nothing else.
    pub(crate) fn log(&mut self) -> String {
        let mut more = String::new();
        self.output.borrow_mut().read_to_string(&mut more).unwrap();
        assert_eq!(more, "");
        let mut log = String::new();
        self.program.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log
    }
}
