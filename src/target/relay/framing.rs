//! Reads the message lengths that a server announces in plain text.
//!
//! The rule: the driver allocates as much memory as a server announces, so an announcement larger than any database
//! makes closes the connection before the driver sees it. TLS hides the lengths: nothing is read once it starts.

use super::{ANSWER, Failure};

/// The framing of a wire protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::target) enum Protocol {
    /// A type byte, a four-byte length that includes itself, the content.
    Postgres,
    /// A three-byte length, a sequence number, the content.
    MySql,
}

/// The state of one connection's framing.
pub(super) struct Framing {
    protocol: Protocol,
    /// The bytes received of the next message's header; for MySQL, with the first byte of its content.
    head: Vec<u8>,
    /// Bytes of the current message still to be received.
    rest: usize,
    /// Whether the next byte is PostgreSQL's one-letter answer to a TLS request.
    letter: bool,
    encrypted: bool,
}

impl Framing {
    pub(super) const fn new(protocol: Protocol) -> Self {
        Self { protocol, head: Vec::new(), rest: 0, letter: false, encrypted: false }
    }

    /// Inspects bytes that the driver sends. The driver sends a TLS request in one piece.
    pub(super) fn ask(&mut self, bytes: &[u8]) {
        /// PostgreSQL's TLS request.
        const TLS_QUESTION: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
        self.letter |= self.protocol == Protocol::Postgres && bytes == TLS_QUESTION;
        // The header of the first TLS record.
        self.encrypted |= bytes.starts_with(&[22, 3]);
    }

    /// Checks the message headers in bytes that the server sends.
    pub(super) fn receive(&mut self, mut bytes: &[u8]) -> Result<(), Failure> {
        while !self.encrypted && !bytes.is_empty() {
            if self.letter {
                self.letter = false;
                bytes = &bytes[1..];
            } else if self.rest > 0 {
                let passed = self.rest.min(bytes.len());
                self.rest -= passed;
                bytes = &bytes[passed..];
            } else {
                self.head.push(bytes[0]);
                bytes = &bytes[1..];
                self.read_head()?;
            }
        }
        Ok(())
    }

    fn read_head(&mut self) -> Result<(), Failure> {
        match (self.protocol, self.head.as_slice()) {
            (Protocol::Postgres, [_, a, b, c, d]) => {
                let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
                if length < 4 {
                    return Err(Failure::Malformed);
                }
                if length > ANSWER {
                    return Err(Failure::TooMuch);
                }
                self.rest = length - 4;
            }
            (Protocol::MySql, [0, 0, 0, _]) => {}
            (Protocol::MySql, [a, b, c, _, first]) => {
                let length = u32::from_le_bytes([*a, *b, *c, 0]) as usize;
                // A lone integer of 65,536 or more announces a column count that no result has.
                if matches!((length, first), (4, 0xfd) | (9, 0xfe)) {
                    return Err(Failure::TooMuch);
                }
                self.rest = length - 1;
            }
            _ => return Ok(()),
        }
        self.head.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns whether these bytes end the connection. Receiving them whole and byte by byte must give the same
    /// result.
    fn ends(protocol: Protocol, bytes: &[u8]) -> bool {
        let whole = Framing::new(protocol).receive(bytes).is_err();
        let mut framing = Framing::new(protocol);
        let piecewise = bytes.iter().any(|byte| framing.receive(std::slice::from_ref(byte)).is_err());
        assert_eq!(whole, piecewise, "{bytes:?}");
        whole
    }

    #[test]
    fn announcements_that_no_database_makes_end_the_connection() {
        let ready = [b'Z', 0, 0, 0, 5, b'I'];
        assert!(!ends(Protocol::Postgres, &[ready, ready].concat()));
        assert!(ends(Protocol::Postgres, &[&ready[..], &[b'R', 0, 0, 0, 0]].concat()));
        assert!(ends(Protocol::Postgres, &[&ready[..], &[b'R', 0x80, 0, 0, 0]].concat()));
        let one_column = [1, 0, 0, 1, 1];
        let empty = [0, 0, 0, 7];
        assert!(!ends(Protocol::MySql, &[&one_column[..], &empty, &[7, 0, 0, 2, 0xfe, 0, 0, 2, 0, 0, 0]].concat()));
        assert!(ends(
            Protocol::MySql,
            &[&one_column[..], &[9, 0, 0, 1, 0xfe, 255, 255, 255, 255, 0, 0, 0, 0]].concat()
        ));
        assert!(ends(Protocol::MySql, &[&empty[..], &[4, 0, 0, 1, 0xfd, 0, 0, 1]].concat()));
    }

    #[test]
    fn nothing_is_read_of_tls() {
        let mut framing = Framing::new(Protocol::Postgres);
        framing.ask(&[0, 0, 0, 8, 4, 210, 22, 47]);
        assert!(framing.receive(b"S").is_ok());
        framing.ask(&[22, 3, 1, 0, 0]);
        assert!(framing.receive(&[0; 100]).is_ok());
        let mut framing = Framing::new(Protocol::Postgres);
        framing.ask(&[0, 0, 0, 8, 4, 210, 22, 47]);
        assert!(framing.receive(b"N").is_ok() && framing.receive(&[b'R', 0, 0, 0, 0]).is_err());
    }
}
