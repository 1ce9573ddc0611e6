//! GraphQL over HTTP, WebSocket and server-sent events, the pages, health.
