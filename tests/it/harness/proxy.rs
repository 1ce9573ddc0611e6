//! A TCP proxy that a test can close and open: to its clients, the server stops and comes back.

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

/// Forwards connections. While it is closed, new connections are refused and existing ones are broken.
pub struct Proxy {
    /// The port that it listens on.
    pub port: u16,
    server: SocketAddr,
    task: JoinHandle<()>,
    /// The words after which a server's answer is withheld, if any.
    cut: Arc<Mutex<Option<Cut>>>,
}

/// Forwards a client's words to the server but not the server's answer back.
struct Cut {
    /// All of them must occur in this order on one connection.
    words: Vec<String>,
    done: Arc<Notify>,
}

impl Proxy {
    /// Starts a proxy for the server at this port of the loopback address.
    pub async fn before(port: u16) -> Self {
        let server = SocketAddr::from(([127, 0, 0, 1], port));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::default();
        Self { port, server, task: tokio::spawn(hand_on(listener, server, Arc::clone(&cut))), cut }
    }

    /// Cuts the first connection that sends all of these words in this order: the server receives the last of them,
    /// but its answer is dropped and the connection breaks. The returned [`Notify`] fires after the server has
    /// answered.
    pub fn swallow_answer_to(&self, words: &[&str]) -> Arc<Notify> {
        let done = Arc::new(Notify::new());
        *self.cut.lock().unwrap() =
            Some(Cut { words: words.iter().map(|&words| words.to_owned()).collect(), done: Arc::clone(&done) });
        done
    }

    /// Forwards new connections to another server.
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

    /// Accepts connections again.
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

/// Returns the cut if a connection has sent all of its words; `said` counts the words sent so far.
fn heard(cut: &Mutex<Option<Cut>>, asked: &[u8], said: &mut usize) -> Option<Cut> {
    let mut cut = cut.lock().unwrap();
    let words = &cut.as_ref()?.words;
    let says = |words: &str| asked.windows(words.len()).any(|part| part == words.as_bytes());
    while words.get(*said).is_some_and(|words| says(words)) {
        *said += 1;
    }
    if *said == words.len() { cut.take() } else { None }
}

/// Copies bytes in both directions until either side ends or an answer is withheld.
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
