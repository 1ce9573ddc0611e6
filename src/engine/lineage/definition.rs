//! Reads the definition of a view: which columns of which tables its columns select or compute. The expressions of
//! generated columns are read in the same way.
//!
//! The rule: nothing is guessed. A column whose source is not certain (a name that two tables have, a star over a table
//! that is not known, a statement that does not parse) has no origin. Names lead through aliases, subqueries, CTEs and
//! unions to tables and views of the catalog. To read one more kind of expression, add an arm to
//! [`Reader::expression`].

use std::{collections::HashMap, ops::ControlFlow};

use sqlparser::{
    ast::{
        Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, ObjectNamePart, Query, Select,
        SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Statement, TableFactor, TableWithJoins,
        visit_expressions,
    },
    dialect::{Dialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect},
    keywords::Keyword,
    parser::Parser,
    tokenizer::{Token, Tokenizer},
};

use crate::domain::{lineage::How, profile::DbBackend};

/// A table that a definition names; without a schema, it is found by the database's search path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Named {
    /// The schema, if it is named.
    pub schema: Option<String>,
    /// The table or view.
    pub table: String,
}

/// Where a column of a definition comes from, by names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// How it comes from the sources.
    pub how: How,
    /// The tables and columns, each once.
    pub sources: Vec<(Named, String)>,
}

/// The most parts that a definition may nest, and its longest text, in bytes.
const DEEPEST: usize = 40;
const LONGEST: usize = 256 * 1024;
/// The most columns that a query may have; no database allows more.
const MOST_COLUMNS: usize = 5_000;
/// The most tokens in one chain, with the chains around it.
const LONGEST_CHAIN: usize = 400;

/// Returns the tables that a definition reads; empty if it does not parse.
pub fn tables_of(definition: &str, backend: DbBackend) -> Vec<Named> {
    let Some(query) = parse(definition, backend) else { return Vec::new() };
    let mut found = Vec::new();
    let _ = sqlparser::ast::visit_relations(&*query, |name| {
        if let Some(named) = named(name)
            && !found.contains(&named)
        {
            found.push(named);
        }
        ControlFlow::<()>::Continue(())
    });
    found
}

/// Returns the origin of each column of a definition, by position. `columns` gives the columns of a table in order, if
/// they are known.
pub fn origins(
    definition: &str,
    backend: DbBackend,
    columns: &dyn Fn(&Named) -> Option<Vec<String>>,
) -> Vec<Option<Origin>> {
    let reader = Reader { columns };
    let read = parse(definition, backend).and_then(|query| reader.query(&query, &Scope::default(), 0));
    read.map_or_else(Vec::new, |relation| relation.columns.into_iter().map(|(_, origin)| origin).collect())
}

/// Returns the origin of a column that a table computes from its own columns.
pub fn origin_of_generated(expression: &str, backend: DbBackend, table: &Named, columns: &[String]) -> Option<Origin> {
    let expression = parser(expression, backend)?.parse_expr().ok()?;
    let source = |column: &String| (column.clone(), Some(Origin::of((table.clone(), column.clone()))));
    let relation = Relation { columns: columns.iter().map(source).collect(), open: None };
    let scope = Scope { queries: HashMap::new(), relations: vec![(table.table.clone(), relation)] };
    Reader { columns: &|_| None }.computed(&expression, &scope, How::Computed)
}

fn parser(sql: &str, backend: DbBackend) -> Option<Parser<'static>> {
    if sql.len() > LONGEST {
        return None;
    }
    let dialect: &'static dyn Dialect = match backend {
        DbBackend::Sqlite => &SQLiteDialect {},
        DbBackend::Postgres => &PostgreSqlDialect {},
        DbBackend::MySql => &MySqlDialect {},
    };
    let tokens = Tokenizer::new(dialect, sql).tokenize().ok()?;
    is_shallow(&tokens).then(|| Parser::new(dialect).with_recursion_limit(DEEPEST).with_tokens(tokens))
}

