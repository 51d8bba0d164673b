//! A proxy before a server that understands the protocol and changes what goes by.

use super::postgres::PgServer;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    ToServer,
    ToClient,
}

/// One message of the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub tag: u8,
    pub body: Vec<u8>,
}

impl Message {
    pub fn new(tag: u8, body: impl Into<Vec<u8>>) -> Message {
        Message { tag, body: body.into() }
    }

    /// As it is sent.
    pub fn bytes(&self) -> Vec<u8> {
        let length = u32::try_from(self.body.len() + 4).unwrap();
        [&[self.tag], &length.to_be_bytes()[..], &self.body].concat()
    }

    /// A command tag.
    pub fn complete(text: &str) -> Message {
        Message::new(b'C', format!("{text}\0"))
    }
}

type Alter = dyn FnMut(&str, Way, Message) -> Vec<u8> + Send;

/// Passes connections on to the server. `alter` is given the query under way, the way, and each message after the one
/// that opens the connection; the bytes it returns are sent in its place. The proxy's port.
pub fn liar(server: &PgServer, alter: impl FnMut(&str, Way, Message) -> Vec<u8> + Send + 'static) -> u16 {
    let (host, port) = (server.host.clone(), server.port);
    liar_before(move || (host.clone(), port), alter)
}

/// The same before a server that is chosen anew for each connection.
pub fn liar_before(
    server: impl Fn() -> (String, u16) + Send + 'static,
    alter: impl FnMut(&str, Way, Message) -> Vec<u8> + Send + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let alter: Arc<Mutex<Alter>> = Arc::new(Mutex::new(alter));
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (host, port) = server();
            let (Ok(client), Ok(upstream)) = (client, TcpStream::connect((host.as_str(), port))) else { continue };
            let _ = (client.set_nodelay(true), upstream.set_nodelay(true));
            let query = Arc::new(Mutex::new(String::new()));
            for (way, from, to) in [(Way::ToServer, &client, &upstream), (Way::ToClient, &upstream, &client)] {
                let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                let (alter, query) = (Arc::clone(&alter), Arc::clone(&query));
                std::thread::spawn(move || {
                    relay(&from, &to, way, &query, &alter);
                    let _ = from.shutdown(Shutdown::Both);
                    let _ = to.shutdown(Shutdown::Both);
                });
            }
        }
    });
    port
}

/// Passes messages on until one side ends.
fn relay(mut from: &TcpStream, mut to: &TcpStream, way: Way, query: &Mutex<String>, alter: &Mutex<Alter>) {
    let mut received = Vec::new();
    let mut chunk = [0; 65536];
    // the message that opens a connection has no tag
    let mut head = usize::from(way == Way::ToClient);
    loop {
        let mut out = Vec::new();
        while let Some(length) = received.get(head..head + 4) {
            let length = head + u32::from_be_bytes(length.try_into().unwrap()) as usize;
            if received.len() < length {
                break;
            }
            let whole: Vec<u8> = received.drain(..length).collect();
            if head == 0 {
                out.extend(whole);
                head = 1;
                continue;
            }
            let message = Message::new(whole[0], &whole[5..]);
            if way == Way::ToServer && message.tag == b'Q' {
                *query.lock().unwrap() = String::from_utf8_lossy(&message.body).trim_end_matches('\0').to_owned();
            }
            let about = query.lock().unwrap().clone();
            out.extend((alter.lock().unwrap())(&about, way, message));
        }
        if to.write_all(&out).is_err() {
            return;
        }
        match from.read(&mut chunk) {
            Ok(count) if count > 0 => received.extend(&chunk[..count]),
            _ => return,
        }
    }
}
