//! The measured servers: starts and stops processes, and reads their processor time and memory from `/proc`.

use std::{collections::HashMap, fs, path::Path, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::Result;

/// Length of a tick of `/proc/<pid>/stat` on Linux, in milliseconds.
const TICK_MS: f64 = 10.0;

/// A server that answers on `/graphql`. Dropping it kills the process that was started for it.
pub struct Server {
    pub name: String,
    /// Its host and port.
    pub address: String,
    /// Its process; `None` if the process is not on this machine.
    pid: Option<u32>,
    child: Option<Child>,
}

impl Server {
    /// Starts a process and waits until it prints its URL.
    pub async fn start(name: &str, command: &mut Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let address = loop {
            let line = lines.next_line().await?.ok_or_else(|| format!("{name} did not start"))?;
            if let Some(address) = line.split_whitespace().find_map(address_of) {
                break address.to_owned();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { name: name.to_owned(), address, pid: child.id(), child: Some(child) })
    }

    /// Starts Gloss on a store. Without workers, nothing runs beside the requests.
    pub async fn gloss(binary: &Path, data: &Path, workers: u32) -> Result<Self> {
        Self::gloss_with(binary, data, &["--workers", &workers.to_string()]).await
    }

    /// Starts Gloss without workers on the store with this URL.
    pub async fn gloss_over(binary: &Path, data: &Path, url: &str) -> Result<Self> {
        Self::gloss_with(binary, data, &["--workers", "0", "--new-store=true", "--store-url", url]).await
    }

    async fn gloss_with(binary: &Path, data: &Path, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(binary);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GLOSS_")) {
            command.env_remove(name);
        }
        command.args(["--listen", "127.0.0.1:0", "--log", "error"]).args(arguments).arg("--data-dir");
        Self::start("gloss", command.arg(data)).await
    }

    /// Names a running server: `NAME=http://host:port/graphql`.
    pub fn running(argument: &str) -> Result<Self> {
        let (name, url) = argument.split_once('=').ok_or("write --url NAME=http://host:port/graphql")?;
        let address =
            address_of(url).ok_or_else(|| format!("{url} does not have the form http://host:port/graphql"))?;
        let port = address.rsplit(':').next().and_then(|port| port.parse().ok());
        Ok(Self {
            name: name.to_owned(),
            address: address.to_owned(),
            pid: port.and_then(process_on_port),
            child: None,
        })
    }

    /// Stops the process with the signal that an operator would send.
    pub async fn end(mut self) -> Result<()> {
        if let (Some(child), Some(pid)) = (&mut self.child, self.pid) {
            Command::new("kill").arg(pid.to_string()).status().await?;
            child.wait().await?;
        }
        Ok(())
    }

    /// Returns the processor time that the process and its children have used, in milliseconds.
    pub fn cpu_ms(&self) -> Option<f64> {
        let ticks = |pid: &u32| {
            let stat = stat(*pid).unwrap_or_default();
            // utime and stime are fields 14 and 15; `stat` starts at field 3.
            let field = |at: usize| stat.get(at - 3).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
            field(14) + field(15)
        };
        self.pid.map(|pid| with_children(pid).iter().map(ticks).sum::<f64>() * TICK_MS)
    }

    /// Returns the resident memory of the process and its children, in MB.
    pub fn memory_mb(&self) -> Option<f64> {
        let kib = |pid: &u32| -> Option<f64> {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.trim().trim_end_matches("kB").trim().parse().ok()
        };
        self.pid.map(|pid| with_children(pid).iter().filter_map(kib).sum::<f64>() / 1024.0)
    }
}

/// Returns host and port of a URL that ends with `/graphql`.
fn address_of(url: &str) -> Option<&str> {
    url.strip_prefix("http://")?.strip_suffix("/graphql")
}

/// Returns the fields of `/proc/<pid>/stat` after the process's name, from field 3.
fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(") ")?.1.split_whitespace().map(str::to_owned).collect())
}

fn processes() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Returns a process and everything below it.
fn with_children(pid: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for process in processes() {
        // The parent is field 4.
        if let Some(parent) = stat(process).and_then(|stat| stat.get(1)?.parse().ok()) {
            children.entry(parent).or_default().push(process);
        }
    }
    let mut all = vec![pid];
    let mut at = 0;
    while at < all.len() {
        all.extend(children.remove(&all[at]).unwrap_or_default());
        at += 1;
    }
    all
}

/// Returns the process of this machine that listens on a TCP port.
fn process_on_port(port: u16) -> Option<u32> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"].iter().find_map(|table| {
        let table = fs::read_to_string(table).ok()?;
        table.lines().skip(1).find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let listens = fields.get(3) == Some(&"0A");
            let local = fields.get(1)?.rsplit(':').next()?;
            (listens && u16::from_str_radix(local, 16) == Ok(port)).then(|| fields.get(9).map(ToString::to_string))?
        })
    })?;
    let socket = format!("socket:[{inode}]");
    let holds = |pid: &u32| {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        files.filter_map(|file| fs::read_link(file.path()).ok()).any(|link| link.to_str() == Some(&socket))
    };
    processes().find(holds)
}

/// Returns the machine's load averages over 1, 5 and 15 minutes.
pub fn load_averages() -> [f64; 3] {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut numbers = text.split_whitespace().map(|number| number.parse().unwrap_or_default());
    std::array::from_fn(|_| numbers.next().unwrap_or_default())
}
