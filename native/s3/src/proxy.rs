//! A proxy that hands requests on, or makes trouble instead.

mod count;
mod exchange;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot, watch};

use crate::server::runtime;

use count::Count;

/// What becomes of a request. Bytes are counted with the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It is answered so, with S3's error of this code, and not handed on.
    Answer(u16, &'static str),
    /// The connection is cut after so many bytes of the request.
    CutSending(usize),
    /// The connection is cut after so many bytes of the answer.
    CutReceiving(usize),
    /// So many bytes are missing at the end of the answer, whose connection ends in order.
    Short(usize),
    /// No more than so many bytes of the request are taken.
    StallSending(usize),
    /// No more than so many bytes of the answer are given.
    StallReceiving(usize),
    /// So many bytes a second, in either direction.
    Slow(usize),
    /// It is handed on, and answered with this head in place of the server's, and no body.
    Instead(&'static str),
}

/// For which requests there is trouble. The first that fits counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Of this method alone.
    pub method: Option<&'static str>,
    /// Of what has this in its path or query alone.
    pub target: &'static str,
    /// For so many of them.
    pub times: Option<usize>,
    /// What becomes of them.
    pub trouble: Trouble,
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its method.
    pub method: String,
    /// The path and the query, as they are written.
    pub target: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
}

/// A proxy that runs until this is dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    doors: mpsc::UnboundedSender<Door>,
    runtime: Option<Runtime>,
}

struct Shared {
    server: SocketAddr,
    rules: Mutex<Vec<Rule>>,
    seen: Mutex<Vec<Seen>>,
    unanswered: Count,
    /// Grows when whoever is stalled is to be let go.
    cleared: watch::Sender<u64>,
    /// Grows when every connection is to be cut.
    refused: watch::Sender<u64>,
}

/// Whether connections are accepted, and who waits for that.
struct Door {
    is_open: bool,
    done: oneshot::Sender<io::Result<()>>,
}

impl Rule {
    /// Trouble for every request.
    pub fn always(trouble: Trouble) -> Rule {
        Rule {
            method: None,
            target: "",
            times: None,
            trouble,
        }
    }

    /// Trouble for the next request.
    pub fn once(trouble: Trouble) -> Rule {
        Rule {
            times: Some(1),
            ..Rule::always(trouble)
        }
    }
}

impl Seen {
    /// The value of a header, whose name is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(it, _)| it == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Proxy {
    /// Starts one before this server, at a port of the system's choice.
    ///
    /// # Errors
    ///
    /// There is no port, or no thread.
    pub fn start(server: SocketAddr) -> io::Result<Proxy> {
        Proxy::start_at(server, 0)
    }

    /// Starts one before this server, at this port; 0 for one of the system's choice.
    ///
    /// # Errors
    ///
    /// Somebody else has the port, or there is no thread.
    pub fn start_at(server: SocketAddr, port: u16) -> io::Result<Proxy> {
        let runtime = runtime()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            server,
            rules: Mutex::default(),
            seen: Mutex::default(),
            unanswered: Count::default(),
            cleared: watch::Sender::new(0),
            refused: watch::Sender::new(0),
        });
        let (doors, orders) = mpsc::unbounded_channel();
        runtime.spawn(run(listener, address, shared.clone(), orders));
        Ok(Proxy {
            address,
            shared,
            doors,
            runtime: Some(runtime),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds a rule behind the others.
    pub fn add(&self, rule: Rule) {
        self.shared.rules.lock().push(rule);
    }

    /// Ends all trouble; what is stalled is cut.
    pub fn clear(&self) {
        self.shared.rules.lock().clear();
        self.shared.cleared.send_modify(|it| *it += 1);
    }

    /// Has connections refused, and those that there are cut; or accepts them again.
    ///
    /// # Errors
    ///
    /// Someone else has the port by now.
    pub fn refuse(&self, refuse: bool) -> io::Result<()> {
        let (done, answer) = oneshot::channel();
        let gone = || io::Error::other("the proxy has ended");
        let door = Door {
            is_open: !refuse,
            done,
        };
        self.doors.send(door).map_err(|_| gone())?;
        answer.blocking_recv().map_err(|_| gone())?
    }

    /// The requests that came so far, which are forgotten then.
    pub fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.shared.seen.lock())
    }

    /// The most requests that waited for an answer at one time, each on a connection of its own.
    pub fn most_at_once(&self) -> usize {
        self.shared.unanswered.most()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    /// Notes a request, and says what becomes of it.
    fn meet(&self, seen: Seen) -> Option<Trouble> {
        let mut rules = self.rules.lock();
        let fits = |rule: &Rule| {
            rule.times != Some(0)
                && rule.method.is_none_or(|method| method == seen.method)
                && seen.target.contains(rule.target)
        };
        let rule = rules.iter_mut().find(|rule| fits(rule));
        let trouble = rule.map(|rule| {
            rule.times = rule.times.map(|times| times - 1);
            rule.trouble
        });
        self.seen.lock().push(seen);
        trouble
    }

    /// Ends when whoever is stalled is let go.
    async fn stall(&self) -> io::Result<()> {
        // The sender is here.
        let _ = self.cleared.subscribe().changed().await;
        Ok(())
    }
}

async fn run(
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
    mut doors: mpsc::UnboundedReceiver<Door>,
) {
    let mut listener = Some(listener);
    loop {
        let order = match &listener {
            None => doors.recv().await,
            Some(open) => {
                let accepted = async { open.accept().await };
                let (order, accepted) = (std::pin::pin!(doors.recv()), std::pin::pin!(accepted));
                match futures_util::future::select(order, accepted).await {
                    futures_util::future::Either::Left((order, _)) => order,
                    futures_util::future::Either::Right((accepted, _)) => {
                        if let Ok((socket, _)) = accepted {
                            let refused = shared.refused.subscribe();
                            tokio::spawn(converse(socket, shared.clone(), refused));
                        }
                        continue;
                    }
                }
            }
        };
        let Some(Door { is_open, done }) = order else {
            return;
        };
        let result = match (is_open, &listener) {
            (true, None) => TcpListener::bind(address)
                .await
                .map(|it| listener = Some(it)),
            (true, Some(_)) => Ok(()),
            (false, _) => {
                listener = None;
                shared.refused.send_modify(|it| *it += 1);
                Ok(())
            }
        };
        let _ = done.send(result);
    }
}

/// Serves one connection, until it ends or is cut.
async fn converse(socket: TcpStream, shared: Arc<Shared>, mut refused: watch::Receiver<u64>) {
    let refused = std::pin::pin!(refused.changed());
    let served = std::pin::pin!(exchange::serve(socket, &shared));
    let _ = futures_util::future::select(refused, served).await;
}
