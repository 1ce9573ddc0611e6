//! Parses server-sent events from the bytes of a stream.
//!
//! The rule: each byte is processed once, however the stream is split. An event that exceeds the limit is an error at
//! that point. Comments and fields other than `data` are ignored.

/// An event exceeds the limit.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLong;

/// The parser's state.
#[derive(Debug, Default)]
pub struct Events {
    line: Vec<u8>,
    data: Vec<u8>,
    any: bool,
    after_return: bool,
}

impl Events {
    /// Processes bytes. Returns the data of the events that they complete.
    ///
    /// # Errors
    /// Returns [`TooLong`] if an event has more than `limit` bytes.
    pub fn feed(&mut self, mut bytes: &[u8], limit: usize) -> Result<Vec<Vec<u8>>, TooLong> {
        let mut events = Vec::new();
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_return) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let part = &bytes[..end.unwrap_or(bytes.len())];
            if self.kept() + part.len() > limit {
                return Err(TooLong);
            }
            self.line.extend_from_slice(part);
            let Some(end) = end else { break };
            self.after_return = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            events.extend(self.end_line());
        }
        Ok(events)
    }

    /// The event that the end of the stream completes, if any.
    pub fn end(&mut self) -> Option<Vec<u8>> {
        self.end_line().or_else(|| self.dispatch())
    }

    /// Number of buffered bytes of incomplete events.
    pub const fn kept(&self) -> usize {
        self.line.len() + self.data.len()
    }

    fn end_line(&mut self) -> Option<Vec<u8>> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return self.dispatch();
        }
        let data = match line.strip_prefix(b"data:") {
            Some(data) => data.strip_prefix(b" ").unwrap_or(data),
            // Some servers send an error as bare JSON in the middle of a stream.
            None if line.starts_with(b"{") => &line,
            None => return None,
        };
        if std::mem::replace(&mut self.any, true) {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(data);
        None
    }

    fn dispatch(&mut self) -> Option<Vec<u8>> {
        let data = std::mem::take(&mut self.data);
        std::mem::take(&mut self.any).then_some(data)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(pieces: &[&[u8]]) -> Vec<String> {
        let mut events = Events::default();
        let mut found: Vec<Vec<u8>> = pieces.iter().flat_map(|piece| events.feed(piece, 1000).unwrap()).collect();
        found.extend(events.end());
        found.into_iter().map(|data| String::from_utf8(data).unwrap()).collect()
    }

    #[test]
    fn events_wherever_their_pieces_begin() {
        let stream =
            ": hi\r\n\r\nevent: x\r\ndata: {\"a\":\r\ndata:  \"größe\"}\r\n\r\ndata:[DONE]\r\rid: 3\n\ndata: end";
        let expected = ["{\"a\":\n \"größe\"}", "[DONE]", "end"];
        for at in 0..=stream.len() {
            let (first, second) = stream.as_bytes().split_at(at);
            assert_eq!(all(&[first, second]), expected, "{at}");
        }
        let letters: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
        assert_eq!(all(&letters), expected);
        assert_eq!(all(&[b"{\"error\": 1}\n"]), ["{\"error\": 1}"]);
    }

    #[test]
    fn a_long_event_is_an_error_at_once() {
        let mut events = Events::default();
        assert_eq!(events.feed(&[b'x'; 600], 1000), Ok(vec![]));
        assert_eq!(events.feed(&[b'x'; 600], 1000), Err(TooLong));
        let mut events = Events::default();
        let line = [b"data: ".as_slice(), &[b'x'; 500], b"\n"].concat();
        assert_eq!(events.feed(&line, 1000), Ok(vec![]));
        assert_eq!(events.feed(&line, 1000), Err(TooLong), "lines of one event count together");
    }

    proptest! {
        #[test]
        fn never_panics(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..10)) {
            let mut events = Events::default();
            for piece in pieces {
                let _ = events.feed(&piece, 50);
            }
            let _ = events.end();
        }
    }
}
