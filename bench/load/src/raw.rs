//! The reference: a server that writes given bytes at given times to all its clients. Like a real server, it wakes one
//! task per socket and writes everything available in one call. It parses, looks up and creates nothing.

use std::{path::Path, process::Stdio, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, stdin},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::broadcast,
    time::{Instant, sleep_until},
};

use crate::{
    Result,
    report::{Figures, first_received},
    subscriber::{Crowd, Received, Target},
};

/// Replays the events after number `past`, at their original times, but no slower than `rate` events a second.
pub async fn measure(received: &[Received], past: u64, count: usize, rate: u32) -> Result<Figures> {
    let first = first_received(received);
    let kept = received.iter().find(|received| !received.texts.is_empty()).ok_or("nobody kept what was received")?;
    let events: Vec<(u64, &[u8])> = kept
        .events
        .iter()
        .zip(&kept.texts)
        .filter(|((number, _), _)| *number > past)
        .map(|((number, _), text)| (first[number], text.as_slice()))
        .collect();
    let (Some((begin, _)), Some((end, _))) = (events.first(), events.last()) else {
        return Err("the first subscriber received nothing".into());
    };
    let nominal = 1e6 * events.len() as f64 / f64::from(rate);
    let pace = (nominal / (end - begin).max(1) as f64).min(1.0);
    let plan: Vec<Value> = events
        .iter()
        .map(|(at, text)| json!([((at - begin) as f64 * pace) as u64, String::from_utf8_lossy(text)]))
        .collect();
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), Value::from(plan).to_string())?;

    let mut server = Command::new(std::env::current_exe()?)
        .arg("--raw-plan")
        .arg(file.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut said = BufReader::new(server.stdout.take().ok_or("no output")?).lines();
    let url = said.next_line().await?.ok_or("the raw server did not start")?;
    let crowd = Crowd::gather(&Target::new(&url, json!({}), json!({}), "sequence")?, count, |_| false).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    server.stdin.take().ok_or("no input")?.write_all(b"go\n").await?;
    let received = crowd.until_the_end().await?;
    server.kill().await?;
    Ok(Figures::of(&received, 0))
}

/// The server process: prints its address, and begins at a line on standard input.
pub async fn serve(plan: &Path) -> Result<()> {
    let plan: Vec<(u64, String)> = serde_json::from_str(&std::fs::read_to_string(plan)?)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("ws://{}/", listener.local_addr()?);
    let (events, _) = broadcast::channel::<Arc<[u8]>>(plan.len() + 1);
    let sender = events.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let events = sender.subscribe();
            tokio::spawn(async move { answer(socket, events).await });
        }
    });
    BufReader::new(stdin()).lines().next_line().await?;
    let begin = Instant::now();
    for (at, text) in plan {
        sleep_until(begin + Duration::from_micros(at)).await;
        let _ = events.send(frame(text.as_bytes()).into());
    }
    let _ = events.send(frame(br#"{"type":"complete","id":"1"}"#).into());
    std::future::pending().await
}

async fn answer(mut socket: TcpStream, mut events: broadcast::Receiver<Arc<[u8]>>) -> Result<()> {
    socket.set_nodelay(true)?;
    socket2::SockRef::from(&socket).set_send_buffer_size(4 * 1024)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await?);
    }
    socket.write_all(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n").await?;
    socket.write_all(&frame(br#"{"type":"connection_ack"}"#)).await?;
    let mut gathered = Vec::new();
    loop {
        gathered.extend_from_slice(&events.recv().await?);
        while gathered.len() < 4 * 1024
            && let Ok(event) = events.try_recv()
        {
            gathered.extend_from_slice(&event);
        }
        socket.write_all(&gathered).await?;
        gathered.clear();
    }
}

/// Returns a text frame, unmasked as a server sends it.
fn frame(text: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    match text.len() {
        length @ 0..126 => frame.push(length as u8),
        length => {
            frame.push(126);
            frame.extend(u16::try_from(length).expect("an event is short").to_be_bytes());
        }
    }
    frame.extend_from_slice(text);
    frame
}
