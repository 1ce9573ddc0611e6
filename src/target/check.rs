//! Parses what a check constraint demands of columns: the values that it allows, or comparisons.
//!
//! The rule: only a plain list of literals for one column counts (`x IN ('a', 'b')`, `x = ANY (ARRAY[1, 2])`, `x =
//! 'a'`), or comparisons with literals and other columns that all hold (`x >= 0 AND x < y`). An expression with
//! anything else, or a list beyond the limits, yields nothing: an incomplete list of allowed values would be worse than
//! none.

use crate::domain::catalog::{Bound, Comparison, Operand, Rules};

/// Maximum number of checks of a table that are kept, and of characters of each.
const CHECKS: usize = 20;
const CHECK_LENGTH: usize = 300;
/// Maximum length of an expression, in bytes; longer ones are not parsed.
pub(super) const EXPRESSION_LENGTH: usize = 20_000;
/// Maximum number of values in a list; longer lists are ignored.
const VALUES: usize = 200;
/// Maximum length of a value, in characters; lists with longer values are ignored.
const VALUE_LENGTH: usize = 200;
/// Maximum nesting depth of parentheses.
const DEPTH: usize = 16;
/// The same for comparisons, where each level is tried in two ways.
const COMPARED_DEPTH: usize = 8;

/// The syntax in which a database reports its expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Casts with `::`, lists as `= ANY (ARRAY[…])`, backslash escapes only in `E'…'`.
    Postgres,
    /// Names in backticks, backslash escapes in every text, character set introducers (`_utf8mb4'a'`).
    MySql,
    /// Expressions as their author wrote them: names in any quotes, no backslash escapes.
    Sqlite,
}

/// A column, as the expression spells it, and its allowed values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) column: String,
    pub(super) values: Vec<String>,
}

/// Parses an expression that lists values for one column. Returns `None` if it is anything else.
pub(super) fn parse(expression: &str, dialect: Dialect) -> Option<Check> {
    if expression.len() > EXPRESSION_LENGTH {
        return None;
    }
    let tokens: Vec<Token> = tokens(expression, dialect).map(|(token, _)| token).collect::<Option<_>>()?;
    if depth(&tokens) > DEPTH {
        return None;
    }
    let mut parser = Parser { tokens: &tokens, dialect };
    let check = parser.check()?;
    let fits = |value: &String| value.chars().count() <= VALUE_LENGTH;
    (parser.tokens.is_empty() && check.values.len() <= VALUES && check.values.iter().all(fits)).then_some(check)
}

/// Parses an expression of comparisons that all hold. Empty if it is anything else.
pub(super) fn bounds(expression: &str, dialect: Dialect) -> Vec<Bound> {
    let read = || {
        let short = (expression.len() <= EXPRESSION_LENGTH).then_some(expression)?;
        let tokens: Vec<Token> = tokens(short, dialect).map(|(token, _)| token).collect::<Option<_>>()?;
        let fits = depth(&tokens) <= COMPARED_DEPTH;
        let mut parser = Parser { tokens: &tokens, dialect };
        let bounds = fits.then(|| parser.bounds())??;
        parser.tokens.is_empty().then_some(bounds)
    };
    read().unwrap_or_default()
}

/// Adds a check to the rules of its table, unless it is a plain list, which its column has.
pub(super) fn add_to(rules: &mut Rules, expression: &str, dialect: Dialect) {
    if rules.checks.len() < CHECKS && parse(expression, dialect).is_none() {
        rules.checks.push(expression.trim().chars().take(CHECK_LENGTH).collect());
        rules.bounds.extend(bounds(expression, dialect));
    }
}

