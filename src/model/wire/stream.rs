//! Reads an answer from a stream of events.
//!
//! The rule: an answer is complete after a finish reason or `[DONE]`. A failure after that does not affect it. An
//! answer without either is broken.

use std::{sync::Arc, time::Duration};

use reqwest::Response;
use serde_json::Value;
use tokio::{sync::Semaphore, time::timeout};

use super::{
    Dialect, Failure, Finish, Limits, Reply,
    body::{self, Room, Turns},
    calls::Calls,
    events::Events,
    parts,
};

/// How long to wait for events after the end of the answer, which may report the usage.
const AFTER_END: Duration = Duration::from_secs(5);

/// The answer so far.
struct Reading<'a> {
    dialect: Dialect,
    reply: Reply,
    calls: Calls,
    /// Number of bytes in texts and arguments.
    bytes: usize,
    done: bool,
    receive: &'a mut (dyn FnMut(&str) + Send),
}

/// Reads a stream to its end.
///
/// # Errors
/// Returns [`Failure`] if the connection fails, a limit is exceeded, the provider sends an error or the answer is
/// incomplete.
pub async fn read(
    mut response: Response,
    dialect: Dialect,
    limits: Limits,
    room: &Arc<Semaphore>,
    receive: &mut (dyn FnMut(&str) + Send),
) -> Result<Reply, Failure> {
    let (reply, calls) = (Reply::default(), Calls::default());
    let mut reading = Reading { dialect, reply, calls, bytes: 0, done: false, receive };
    let (mut events, mut read, mut turns) = (Events::default(), 0, Turns::default());
    let mut room = Room::new(room, limits.body + limits.text);
    while !reading.done {
        let chunk = if reading.reply.finish == Finish::Unknown {
            response.chunk().await
        } else {
            match timeout(AFTER_END, response.chunk()).await {
                Ok(chunk) => chunk,
                Err(_) => break,
            }
        };
        let chunk = match chunk {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(_) if reading.reply.finish != Finish::Unknown => break,
            Err(error) => return Err(error.into()),
        };
        read += chunk.len();
        if read > limits.stream {
            return Err(Failure::TooLarge { bytes: limits.stream });
        }
        // Small pieces, so that a chunk with many events does not block other tasks either.
        for piece in chunk.chunks(16 << 10) {
            for event in events.feed(piece, limits.body).map_err(|_| Failure::TooLarge { bytes: limits.body })? {
                reading.take(&event, limits)?;
                turns.worked(event.len()).await;
            }
            room.keep(events.kept() + reading.bytes).await?;
            turns.worked(piece.len()).await;
        }
    }
    if let Some(event) = events.end().filter(|_| !reading.done) {
        reading.take(&event, limits)?;
    }
    let Reading { mut reply, calls, done, .. } = reading;
    reply.calls = calls.done();
    if reply.any && !done && reply.finish == Finish::Unknown {
        return Err(Failure::Broken);
    }
    Ok(reply)
}

impl Reading<'_> {
    fn take(&mut self, event: &[u8], limits: Limits) -> Result<(), Failure> {
        let text = body::text(event);
        if text.trim() == "[DONE]" {
            (self.done, self.reply.any) = (true, true);
            return Ok(());
        }
        if let Some(chunk) = parts::json(&text) {
            return self.take_chunk(&self.dialect.event(chunk), limits);
        }
        // Events without the blank lines between them.
        for line in text.lines().map(str::trim).filter(|_| text.contains('\n')) {
            if line == "[DONE]" {
                (self.done, self.reply.any) = (true, true);
            } else if let Some(chunk) = parts::json(line) {
                self.take_chunk(&self.dialect.event(chunk), limits)?;
            } else if line.starts_with('{') {
                return Err(Failure::Broken);
            }
        }
        if text.trim_start().starts_with('{') && !text.contains('\n') { Err(Failure::Broken) } else { Ok(()) }
    }

    fn take_chunk(&mut self, chunk: &Value, limits: Limits) -> Result<(), Failure> {
        let reported = parts::reported(&chunk["usage"]);
        self.reply.usage.input = reported.input.or(self.reply.usage.input);
        self.reply.usage.cached = reported.cached.or(self.reply.usage.cached);
        self.reply.usage.written = reported.written.or(self.reply.usage.written);
        self.reply.usage.output = reported.output.or(self.reply.usage.output);
        if let Some(error) = chunk.get("error").filter(|error| !error.is_null()) {
            if self.reply.finish != Finish::Unknown {
                self.done = true;
                return Ok(());
            }
            return Err(Failure::Said { error: error.clone(), usage: self.reply.usage });
        }
        let choices = chunk["choices"].as_array().map(Vec::as_slice).unwrap_or_default();
        let Some(choice) = choices.iter().find(|choice| parts::count(&choice["index"]).unwrap_or_default() == 0) else {
            return Ok(());
        };
        self.reply.any = true;
        let whole = &choice["message"];
        // The complete message may follow its pieces.
        let delta = if choice["delta"].is_object() || self.bytes > 0 { &choice["delta"] } else { whole };
        let text = parts::text(&delta["content"]).or_else(|| parts::text(&choice["text"])).unwrap_or_default();
        let thoughts = parts::reasoning(delta).map_or(0, str::len);
        self.bytes += text.len() + thoughts + parts::take_calls(delta, &mut self.calls);
        if self.bytes > limits.text {
            return Err(Failure::TooLarge { bytes: limits.text });
        }
        if !text.is_empty() {
            (self.receive)(&text);
        }
        if let Some(refusal) = parts::refusal(delta) {
            self.reply.refusal.get_or_insert_default().push_str(&refusal);
        }
        if self.reply.finish == Finish::Unknown {
            self.reply.finish = parts::finish(choice);
        }
        Ok(())
    }
}
