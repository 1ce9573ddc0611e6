//! Reads the bytes of an answer, no more of them than a limit.

use std::sync::Arc;

use reqwest::Response;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Failure;

/// Bytes of an error that are read.
const ERROR_BYTES: usize = 64 << 10;
/// Bytes of an answer that take no room from others.
const FREE_BYTES: usize = 64 << 10;
/// Bytes between two moments in which other work has its turn.
const TURN_BYTES: usize = 64 << 10;

/// Lets other work have its turn now and then.
#[derive(Default)]
pub struct Turns(usize);

impl Turns {
    /// So many bytes were worked on.
    pub async fn worked(&mut self, bytes: usize) {
        self.0 += bytes;
        if self.0 >= TURN_BYTES {
            self.0 = 0;
            tokio::task::yield_now().await;
        }
    }
}

/// What a large answer may keep.
pub struct Room<'a> {
    of: &'a Arc<Semaphore>,
    limit: usize,
    taken: Option<OwnedSemaphorePermit>,
}

impl<'a> Room<'a> {
    /// For an answer of at most so many bytes.
    pub const fn new(of: &'a Arc<Semaphore>, limit: usize) -> Self {
        Self { of, limit, taken: None }
    }

    /// The answer keeps so many bytes by now. A large one takes all that it may ever need at once, so that no two wait
    /// for each other; it may have to wait for those before it.
    pub async fn keep(&mut self, bytes: usize) -> Result<(), Failure> {
        if bytes > self.limit {
            return Err(Failure::TooLarge { bytes: self.limit });
        }
        if bytes > FREE_BYTES && self.taken.is_none() {
            let kib = u32::try_from(self.limit.div_ceil(1 << 10).min(super::ROOM_KIB)).unwrap_or(u32::MAX);
            self.taken = Arc::clone(self.of).acquire_many_owned(kib).await.ok();
        }
        Ok(())
    }
}

/// The beginning of what a refusal says.
pub async fn beginning(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < ERROR_BYTES
        && let Ok(Some(chunk)) = response.chunk().await
    {
        bytes.extend_from_slice(&chunk[..chunk.len().min(ERROR_BYTES - bytes.len())]);
    }
    text(&bytes)
}

/// All of an answer, with the room that it takes.
pub async fn whole(
    mut response: Response,
    limit: usize,
    room: &Arc<Semaphore>,
) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Failure> {
    if response.content_length().is_some_and(|length| usize::try_from(length).is_ok_and(|length| length > limit)) {
        return Err(Failure::TooLarge { bytes: limit });
    }
    let (mut bytes, mut room, mut turns) = (Vec::new(), Room::new(room, limit), Turns::default());
    while let Some(chunk) = response.chunk().await? {
        room.keep(bytes.len() + chunk.len()).await?;
        bytes.extend_from_slice(&chunk);
        turns.worked(chunk.len()).await;
    }
    Ok((bytes, room.taken))
}

/// Bytes as text. JSON is UTF-8; what is not is taken for Latin-1, as some servers send it.
pub fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| char::from(*byte)));
    }
    text
}