/// Returns the nesting depth of the parentheses.
fn depth(tokens: &[Token]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for token in tokens {
        match token {
            Token::Sign('(') => depth += 1,
            Token::Sign(')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// What the `CREATE TABLE` statement of SQLite says in expressions.
#[derive(Default)]
pub(super) struct Expressions<'s> {
    /// The checks, of columns and of the table.
    pub(super) checks: Vec<&'s str>,
    /// The columns that are computed, each with its expression.
    pub(super) generated: Vec<(String, &'s str)>,
}

/// Returns the expressions in a table's `CREATE TABLE` statement, as SQLite stores it.
pub(super) fn of_definition(sql: &str) -> Expressions<'_> {
    let found: Option<Vec<(Token, usize)>> =
        tokens(sql, Dialect::Sqlite).map(|(token, end)| Some((token?, end))).collect();
    let Some(tokens) = found else { return Expressions::default() };
    let (mut expressions, mut depth, mut open) = (Expressions::default(), 0_usize, None);
    // The name at the start of the present column.
    let mut column = None;
    for (at, (token, end)) in tokens.iter().enumerate() {
        let after = |keyword: &str| at > 0 && matches!(&tokens[at - 1].0, Token::Word(word) if is(word, keyword));
        match token {
            Token::Sign('(') => {
                depth += 1;
                if depth == 1 {
                    column = name_at(&tokens, at + 1);
                } else if depth == 2 && (after("CHECK") || after("AS")) {
                    open = Some((*end, after("CHECK")));
                }
            }
            Token::Sign(')') => {
                depth = depth.saturating_sub(1);
                if depth == 1
                    && let Some((start, is_check)) = open.take()
                {
                    let expression = &sql[start..end - 1];
                    if is_check {
                        expressions.checks.push(expression);
                    } else if let Some(column) = &column {
                        expressions.generated.push((column.to_owned(), expression));
                    }
                }
            }
            Token::Sign(',') if depth == 1 => column = name_at(&tokens, at + 1),
            _ => {}
        }
    }
    expressions
}

/// The name that stands at this place.
fn name_at(tokens: &[(Token, usize)], at: usize) -> Option<String> {
    match &tokens.get(at)?.0 {
        Token::Word(name) | Token::Name(name) | Token::Text(name) => Some(name.clone()),
        _ => None,
    }
}

/// Returns the values that every check of a column allows, in the first check's order. Empty if there are no checks.
pub(super) fn allowed(checks: impl IntoIterator<Item = Vec<String>>) -> Vec<String> {
    let mut checks = checks.into_iter();
    let first = checks.next().unwrap_or_default();
    checks.fold(first, |allowed, check| allowed.into_iter().filter(|value| check.contains(value)).collect())
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A keyword or an unquoted name.
    Word(String),
    /// A quoted name.
    Name(String),
    Text(String),
    Number(String),
    Sign(char),
    /// `::`
    Cast,
}

fn is(word: &str, keyword: &str) -> bool {
    word.eq_ignore_ascii_case(keyword)
}

/// Iterates over the tokens of an expression, each with its end offset. Yields `None` for an unterminated token and
/// skips comments.
fn tokens(text: &str, dialect: Dialect) -> impl Iterator<Item = (Option<Token>, usize)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = &text[at..];
            let space = rest.len() - rest.trim_start().len();
            let comment = match rest {
                _ if space > 0 => space,
                _ if rest.starts_with("--") => rest.find('\n').map_or(rest.len(), |end| end + 1),
                _ if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
                _ => break,
            };
            at += comment;
        }
        let first = text[at..].chars().next()?;
        let (token, length) = token(&text[at..], first, dialect);
        at += length;
        Some((token, at))
    })
}

/// Reads the first token of a text and returns it with its length.
fn token(text: &str, first: char, dialect: Dialect) -> (Option<Token>, usize) {
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let length_of = |belongs: &dyn Fn(char) -> bool| text.find(|c| !belongs(c)).unwrap_or(text.len());
    match first {
        '\'' => quoted(text, '\'', dialect == Dialect::MySql, Token::Text),
        'e' | 'E' if dialect == Dialect::Postgres && text[1..].starts_with('\'') => {
            let (token, length) = quoted(&text[1..], '\'', true, Token::Text);
            (token, length + 1)
        }
        '"' | '`' => quoted(text, first, false, Token::Name),
        '[' if dialect == Dialect::Sqlite => match text.find(']') {
            Some(end) => (Some(Token::Name(text[1..end].to_owned())), end + 1),
            None => (None, text.len()),
        },
        ':' if text.starts_with("::") => (Some(Token::Cast), 2),
        _ if first.is_ascii_digit() => {
            let length = length_of(&|c| word(c) || c == '.');
            (Some(Token::Number(text[..length].to_owned())), length)
        }
        _ if word(first) => {
            let length = length_of(&word);
            (Some(Token::Word(text[..length].to_owned())), length)
        }
        _ => (Some(Token::Sign(first)), first.len_utf8()),
    }
}

