//! Malicious servers that pose as databases: whatever they send, Gloss keeps serving its own clients.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::{cli::says, harness::Server};

/// The behaviour of a rogue server on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rogue {
    /// Answers the login with an endless sequence of notices.
    Notices,
    /// Answers the login with an endless sequence of parameters.
    Parameters,
    /// Announces a message of two gigabytes and sends it.
    LongMessage,
    /// Accepts the login and answers the first statement with endless notices.
    NoticesLater,
    /// Sends a message with the invalid length 0.
    NoLength,
    /// Sends endless bytes of no protocol.
    Noise,
    /// MySQL: requests further login data endlessly.
    MoreLogin,
    /// MySQL: accepts the login and then describes columns endlessly.
    Columns,
}

/// Returns a PostgreSQL message.
fn message(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 4).unwrap();
    [&[kind][..], &length.to_be_bytes(), content].concat()
}

/// Returns a MySQL packet.
fn packet(number: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    [&length[..3], &[number], content].concat()
}

fn notice(length: usize) -> Vec<u8> {
    message(b'N', format!("SNOTICE\0VNOTICE\0C00000\0M{}\0\0", "x".repeat(length)).as_bytes())
}

/// Returns the greeting of a MySQL server without TLS.
fn greeting() -> Vec<u8> {
    let capabilities: u32 = 0x0008_a200 | 0x0000_0008;
    let low = u16::try_from(capabilities & 0xffff).unwrap().to_le_bytes();
    let high = u16::try_from(capabilities >> 16).unwrap().to_le_bytes();
    let content = [
        &[10][..],
        b"8.0.30\0",
        &[1, 0, 0, 0],
        b"12345678\0",
        &low,
        &[45],
        &[2, 0],
        &high,
        &[21],
        &[0; 10],
        b"123456789012\0",
        b"mysql_native_password\0",
    ]
    .concat();
    packet(0, &content)
}

async fn repeat(stream: &mut TcpStream, what: &[u8]) -> std::io::Result<()> {
    let many = what.repeat((64 << 10) / what.len() + 1);
    loop {
        stream.write_all(&many).await?;
    }
}

async fn behave(mut stream: TcpStream, rogue: Rogue) -> std::io::Result<()> {
    if matches!(rogue, Rogue::MoreLogin | Rogue::Columns) {
        stream.write_all(&greeting()).await?;
        let mut bytes = [0; 4096];
        let _heard = stream.read(&mut bytes).await?;
        if rogue == Rogue::MoreLogin {
            return repeat(&mut stream, &packet(2, &[1, 4])).await;
        }
        stream.write_all(&packet(2, &[0, 0, 0, 2, 0, 0, 0])).await?;
        let _heard = stream.read(&mut bytes).await?;
        // The column count as an eight-byte integer.
        stream.write_all(&packet(1, &[0xfe, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])).await?;
        return repeat(&mut stream, &packet(2, &[3, b'd', b'e', b'f', 0, 0, 0, 0, 0])).await;
    }
    let mut head = [0; 8];
    stream.read_exact(&mut head).await?;
    // The first message requests TLS, which is refused; the login follows.
    stream.write_all(b"N").await?;
    let mut bytes = [0; 4096];
    let _heard = stream.read(&mut bytes).await?;
    match rogue {
        Rogue::Notices => repeat(&mut stream, &notice(4)).await,
        Rogue::Parameters => {
            for number in 0_u64.. {
                let name = format!("setting_{number}\0{}\0", "x".repeat(10_000));
                stream.write_all(&message(b'S', name.as_bytes())).await?;
            }
            Ok(())
        }
        Rogue::LongMessage => {
            stream.write_all(&[&[b'R'][..], &(2_u32 << 30).to_be_bytes()].concat()).await?;
            repeat(&mut stream, &[0; 1024]).await
        }
        Rogue::NoticesLater => {
            stream.write_all(&[message(b'R', &[0; 4]), message(b'Z', b"I")].concat()).await?;
            let _heard = stream.read(&mut bytes).await?;
            repeat(&mut stream, &notice(10_000)).await
        }
        Rogue::NoLength => {
            stream.write_all(&[b'R', 0, 0, 0, 0]).await?;
            stream.read(&mut bytes).await.map(drop)
        }
        Rogue::Noise => repeat(&mut stream, b"no database speaks like this").await,
        Rogue::MoreLogin | Rogue::Columns => Ok(()),
    }
}

async fn listen(rogue: Rogue) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(behave(stream, rogue));
        }
    });
    port
}

/// Returns the peak memory of a process, in MiB.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|text| text.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or_default() / 1024
}

async fn rogue_is_survived(rogue: Rogue) {
    let server = Server::start_with(&[("GLOSS_TARGET_PATIENCE_SECONDS", "1")]).await;
    let port = listen(rogue).await;
    let scheme = if matches!(rogue, Rogue::MoreLogin | Rogue::Columns) { "mysql" } else { "postgres" };
    let url = format!("{scheme}://ann:s3cret@127.0.0.1:{port}/shop");
    let profile = server.create_db_profile("rogue", &url).await;
    let query = "query($id: ID!) { dbProfile(id: $id) { canWriteComments databases { name } } }";
    let looking = server.answer(query, json!({ "id": profile }));
    let healthy = async {
        loop {
            let health = tokio::time::timeout(Duration::from_secs(20), server.get("/healthz")).await;
            assert_eq!(health.expect("the server answers its clients").status(), 200, "{rogue:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let answer: Value = tokio::select! { answer = looking => answer, () = healthy => unreachable!() };
    assert_eq!(answer["data"]["dbProfile"]["canWriteComments"], Value::Null, "{rogue:?}: {answer}");
    assert_eq!(answer["data"]["dbProfile"]["databases"], Value::Null, "{rogue:?}: {answer}");
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "UNAVAILABLE", "{rogue:?}: {answer}");
    says(error["message"].as_str().unwrap(), &[&port.to_string()]);
    // A run over it also ends by itself, as with an unreachable database.
    let start = "mutation($id: ID!) { startRun(input: { targets: [{ dbProfileId: $id }] }) { runs { id } } }";
    let run = server.data(start, json!({ "id": profile })).await["startRun"]["runs"][0]["id"].take();
    let run = run.as_str().unwrap();
    server.events(run, 0).await;
    let ended = server.run(run).await;
    assert_eq!((&ended["status"], &ended["error"]["code"]), (&json!("FAILED"), &json!("UNAVAILABLE")), "{ended}");
    let peak = peak(server.pid());
    assert!(peak < 900, "{rogue:?}: {peak} MiB");
    server.signal("TERM");
    let (status, _) = tokio::time::timeout(Duration::from_secs(30), server.left()).await.expect("it leaves");
    assert!(status.success(), "{rogue:?}: {status}");
}

macro_rules! rogues {
    ($($test:ident: $rogue:ident,)*) => { $(
        #[tokio::test]
        async fn $test() {
            rogue_is_survived(Rogue::$rogue).await;
        }
    )* };
}

rogues! {
    a_server_that_sends_notices_for_ever: Notices,
    a_server_that_sends_parameters_for_ever: Parameters,
    a_server_that_announces_a_long_message: LongMessage,
    a_server_that_lets_in_and_sends_notices_for_ever: NoticesLater,
    a_server_that_sends_a_message_without_length: NoLength,
    a_server_that_sends_noise: Noise,
    a_server_that_asks_for_more_login_for_ever: MoreLogin,
    a_server_that_describes_columns_for_ever: Columns,
}
