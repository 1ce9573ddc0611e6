//! Reads the bytes of an answer up to a limit.

use std::sync::Arc;

use reqwest::Response;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Failure;

/// Maximum number of bytes of an error that are read.
const ERROR_BYTES: usize = 64 << 10;
/// Number of bytes of an answer that need no reserved room.
const FREE_BYTES: usize = 64 << 10;
/// Number of bytes to process before yielding to other tasks.
const TURN_BYTES: usize = 64 << 10;

/// Yields to other tasks from time to time.
#[derive(Default)]
pub struct Turns(usize);

impl Turns {
    /// Counts bytes that were processed, and yields if it is time.
    pub async fn worked(&mut self, bytes: usize) {
        self.0 += bytes;
        if self.0 >= TURN_BYTES {
            self.0 = 0;
            tokio::task::yield_now().await;
        }
    }
}

/// The memory that a large answer reserves.
pub struct Room<'a> {
    of: &'a Arc<Semaphore>,
    limit: usize,
    permit: Option<OwnedSemaphorePermit>,
}

impl<'a> Room<'a> {
    /// Creates the room for an answer of at most `limit` bytes.
    pub const fn new(of: &'a Arc<Semaphore>, limit: usize) -> Self {
        Self { of, limit, permit: None }
    }

    /// Reports that the answer now occupies `bytes` bytes. A large answer reserves the maximum that it may need in one
    /// step, so that no two answers deadlock. It may wait until earlier answers release theirs.
    pub async fn keep(&mut self, bytes: usize) -> Result<(), Failure> {
        if bytes > self.limit {
            return Err(Failure::TooLarge { bytes: self.limit });
        }
        if bytes > FREE_BYTES && self.permit.is_none() {
            let kib = u32::try_from(self.limit.div_ceil(1 << 10).min(super::ROOM_KIB)).unwrap_or(u32::MAX);
            self.permit = Arc::clone(self.of).acquire_many_owned(kib).await.ok();
        }
        Ok(())
    }
}

/// The first bytes of an error's body, as text.
pub async fn beginning(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < ERROR_BYTES
        && let Ok(Some(chunk)) = response.chunk().await
    {
        bytes.extend_from_slice(&chunk[..chunk.len().min(ERROR_BYTES - bytes.len())]);
    }
    text(&bytes)
}

/// The whole body of an answer, and the room that it occupies.
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
    Ok((bytes, room.permit))
}

/// Decodes bytes. JSON is UTF-8; invalid bytes are decoded as Latin-1, which some servers send.
pub fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| char::from(*byte)));
    }
    text
}
