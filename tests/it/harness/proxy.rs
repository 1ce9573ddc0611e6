//! A server behind a door that a test closes and opens: to its clients it stops and comes back.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::{JoinHandle, JoinSet},
};

/// Takes connections and hands them on. While it is closed they are refused, and those it had are broken.
pub struct Proxy {
    /// Where it listens.
    pub port: u16,
    server: SocketAddr,
    task: JoinHandle<()>,
    /// What a client has to send for its server's answers to be withheld from then on.
    cut: Arc<Mutex<Option<Cut>>>,
}

/// Lets a client's words through to the server and its answer not back.
struct Cut {
    /// All of them, in this order, on one connection.
    words: Vec<String>,
    done: Arc<Notify>,
}

impl Proxy {
    /// Before the server at this port of the loopback address.
    pub async fn before(port: u16) -> Self {
        let server = SocketAddr::from(([127, 0, 0, 1], port));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::default();
        Self { port, server, task: tokio::spawn(hand_on(listener, server, Arc::clone(&cut))), cut }
    }

    /// From now on the first connection that says all of these words, in this order, is cut: the last of them reaches
    /// the server, and its answer never the client: the connection breaks
    /// once the server has answered. The notice tells that it did.
    pub fn swallow_answer_to(&self, words: &[&str]) -> Arc<Notify> {
        let done = Arc::new(Notify::new());
        *self.cut.lock().unwrap() =
            Some(Cut { words: words.iter().map(|&words| words.to_owned()).collect(), done: Arc::clone(&done) });
        done
    }

    /// Leads new connections to another server.
    pub async fn lead_to(&mut self, port: u16) {
        self.close().await;
        self.server.set_port(port);
        self.open().await;
    }

    /// Breaks all connections and refuses new ones.
    pub async fn close(&mut self) {
        self.task.abort();
        let _aborted = (&mut self.task).await;
    }

    /// Takes connections again.
    pub async fn open(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        self.task = tokio::spawn(hand_on(listener, self.server, Arc::clone(&self.cut)));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn hand_on(listener: TcpListener, server: SocketAddr, cut: Arc<Mutex<Option<Cut>>>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let cut = Arc::clone(&cut);
        connections.spawn(async move {
            let server = TcpStream::connect(server).await?;
            carry(client, server, &cut).await
        });
    }
}

/// The cut whose words a connection has said all by now; `said` counts them.
fn heard(cut: &Mutex<Option<Cut>>, asked: &[u8], said: &mut usize) -> Option<Cut> {
    let mut cut = cut.lock().unwrap();
    let words = &cut.as_ref()?.words;
    let says = |words: &str| asked.windows(words.len()).any(|part| part == words.as_bytes());
    while words.get(*said).is_some_and(|words| says(words)) {
        *said += 1;
    }
    if *said == words.len() { cut.take() } else { None }
}

/// Carries bytes both ways until either side ends, or an answer is to be swallowed.
async fn carry(mut client: TcpStream, mut server: TcpStream, cut: &Mutex<Option<Cut>>) -> std::io::Result<()> {
    let (mut asked, mut answered) = (vec![0; 16_384], vec![0; 16_384]);
    let (mut said, mut swallowing) = (0, None::<Cut>);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let asked = &asked[..read?];
                if asked.is_empty() {
                    return Ok(());
                }
                swallowing = swallowing.or(heard(cut, asked, &mut said));
                server.write_all(asked).await?;
            }
            read = server.read(&mut answered) => {
                let answered = &answered[..read?];
                if let Some(cut) = &swallowing {
                    cut.done.notify_one();
                    return Ok(());
                }
                if answered.is_empty() {
                    return Ok(());
                }
                client.write_all(answered).await?;
            }
        }
    }
}
