//! The results of operations, for the transports that stream, and how subscribers share them.
//!
//! Between the store and a live result there are three caches:
//!
//! ```text
//! store ──► feed of events ──► execution ──► channel of results ──► follower, follower, follower …
//!     └──► suggestion cache ──────┘
//! ```
//!
//! 1. The feed of a run (`service/progress`) keeps the newest events of the run, so that all executions that watch it
//!    read the store once.
//! 2. The suggestion cache of a feed (`service/suggestion_cache`) keeps, for two seconds, the records that the events
//!    refer to. One look-up serves all events of a page and all executions.
//! 3. The [`channel`] of a [`Key`](key::Key) keeps the newest results of one execution as JSON. Subscribers with the
//!    same document, variables, operation and rights share that execution, and its results are serialized once.
//!
//! Which operations can share an execution is knowledge of the schema: `graphql/share`. How a subscriber moves between
//! a channel and a separate execution ([`results`]):
//!
//! - It begins as a [`follower`] of a channel of its key, if one still has the results from its starting point.
//!   Otherwise its own execution opens another channel, which those who read the same older events can follow. A key
//!   has only a few channels; beyond that, the execution stays separate until a channel comes by.
//! - A separate execution that has caught up with the present joins the channel there, or opens one. A channel that has
//!   caught up with an older one merges with it: its followers continue there.
//! - A channel of numbered events waits a little for followers that would fall behind ([`producer`]).
//! - A follower whose next result is no longer kept has fallen behind. If the events have numbers, it continues after
//!   the last event that it read, in the same way as one that begins. If not, its subscription fails.

mod channel;
mod channels;
mod follower;
mod key;
mod producer;
mod results;
mod ring;

pub use channels::Channels;
pub use results::{Piece, Results};