/// Returns whether the tree of these tokens is shallow enough for every step that walks it. The parser's own limit
/// counts parentheses, but not the links of a chain (`a AND b AND …`), of which each is a level of the tree.
fn is_shallow(tokens: &[Token]) -> bool {
    // For each open parenthesis: the tokens since the last comma or clause, and the set operations.
    let mut levels = vec![(0_usize, 0_usize)];
    let mut depth = 0_usize;
    for token in tokens {
        let Some((links, sets)) = levels.last_mut() else { return true };
        match token {
            Token::Whitespace(_) => continue,
            Token::LParen => levels.push((0, 0)),
            Token::RParen => {
                depth = depth.saturating_sub(*links + *sets);
                levels.pop();
            }
            Token::Word(word) if matches!(word.keyword, Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT) => {
                *sets += 1;
                depth += 1;
            }
            Token::Comma => depth = depth.saturating_sub(std::mem::take(links)),
            Token::Word(word) if matches!(word.keyword, Keyword::SELECT | Keyword::FROM | Keyword::JOIN) => {
                depth = depth.saturating_sub(std::mem::take(links));
            }
            _ => {
                *links += 1;
                depth += 1;
            }
        }
        if depth > LONGEST_CHAIN {
            return false;
        }
    }
    true
}

fn parse(definition: &str, backend: DbBackend) -> Option<Box<Query>> {
    match parser(definition, backend)?.parse_statements().ok()?.into_iter().next()? {
        Statement::Query(query) => Some(query),
        Statement::CreateView(view) => Some(view.query),
        _ => None,
    }
}

/// A name as written: names in quotes keep their case, as others do, since databases compare them in their own ways.
fn named(name: &ObjectName) -> Option<Named> {
    let parts: Vec<String> = name
        .0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(ident) => Some(ident.value.clone()),
            ObjectNamePart::Function(_) => None,
        })
        .collect::<Option<_>>()?;
    let (table, before) = parts.split_last()?;
    Some(Named { schema: before.last().cloned(), table: table.clone() })
}

fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Rows with named columns.
#[derive(Debug, Clone, Default)]
struct Relation {
    columns: Vec<(String, Option<Origin>)>,
    /// The table whose columns are not known: it may have any.
    open: Option<Named>,
}

impl Relation {
    fn column(&self, name: &str) -> Option<Origin> {
        if let Some(table) = &self.open {
            return Some(Origin::of((table.clone(), name.to_owned())));
        }
        let mut found = self.columns.iter().filter(|(known, _)| same(known, name));
        let (_, origin) = found.next()?;
        if found.next().is_some() { None } else { origin.clone() }
    }

    fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|(known, _)| same(known, name))
    }
}

impl Origin {
    fn of(source: (Named, String)) -> Self {
        Self { how: How::Same, sources: vec![source] }
    }
}

/// What a query can name: its CTEs, and the relations of its FROM.
#[derive(Debug, Clone, Default)]
struct Scope {
    queries: HashMap<String, Relation>,
    relations: Vec<(String, Relation)>,
}

struct Reader<'a> {
    columns: &'a dyn Fn(&Named) -> Option<Vec<String>>,
}

