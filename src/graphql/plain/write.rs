//! From cells to the bytes of an answer.

use std::collections::HashMap;

use serde::Serialize;

use super::{CountField, EdgePart, Field, Output, PageField, Part, Plain, WaitField};
use crate::{
    domain::{
        clock::write_rfc3339,
        id::{self, NodeType},
        page,
        run::{Cell, CellPage, CellRow, Waiting},
        status::{RunKind, RunStatus},
        text::visible,
    },
    graphql::{connection::count, run::parts::seconds},
};

/// What an answer is written from.
#[derive(Default)]
pub struct Answer {
    pub now_ms: i64,
    /// The list's name, for cursors.
    pub list: String,
    /// The number of parts of a cursor.
    pub key: usize,
    pub page: CellPage,
    pub total: i64,
    pub kinds: HashMap<RunKind, i64>,
    pub statuses: HashMap<RunStatus, i64>,
}

impl Answer {
    /// Returns the JSON; `None` if a cell does not have the type of its field.
    pub fn write(&self, plain: &Plain) -> Option<String> {
        let mut out = Writer { bytes: Vec::with_capacity(512 + 512 * self.page.rows.len()), now_ms: self.now_ms };
        out.raw("{\"data\":{");
        out.raw(&plain.key);
        out.object(&plain.parts, |out, part| self.part(out, part))?;
        out.raw("}}");
        String::from_utf8(out.bytes).ok()
    }

    fn cursor(&self, out: &mut Writer, row: &CellRow) {
        out.bytes.push(b'"');
        page::encode_to(&mut out.bytes, &self.list, &row.from(row.width() - self.key));
        out.bytes.push(b'"');
    }

    fn cursor_or_null(&self, out: &mut Writer, row: Option<&CellRow>) {
        match row {
            Some(row) => self.cursor(out, row),
            None => out.null(),
        }
    }

    fn part(&self, out: &mut Writer, part: &Part) -> Option<()> {
        let rows = &self.page.rows;
        match part {
            Part::Typename(key) => out.pair(key, "RunConnection"),
            Part::Nodes(key, fields) => {
                out.raw(key);
                out.list(rows, |out, row| out.fields(fields, row))?;
            }
            Part::Edges(key, parts) => {
                out.raw(key);
                out.list(rows, |out, row| {
                    out.object(parts, |out, part| {
                        match part {
                            EdgePart::Typename(key) => out.pair(key, "RunEdge"),
                            EdgePart::Cursor(key) => {
                                out.raw(key);
                                self.cursor(out, row);
                            }
                            EdgePart::Node(key, fields) => {
                                out.raw(key);
                                out.fields(fields, row)?;
                            }
                        }
                        Some(())
                    })
                })?;
            }
            Part::PageInfo(key, fields) => {
                out.raw(key);
                out.object(fields, |out, (key, field)| {
                    out.raw(key);
                    match field {
                        PageField::Typename => out.json("PageInfo"),
                        PageField::HasNext => out.json(&self.page.has_next),
                        PageField::HasPrevious => out.json(&self.page.has_previous),
                        PageField::Start => self.cursor_or_null(out, rows.first()),
                        PageField::End => self.cursor_or_null(out, rows.last()),
                    }
                    Some(())
                })?;
            }
            Part::TotalCount(key) => {
                out.raw(key);
                out.json(&count(self.total));
            }
            Part::KindCounts(key, fields) => {
                out.raw(key);
                let of = |kind: &RunKind| (kind.as_str(), self.kinds.get(kind).copied());
                let counts: Vec<_> = RunKind::ALL.iter().map(of).collect();
                out.counts("RunKindCount", &counts, fields)?;
            }
            Part::StatusCounts(key, fields) => {
                out.raw(key);
                let of = |status: &RunStatus| (status.as_str(), self.statuses.get(status).copied());
                let counts: Vec<_> = RunStatus::ALL.iter().map(of).collect();
                out.counts("RunStatusCount", &counts, fields)?;
            }
        }
        Some(())
    }
}

struct Writer {
    bytes: Vec<u8>,
    now_ms: i64,
}