/// Reads a quoted text or name, in which a doubled quote stands for one quote.
fn quoted(text: &str, quote: char, backslashes: bool, token: fn(String) -> Token) -> (Option<Token>, usize) {
    let mut inner = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
            return (Some(token(inner)), at + quote.len_utf8());
        }
        if c != '\\' || !backslashes {
            inner.push(c);
            continue;
        }
        match chars.next() {
            Some((_, escaped @ ('\\' | '\'' | '"'))) => inner.push(escaped),
            Some((_, 'n')) => inner.push('\n'),
            Some((_, 'r')) => inner.push('\r'),
            Some((_, 't')) => inner.push('\t'),
            // Escapes of several characters (`\x41`, `\u0041`) are not supported.
            _ => return (None, text.len()),
        }
    }
    (None, text.len())
}

/// A part of a conjunction.
enum Term {
    /// Comparisons that all hold.
    Bounds(Vec<Bound>),
    /// `x IS NULL`
    IsNull(String),
}

struct Parser<'t> {
    tokens: &'t [Token],
    dialect: Dialect,
}

impl Parser<'_> {
    fn check(&mut self) -> Option<Check> {
        // Tries outer parentheses first; if they belong to the column itself, the position is restored.
        let before = self.tokens;
        if self.sign('(') {
            if let Some(check) = self.check()
                && self.sign(')')
            {
                return Some(check);
            }
            self.tokens = before;
        }
        let column = self.column()?;
        if self.keyword("IN") {
            return Some(Check { column, values: self.list('(', ')')? });
        }
        if !self.sign('=') {
            return None;
        }
        if self.dialect == Dialect::Postgres && self.keyword("ANY") {
            self.sign('(').then_some(())?;
            let values = self.array()?;
            return self.sign(')').then_some(Check { column, values });
        }
        Some(Check { column, values: vec![self.literal()?] })
    }

    /// Parses comparisons that are joined by `AND`, perhaps after `x IS NULL OR`.
    fn bounds(&mut self) -> Option<Vec<Bound>> {
        let mut bounds = match self.term()? {
            Term::Bounds(bounds) => bounds,
            Term::IsNull(column) => {
                self.keyword("OR").then_some(())?;
                let bounds = self.bounds()?;
                // What does not compare this column holds only in rows where it is not null.
                let compares = |bound: &Bound| bound.column == column || bound.than == Operand::Column(column.clone());
                return bounds.iter().all(compares).then_some(bounds);
            }
        };
        while self.keyword("AND") {
            match self.term()? {
                Term::Bounds(more) => bounds.extend(more),
                Term::IsNull(_) => return None,
            }
        }
        Some(bounds)
    }

    fn term(&mut self) -> Option<Term> {
        let before = self.tokens;
        if self.sign('(') {
            let inside = self.tokens;
            if let Some(term @ Term::IsNull(_)) = self.term()
                && self.sign(')')
            {
                return Some(term);
            }
            self.tokens = inside;
            if let Some(bounds) = self.bounds()
                && self.sign(')')
            {
                return Some(Term::Bounds(bounds));
            }
            self.tokens = before;
        }
        if let Some(value) = self.literal() {
            let is = self.comparator()?.reversed();
            return Some(Term::Bounds(vec![Bound { column: self.column()?, is, than: Operand::Value(value) }]));
        }
        self.tokens = before;
        let column = self.column()?;
        if self.keyword("BETWEEN") {
            let low = self.literal()?;
            self.keyword("AND").then_some(())?;
            let bound = |is, value| Bound { column: column.clone(), is, than: Operand::Value(value) };
            let high = self.literal()?;
            return Some(Term::Bounds(vec![bound(Comparison::AtLeast, low), bound(Comparison::AtMost, high)]));
        }
        if self.keyword("IS") {
            let is_required = self.keyword("NOT");
            self.keyword("NULL").then_some(())?;
            return Some(if is_required { Term::Bounds(Vec::new()) } else { Term::IsNull(column) });
        }
        let is = self.comparator()?;
        let before = self.tokens;
        if let Some(value) = self.literal() {
            return Some(Term::Bounds(vec![Bound { column, is, than: Operand::Value(value) }]));
        }
        self.tokens = before;
        let other = self.column()?;
        let bound = match is {
            Comparison::Above | Comparison::AtLeast => Bound { column, is, than: Operand::Column(other) },
            Comparison::Below | Comparison::AtMost => {
                Bound { column: other, is: is.reversed(), than: Operand::Column(column) }
            }
        };
        Some(Term::Bounds(vec![bound]))
    }

    fn comparator(&mut self) -> Option<Comparison> {
        let (strict, loose) = match self.next()? {
            Token::Sign('>') => (Comparison::Above, Comparison::AtLeast),
            Token::Sign('<') => (Comparison::Below, Comparison::AtMost),
            _ => return None,
        };
        Some(if self.sign('=') { loose } else { strict })
    }

    /// Parses a column name and the casts that PostgreSQL writes after it.
    fn column(&mut self) -> Option<String> {
        let column = if self.sign('(') {
            let column = self.column()?;
            self.sign(')').then_some(column)?
        } else {
            match self.next()? {
                Token::Word(word) if !is_reserved(&word) => word,
                Token::Name(name) => name,
                _ => return None,
            }
        };
        self.casts()?;
        Some(column)
    }

    /// Parses `ARRAY[…]` with casts, with or without parentheses around it.
    fn array(&mut self) -> Option<Vec<String>> {
        let values = if self.sign('(') {
            let values = self.array()?;
            self.sign(')').then_some(values)?
        } else if self.keyword("ARRAY") {
            self.list('[', ']')?
        } else {
            return None;
        };
        self.casts()?;
        Some(values)
    }

    fn list(&mut self, open: char, close: char) -> Option<Vec<String>> {
        self.sign(open).then_some(())?;
        let mut values = vec![self.literal()?];
        while self.sign(',') {
            values.push(self.literal()?);
        }
        self.sign(close).then_some(values)
    }

    /// Parses a text or number literal.
    fn literal(&mut self) -> Option<String> {
        let literal = if self.sign('(') {
            let literal = self.literal()?;
            self.sign(')').then_some(literal)?
        } else {
            match self.next()? {
                Token::Text(text) => text,
                Token::Word(set) if self.dialect == Dialect::MySql && set.starts_with('_') => match self.next()? {
                    Token::Text(text) => text,
                    _ => return None,
                },
                Token::Number(number) => number,
                Token::Sign('-') => match self.next()? {
                    Token::Number(number) => format!("-{number}"),
                    _ => return None,
                },
                _ => return None,
            }
        };
        self.casts()?;
        Some(literal)
    }

    /// Skips any number of casts (`::character varying(10)[]`).
    fn casts(&mut self) -> Option<()> {
        while self.dialect == Dialect::Postgres && self.tokens.first() == Some(&Token::Cast) {
            self.next();
            match self.next()? {
                Token::Word(word) if !is_reserved(&word) => {}
                Token::Name(_) => {}
                _ => return None,
            }
            loop {
                match self.tokens {
                    [Token::Word(word), ..] if !is_reserved(word) => self.tokens = &self.tokens[1..],
                    [Token::Sign('.'), Token::Word(_) | Token::Name(_), ..] => self.tokens = &self.tokens[2..],
                    [Token::Sign('('), Token::Number(_), Token::Sign(')'), ..] => self.tokens = &self.tokens[3..],
                    [Token::Sign('['), Token::Sign(']'), ..] => self.tokens = &self.tokens[2..],
                    _ => break,
                }
            }
        }
        Some(())
    }

    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    fn sign(&mut self, sign: char) -> bool {
        self.passes(|token| *token == Token::Sign(sign))
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        self.passes(|token| matches!(token, Token::Word(word) if is(word, keyword)))
    }

    fn passes(&mut self, is_wanted: impl Fn(&Token) -> bool) -> bool {
        let found = self.tokens.first().is_some_and(is_wanted);
        if found {
            self.tokens = &self.tokens[1..];
        }
        found
    }
}

