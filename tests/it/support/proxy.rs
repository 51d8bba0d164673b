//! A proxy before the test server that harms the first COMMIT that comes by.

use super::postgres::PgServer;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// What a proxy does with the first COMMIT that comes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Cuts the connection before the server gets it.
    CutBefore,
    /// Lets it through and cuts the connection before the answer comes back.
    CutAfter,
    /// Makes a ROLLBACK of it.
    Rollback,
    /// As `CutAfter`, and nobody answers any more.
    CutForGood,
}

/// Passes connections on to the test server; its port.
pub fn proxy(server: &'static PgServer, fault: Fault) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (Ok(client), Ok(upstream)) = (client, TcpStream::connect((server.host.as_str(), server.port))) else {
                return;
            };
            let (mut from_server, mut to_client) = (upstream.try_clone().unwrap(), client.try_clone().unwrap());
            let answers = std::thread::spawn(move || drop(std::io::copy(&mut from_server, &mut to_client)));
            if pass(client, upstream, fault) && fault == Fault::CutForGood {
                return;
            }
            answers.join().unwrap();
        }
    });
    port
}

/// Passes on what the client says until it ends or says COMMIT; true if it said COMMIT.
fn pass(mut client: TcpStream, mut upstream: TcpStream, fault: Fault) -> bool {
    let mut buffer = [0; 65536];
    loop {
        let count = client.read(&mut buffer).unwrap_or(0);
        if count == 0 {
            let _ = upstream.shutdown(Shutdown::Both);
            return false;
        }
        if &buffer[..count] == COMMIT {
            match fault {
                Fault::Rollback => upstream.write_all(b"Q\0\0\0\x0dROLLBACK\0").unwrap(),
                _ => {
                    let _ = client.shutdown(Shutdown::Both);
                    if fault != Fault::CutBefore {
                        upstream.write_all(COMMIT).unwrap();
                        // a session that is told to end after it ends when it is done
                        upstream.write_all(b"X\0\0\0\x04").unwrap();
                    } else {
                        let _ = upstream.shutdown(Shutdown::Both);
                    }
                    return true;
                }
            }
            continue;
        }
        upstream.write_all(&buffer[..count]).unwrap();
    }
}