impl Writer {
    fn raw(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn json<T: Serialize + ?Sized>(&mut self, value: &T) {
        // Neither the type nor the buffer can fail.
        let _ = serde_json::to_writer(&mut self.bytes, value);
    }

    fn int(&mut self, number: i64) {
        self.json(&number);
    }

    fn pair(&mut self, key: &str, text: &str) {
        self.raw(key);
        self.json(text);
    }

    /// Writes parts between two marks, separated by commas.
    fn between<T>(
        &mut self,
        (open, close): (u8, u8),
        parts: &[T],
        mut part: impl FnMut(&mut Self, &T) -> Option<()>,
    ) -> Option<()> {
        self.bytes.push(open);
        for (at, item) in parts.iter().enumerate() {
            if at > 0 {
                self.bytes.push(b',');
            }
            part(self, item)?;
        }
        self.bytes.push(close);
        Some(())
    }

    fn object<T>(&mut self, parts: &[T], part: impl FnMut(&mut Self, &T) -> Option<()>) -> Option<()> {
        self.between((b'{', b'}'), parts, part)
    }

    fn list<T>(&mut self, items: &[T], item: impl FnMut(&mut Self, &T) -> Option<()>) -> Option<()> {
        self.between((b'[', b']'), items, item)
    }

    fn counts(
        &mut self,
        of: &str,
        counts: &[(&'static str, Option<i64>)],
        fields: &[(String, CountField)],
    ) -> Option<()> {
        self.list(counts, |out, (group, number)| {
            out.object(fields, |out, (key, field)| {
                out.raw(key);
                match field {
                    CountField::Typename => out.json(of),
                    CountField::Group => out.json(group),
                    CountField::Count => out.json(&count(number.unwrap_or_default())),
                }
                Some(())
            })
        })
    }

    fn fields(&mut self, fields: &[Field], row: &CellRow) -> Option<()> {
        self.object(fields, |out, field| {
            out.raw(&field.key);
            out.value(&field.value, row)
        })
    }

    fn value(&mut self, value: &Output, row: &CellRow) -> Option<()> {
        match value {
            Output::Typename(name) => self.json(name),
            Output::GlobalId(at) => {
                self.bytes.push(b'"');
                id::encode_to(&mut self.bytes, NodeType::Run, row.get(*at).int()?);
                self.bytes.push(b'"');
            }
            Output::Int(at) => match row.get(*at) {
                Cell::Null => self.null(),
                cell => self.int(cell.int()?.min(i32::MAX.into())),
            },
            Output::Long(at) => match row.get(*at) {
                Cell::Null => self.null(),
                cell => self.int(cell.int()?),
            },
            Output::Float(at) => match row.get(*at) {
                Cell::Null => self.null(),
                Cell::Real(number) => self.json(&number),
                Cell::Int(_) | Cell::Text(_) => return None,
            },
            Output::Text(at) => match row.get(*at) {
                Cell::Null => self.null(),
                cell => self.json(cell.text()?),
            },
            Output::Visible(at) => self.json(&visible(row.get(*at).text()?)),
            Output::Moment(at) => match row.get(*at) {
                Cell::Null => self.null(),
                cell => self.moment(cell.int()?)?,
            },
            Output::Json(at) => self.raw(row.get(*at).text()?),
            Output::Seconds(at) => self.json(&seconds(row.get(*at).int()?)),
            Output::Running { started_at, active_ms, active_since } => match row.get(*started_at) {
                Cell::Null => self.null(),
                _ => self.elapsed(row.get(*active_ms).int()?, row.get(*active_since)),
            },
            Output::Applying { apply_ms, apply_since } => match (row.get(*apply_ms).int()?, row.get(*apply_since)) {
                (0, Cell::Null) => self.null(),
                (milliseconds, since) => self.elapsed(milliseconds, since),
            },
            Output::Sum(one, other) => self.int(row.get(*one).int()? + row.get(*other).int()?),
            Output::CanCancel(at) => self.json(&row.get(*at).text()?.parse::<RunStatus>().ok()?.can_cancel()),
            Output::Object(fields) => self.fields(fields, row)?,
            Output::Budget(limits, fields) => {
                if limits.iter().all(|at| row.get(*at) == Cell::Null) {
                    self.null();
                } else {
                    self.fields(fields, row)?;
                }
            }
            Output::Waiting(at, fields) => match row.get(*at) {
                Cell::Null => self.null(),
                cell => self.waiting(&serde_json::from_str(cell.text()?).ok()?, fields)?,
            },
        }
        Some(())
    }

    fn null(&mut self) {
        self.raw("null");
    }

    fn waiting(&mut self, waiting: &Waiting, fields: &[(String, WaitField)]) -> Option<()> {
        self.object(fields, |out, (key, field)| {
            out.raw(key);
            match field {
                WaitField::Typename => out.json("RunWait"),
                WaitField::Reason => out.json(&visible(&waiting.reason)),
                WaitField::Since => out.json(&waiting.since.to_rfc3339()),
            }
            Some(())
        })
    }

    /// Writes the seconds of a span that may be open.
    fn elapsed(&mut self, milliseconds: i64, since: Cell<'_>) {
        let open = since.int().map_or(0, |since| (self.now_ms - since).max(0));
        self.json(&seconds(milliseconds + open));
    }

    fn moment(&mut self, milliseconds: i64) -> Option<()> {
        self.bytes.push(b'"');
        write_rfc3339(&mut self.bytes, milliseconds)?;
        self.bytes.push(b'"');
        Some(())
    }
}