/// Returns whether a word is a keyword rather than a column name.
fn is_reserved(word: &str) -> bool {
    ["AND", "ANY", "ARRAY", "BETWEEN", "CASE", "COLLATE", "IN", "IS", "LIKE", "NOT", "NULL", "OR"]
        .iter()
        .any(|reserved| is(word, reserved))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(expression: &str, dialect: Dialect) -> Option<(String, Vec<String>)> {
        parse(expression, dialect).map(|check| (check.column, check.values))
    }

    #[test]
    fn plain_lists_are_read_exactly() {
        use Dialect::{MySql, Postgres, Sqlite};
        for (expression, dialect, column, expected) in [
            (
                "((status)::text = ANY ((ARRAY['a'::character varying, 'it''s'::character varying])::text[]))",
                Postgres,
                "status",
                vec!["a", "it's"],
            ),
            ("(\"Sta tus\" = ANY (ARRAY['a, b'::text, E'c\\\\d'::text]))", Postgres, "Sta tus", vec!["a, b", "c\\d"]),
            ("(size = ANY (ARRAY[1, '-2'::integer, (-3), 4.5]))", Postgres, "size", vec!["1", "-2", "-3", "4.5"]),
            ("(hue = ANY (ARRAY['x'::paint.\"Hue\", 'y'::paint.\"Hue\"]))", Postgres, "hue", vec!["x", "y"]),
            ("(VALUE = 'only'::text)", Postgres, "VALUE", vec!["only"]),
            (
                "(made = ANY (ARRAY['2024-01-01'::timestamp(3) without time zone]))",
                Postgres,
                "made",
                vec!["2024-01-01"],
            ),
            ("(`status` in (_utf8mb4'new',_utf8mb4'it\\'s'))", MySql, "status", vec!["new", "it's"]),
            ("`size` in (1,-2,'a''b','c\\\\d')", MySql, "size", vec!["1", "-2", "a'b", "c\\d"]),
            ("status IN ('open', 'back\\slash', -1) -- (old)", Sqlite, "status", vec!["open", "back\\slash", "-1"]),
            ("[my col] /* sic */ in('x')", Sqlite, "my col", vec!["x"]),
        ] {
            let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(values(expression, dialect), Some((column.to_owned(), expected)), "{expression}");
        }
    }

    #[test]
    fn anything_else_gives_nothing() {
        let long = format!("x IN ('{}')", "a".repeat(VALUE_LENGTH + 1));
        let many = format!("x IN (1{})", ", 1".repeat(VALUES));
        for expression in [
            "x IN ('a', 'b') OR y = 1",
            "x NOT IN ('a')",
            "x IN ('a', NULL)",
            "x IN (SELECT y FROM z)",
            "x IN ('a', lower('b'))",
            "x COLLATE NOCASE IN ('a')",
            "x IN ('a' || 'b')",
            "lower(x) IN ('a')",
            "x IN (\"a\")",
            "x IN ('a'",
            "x IN ('a)",
            "x IN ()",
            "x > 1",
            "x <> 'a'",
            "x == 'a' AND 1",
            "((((x",
            "",
            long.as_str(),
            many.as_str(),
        ] {
            for dialect in [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite] {
                assert_eq!(values(expression, dialect), None, "{expression} {dialect:?}");
            }
        }
        for expression in ["x <> ALL (ARRAY['a'])", "x = ANY ('{a,b}'::text[])", "(x)::text ~ 'a'::text", "x = B'1'"] {
            assert_eq!(values(expression, Dialect::Postgres), None, "{expression}");
        }
        assert_eq!(values(&"(".repeat(EXPRESSION_LENGTH), Dialect::Sqlite), None);
    }

    #[test]
    fn a_definition_has_checks_of_columns_and_of_the_table() {
        let sql = "CREATE TABLE \"CHECK (\" (a TEXT CHECK (a IN ('x')) DEFAULT 'CHECK (b IN (1))', -- CHECK (c IN (1))
            b INT DEFAULT (1), CONSTRAINT named CHECK ((b) IN (1, 2)), CHECK (length(a) > 1))";
        let expressions = of_definition(sql);
        let lists = expressions.checks.iter().filter_map(|check| parse(check, Dialect::Sqlite));
        let found: Vec<(String, Vec<String>)> = lists.map(|check| (check.column, check.values)).collect();
        let expected = [("a", vec!["x"]), ("b", vec!["1", "2"])];
        assert_eq!(
            found,
            expected.map(|(column, values)| {
                (column.to_owned(), values.into_iter().map(str::to_owned).collect::<Vec<_>>())
            })
        );
    }

    #[test]
    fn a_definition_has_computed_columns() {
        let sql =
            "CREATE TABLE t (a INT, [b c] INT GENERATED ALWAYS AS (a * (2 + 1)) STORED, d AS (a), PRIMARY KEY (a))";
        let expected = [("b c".to_owned(), "a * (2 + 1)"), ("d".to_owned(), "a")];
        assert_eq!(of_definition(sql).generated, expected);
    }

    #[test]
    fn comparisons_are_read_exactly() {
        use Comparison::{Above, AtLeast, AtMost, Below};
        let value = |text: &str| Operand::Value(text.to_owned());
        let column = |text: &str| Operand::Column(text.to_owned());
        for (expression, dialect, expected) in [
            ("(quantity > (0)::numeric)", Dialect::Postgres, vec![("quantity", Above, value("0"))]),
            (
                "((rating >= 1) AND (rating <= 5))",
                Dialect::Postgres,
                vec![("rating", AtLeast, value("1")), ("rating", AtMost, value("5"))],
            ),
            (
                "(`rating` between 1 and 5)",
                Dialect::MySql,
                vec![("rating", AtLeast, value("1")), ("rating", AtMost, value("5"))],
            ),
            ("starts <= ends", Dialect::Sqlite, vec![("ends", AtLeast, column("starts"))]),
            ("0 < \"net weight\"", Dialect::Sqlite, vec![("net weight", Above, value("0"))]),
            (
                "((ended_on IS NULL) OR (ended_on > started_on))",
                Dialect::Postgres,
                vec![("ended_on", Above, column("started_on"))],
            ),
            (
                "(made < '2030-01-01'::date AND made IS NOT NULL)",
                Dialect::Postgres,
                vec![("made", Below, value("2030-01-01"))],
            ),
        ] {
            let expected: Vec<Bound> =
                expected.into_iter().map(|(at, is, than)| Bound { column: at.to_owned(), is, than }).collect();
            assert_eq!(bounds(expression, dialect), expected, "{expression}");
        }
        for expression in [
            "x > 0 OR y > 0",
            "NOT x > 0",
            "x > y + 1",
            "length(x) > 1",
            "x <> 1",
            "(x > 0 OR y > 0) AND z > 0",
            "x >= NULL",
            "x > 0 AND",
            "x IS NULL OR y IS NULL OR x > 0",
            "y > 0 AND x IS NULL OR x > 0",
            "x IS NULL OR x > 0 AND y > 0",
            "x IS NULL",
        ] {
            for dialect in [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite] {
                assert_eq!(bounds(expression, dialect), [], "{expression} {dialect:?}");
            }
        }
    }

    #[test]
    fn several_checks_allow_what_all_of_them_do() {
        let list = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        assert_eq!(allowed([list(&["a", "b", "c"]), list(&["c", "b"])]), ["b", "c"]);
        assert!(allowed([]).is_empty());
    }
}