impl Reader<'_> {
    fn query(&self, query: &Query, outer: &Scope, depth: usize) -> Option<Relation> {
        if depth > DEEPEST {
            return None;
        }
        let mut scope = Scope { queries: outer.queries.clone(), relations: Vec::new() };
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            // A recursive query does not know itself: what comes from its own rows has no origin.
            let relation = self.query(&cte.query, &scope, depth + 1).unwrap_or_default();
            let names = cte.alias.columns.iter().map(|column| column.name.value.clone()).collect();
            scope.queries.insert(cte.alias.name.value.to_lowercase(), renamed(relation, names));
        }
        self.body(&query.body, &scope, depth + 1)
    }

    fn body(&self, body: &SetExpr, scope: &Scope, depth: usize) -> Option<Relation> {
        match body {
            SetExpr::Select(select) => self.select(select, scope, depth),
            SetExpr::Query(query) => self.query(query, scope, depth),
            SetExpr::SetOperation { left, right, .. } => {
                let (left, right) = (self.body(left, scope, depth + 1)?, self.body(right, scope, depth + 1)?);
                let rest = right.columns.into_iter().map(|(_, origin)| origin).chain(std::iter::repeat(None));
                let both = left.columns.into_iter().zip(rest).map(|((name, one), other)| (name, merged(one, other)));
                Some(Relation { columns: both.collect(), open: None })
            }
            _ => None,
        }
    }

    fn select(&self, select: &Select, outer: &Scope, depth: usize) -> Option<Relation> {
        let mut scope = Scope { queries: outer.queries.clone(), relations: Vec::new() };
        for TableWithJoins { relation, joins } in &select.from {
            self.factor(relation, &mut scope, depth)?;
            for join in joins {
                self.factor(&join.relation, &mut scope, depth)?;
            }
        }
        let mut columns = Vec::new();
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expression) => {
                    columns.push((name_of(expression), self.expression(expression, &scope)));
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    columns.push((alias.value.clone(), self.expression(expr, &scope)));
                }
                SelectItem::Wildcard(_) => {
                    for (_, relation) in &scope.relations {
                        columns.extend(relation.open.is_none().then(|| relation.columns.clone())?);
                    }
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                    let table = named(name)?.table;
                    let (_, relation) = scope.relations.iter().find(|(alias, _)| same(alias, &table))?;
                    columns.extend(relation.open.is_none().then(|| relation.columns.clone())?);
                }
                _ => return None,
            }
            if columns.len() > MOST_COLUMNS {
                return None;
            }
        }
        Some(Relation { columns, open: None })
    }

    /// Adds what a part of FROM names. `None` if it is of a kind that is not read.
    fn factor(&self, factor: &TableFactor, scope: &mut Scope, depth: usize) -> Option<()> {
        let (alias, relation) = match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let table = named(name)?;
                let query = scope.queries.get(&table.table.to_lowercase()).filter(|_| table.schema.is_none());
                let relation = match query {
                    Some(relation) => relation.clone(),
                    None => match (self.columns)(&table) {
                        Some(columns) => {
                            let source = |column: &String| (table.clone(), column.clone());
                            let columns = columns.iter().map(|it| (it.clone(), Some(Origin::of(source(it))))).collect();
                            Relation { columns, open: None }
                        }
                        None => Relation { columns: Vec::new(), open: Some(table.clone()) },
                    },
                };
                (alias.as_ref().map_or(table.table, |alias| alias.name.value.clone()), relation)
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let relation = self.query(subquery, scope, depth + 1)?;
                // SQLite wants no alias.
                let columns = alias.iter().flat_map(|alias| &alias.columns);
                let names = columns.map(|column| column.name.value.clone()).collect();
                let alias = alias.as_ref().map(|alias| alias.name.value.clone());
                (alias.unwrap_or_default(), renamed(relation, names))
            }
            TableFactor::NestedJoin { table_with_joins, .. } => {
                self.factor(&table_with_joins.relation, scope, depth + 1)?;
                for join in &table_with_joins.joins {
                    self.factor(&join.relation, scope, depth + 1)?;
                }
                return Some(());
            }
            _ => return None,
        };
        scope.relations.push((alias, relation));
        Some(())
    }

    fn expression(&self, expression: &Expr, scope: &Scope) -> Option<Origin> {
        match expression {
            Expr::Identifier(name) => unqualified(name, scope),
            Expr::CompoundIdentifier(parts) => {
                let [.., table, column] = parts.as_slice() else { return None };
                let (_, relation) = scope.relations.iter().find(|(alias, _)| same(alias, &table.value))?;
                relation.column(&column.value)
            }
            Expr::Nested(inner) | Expr::Cast { expr: inner, .. } | Expr::Collate { expr: inner, .. } => {
                self.expression(inner, scope)
            }
            Expr::Function(function) => {
                let name = named(&function.name)?.table.to_lowercase();
                let arguments = match &function.args {
                    FunctionArguments::List(list) => list.args.as_slice(),
                    _ => &[],
                };
                let plain = |argument: &FunctionArg| match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(expression.clone()),
                    _ => None,
                };
                match name.as_str() {
                    "coalesce" | "ifnull" | "nullif" | "trim" | "rtrim" | "ltrim" => {
                        let [first, rest @ ..] = arguments else { return None };
                        let is_constant = |argument: &FunctionArg| matches!(plain(argument), Some(Expr::Value(_)));
                        if rest.iter().all(is_constant) {
                            return self.expression(&plain(first)?, scope);
                        }
                        self.computed(expression, scope, How::Computed)
                    }
                    "count" | "sum" | "avg" | "min" | "max" => {
                        self.computed(expression, scope, How::Aggregate(name.clone()))
                    }
                    _ => self.computed(expression, scope, How::Computed),
                }
            }
            Expr::Value(_) => None,
            // A subquery names tables of its own.
            Expr::Subquery(_) | Expr::Exists { .. } => None,
            _ => self.computed(expression, scope, How::Computed),
        }
    }

    /// The origin of an expression that uses several columns. `None` if any of them is not certain.
    fn computed(&self, expression: &Expr, scope: &Scope, how: How) -> Option<Origin> {
        let mut sources: Vec<(Named, String)> = Vec::new();
        let mut certain = true;
        let _ = visit_expressions(expression, |part| {
            let origin = match part {
                Expr::Identifier(name) => unqualified(name, scope),
                Expr::CompoundIdentifier(_) => self.expression(part, scope),
                Expr::Subquery(_) | Expr::Exists { .. } => None,
                _ => return ControlFlow::Continue(()),
            };
            let Some(origin) = origin else {
                certain = false;
                return ControlFlow::Break(());
            };
            for source in origin.sources {
                if !sources.contains(&source) {
                    sources.push(source);
                }
            }
            ControlFlow::Continue(())
        });
        let is_count_of_rows = matches!(&how, How::Aggregate(name) if name == "count");
        (certain && (!sources.is_empty() || is_count_of_rows)).then_some(Origin { how, sources })
    }
}

