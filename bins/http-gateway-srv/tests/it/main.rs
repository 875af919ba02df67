//! The binary as an operator meets it: refused settings, and one whole life.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

fn gateway(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_http-gateway-srv"));
    command.args(arguments).env_clear().stderr(Stdio::piped());
    command
}

#[track_caller]
fn check_refused(arguments: &[&str], expected: &[&str]) {
    let output = gateway(arguments).output().expect("the binary starts");
    assert!(!output.status.success(), "{arguments:?}");
    let text = String::from_utf8(output.stderr).expect("text");
    for part in expected {
        assert!(text.contains(part), "{arguments:?}: {text}");
    }
    assert!(!text.contains("s3cret"), "{text}");
}

#[test]
fn wrong_settings_are_refused_together() {
    let url = "--flightsql-url";
    check_refused(&[], &["MICROMEGAS_FLIGHTSQL_URL is not set"]);
    check_refused(&[url, "ftp://x"], &["grpc+tls://"]);
    let with_password = "grpc://me:s3cret@127.0.0.1:1";
    check_refused(&[url, with_password], &["user name or password"]);
}

/// Ends the process with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The address in the log line that says where the service listens.
fn listen_address(log: &mut impl BufRead) -> String {
    let line = log
        .lines()
        .map(|line| line.expect("text"))
        .find(|line| line.contains("listening"))
        .expect("the service says where it listens");
    let (_, address) = line.split_once("address=").expect("an address");
    address.trim().to_owned()
}

#[test]
fn it_serves_without_a_backend_and_stops_on_sigterm() {
    let url = ["--flightsql-url", "grpc://127.0.0.1:9"];
    let listen = ["--listen-endpoint-http", "127.0.0.1:0"];
    let child = gateway(&[url.as_slice(), &listen].concat()).spawn();
    let mut running = Running(child.expect("the binary starts"));
    let mut log = BufReader::new(running.0.stderr.take().expect("a pipe"));
    let address = listen_address(&mut log);

    let mut connection = TcpStream::connect(&address).expect("the service listens");
    let request = "GET /gateway/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    connection.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains(r#""status":"healthy""#), "{answer}");

    let pid = running.0.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &pid]).status();
    assert!(sent.expect("kill exists").success());
    assert!(running.0.wait().expect("it ends").success());
    let mut rest = String::new();
    log.read_to_string(&mut rest).expect("text");
    assert!(rest.contains("drain completed"), "{rest}");
}