/// A column without a table: that of the only relation that has it.
fn unqualified(name: &Ident, scope: &Scope) -> Option<Origin> {
    if let [(_, only)] = scope.relations.as_slice() {
        return only.column(&name.value);
    }
    if scope.relations.iter().any(|(_, relation)| relation.open.is_some()) {
        return None;
    }
    let mut having = scope.relations.iter().filter(|(_, relation)| relation.has(&name.value));
    let (_, relation) = having.next()?;
    if having.next().is_some() { None } else { relation.column(&name.value) }
}

fn name_of(expression: &Expr) -> String {
    match expression {
        Expr::Identifier(name) => name.value.clone(),
        Expr::CompoundIdentifier(parts) => parts.last().map(|part| part.value.clone()).unwrap_or_default(),
        _ => String::new(),
    }
}

fn renamed(mut relation: Relation, names: Vec<String>) -> Relation {
    for ((name, _), new) in relation.columns.iter_mut().zip(names) {
        *name = new;
    }
    relation
}

/// The origin of a column of a union.
fn merged(one: Option<Origin>, other: Option<Origin>) -> Option<Origin> {
    let (mut one, other) = (one?, other?);
    if one.how != other.how {
        one.how = How::Computed;
    }
    for source in other.sources {
        if !one.sources.contains(&source) {
            one.sources.push(source);
        }
    }
    Some(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(named: &Named) -> Option<Vec<String>> {
        let columns: &[&str] = match named.table.as_str() {
            "orders" => &["id", "customer_id", "status", "placed_at", "total"],
            "customers" => &["id", "name", "email"],
            "archived_orders" => &["id", "customer_id", "status", "placed_at", "total"],
            _ => return None,
        };
        Some(columns.iter().map(|it| (*it).to_owned()).collect())
    }

    fn read(backend: DbBackend, definition: &str) -> Vec<String> {
        origins(definition, backend, &columns)
            .into_iter()
            .map(|origin| match origin {
                None => "-".to_owned(),
                Some(Origin { how, sources }) => {
                    let sources: Vec<String> = sources.iter().map(|it| format!("{}.{}", it.0.table, it.1)).collect();
                    let how = match how {
                        How::Same => String::new(),
                        How::Aggregate(name) => format!("{name} "),
                        How::Computed => "= ".to_owned(),
                        How::Partition => unreachable!("no definition says so"),
                    };
                    format!("{how}{}", sources.join(" "))
                }
            })
            .collect()
    }

    #[test]
    fn generated_columns_are_computed_from_columns_of_their_table() {
        let table = Named { schema: None, table: "lines".into() };
        let own = ["price", "Quantity", "total"].map(str::to_owned);
        for (backend, expression, expected) in [
            (DbBackend::Postgres, "((price)::numeric * (\"Quantity\")::numeric)", Some("price Quantity")),
            (DbBackend::MySql, "(`price` * `Quantity`)", Some("price Quantity")),
            (DbBackend::Sqlite, "round(price, 2)", Some("price")),
            (DbBackend::Sqlite, "price * unknown", None),
            (DbBackend::Sqlite, "price *", None),
        ] {
            let origin = origin_of_generated(expression, backend, &table, &own);
            let names = origin.map(|it| it.sources.into_iter().map(|it| it.1).collect::<Vec<_>>().join(" "));
            assert_eq!(names.as_deref(), expected, "{expression}");
        }
    }

    #[test]
    fn definitions_of_any_shape_are_survived() {
        for (first, part, last) in [
            ("SELECT id FROM orders WHERE 1", " AND 1", ""),
            ("SELECT 1", "+1", " FROM orders"),
            ("SELECT 1", "||x::text", " FROM orders"),
            ("SELECT id FROM orders", " UNION SELECT id FROM orders", ""),
            ("SELECT ", "(", ""),
            ("SELECT id FROM orders", " JOIN orders ON 1", ""),
            ("SELECT ", "CASE WHEN 1 THEN ", ""),
            ("SELECT ", "NOT ", "1"),
            ("SELECT x", "[1]", ""),
            ("SELECT x", "::text", ""),
            ("WITH a AS (SELECT * FROM orders)", ", a AS (SELECT a.*, a.* FROM a)", " SELECT * FROM a"),
        ] {
            let definition = format!("{first}{}{last}", part.repeat(40_000 / part.len()));
            for backend in [DbBackend::Sqlite, DbBackend::Postgres, DbBackend::MySql] {
                tables_of(&definition, backend);
                read(backend, &definition);
                let table = Named { schema: None, table: "orders".into() };
                let expression = definition.strip_prefix("SELECT ").unwrap_or(&definition);
                origin_of_generated(expression, backend, &table, &["x".to_owned()]);
            }
        }
    }

    #[test]
    fn columns_are_followed_to_their_tables() {
        let cases: [(&str, &[&str]); 12] = [
            (
                "SELECT o.id, c.name AS customer FROM orders o JOIN customers c ON c.id = o.customer_id",
                &["orders.id", "customers.name"],
            ),
            ("CREATE VIEW v AS SELECT * FROM customers", &["customers.id", "customers.name", "customers.email"]),
            ("CREATE VIEW v(a, b) AS SELECT name, status FROM orders, customers", &["customers.name", "orders.status"]),
            ("SELECT id FROM orders, customers", &["-"]),
            (
                "SELECT count(*), sum(o.total), max(placed_at) FROM orders o GROUP BY customer_id",
                &["count ", "sum orders.total", "max orders.placed_at"],
            ),
            (
                "SELECT coalesce(status, 'new'), CAST(total AS TEXT), upper(status), total * 2, 'x' FROM orders",
                &["orders.status", "orders.total", "= orders.status", "= orders.total", "-"],
            ),
            (
                "WITH big AS (SELECT id, total t FROM orders WHERE total > 9) \
                 SELECT b.t, x.n FROM big b JOIN (SELECT name n FROM customers) x",
                &["orders.total", "customers.name"],
            ),
            (
                "SELECT status FROM orders UNION ALL SELECT status FROM archived_orders",
                &["orders.status archived_orders.status"],
            ),
            ("SELECT u.anything FROM unknown u", &["unknown.anything"]),
            ("SELECT * FROM unknown", &[]),
            (
                "SELECT (SELECT max(id) FROM customers), CASE WHEN status = 'x' THEN total ELSE 0 END FROM orders",
                &["-", "= orders.status orders.total"],
            ),
            ("not sql at all", &[]),
        ];
        for (definition, expected) in cases {
            assert_eq!(read(DbBackend::Sqlite, definition), expected, "{definition}");
        }
        let postgres = " SELECT o.id,\n    c.name,\n    ((o.total)::numeric(10,2) * 1.2) AS gross,\n    \
                        (o.status)::text AS st\n   FROM (public.orders o\n     JOIN public.customers c \
                        ON ((c.id = o.customer_id)));";
        let expected = ["orders.id", "customers.name", "= orders.total", "orders.status"];
        assert_eq!(read(DbBackend::Postgres, postgres), expected);
        let mysql = "select `o`.`id` AS `id`,`c`.`name` AS `name`,sum(`o`.`total`) AS `s` from (`shop`.`orders` `o` \
                     join `shop`.`customers` `c` on((`c`.`id` = `o`.`customer_id`))) group by `o`.`id`";
        assert_eq!(read(DbBackend::MySql, mysql), ["orders.id", "customers.name", "sum orders.total"]);
    }
}
