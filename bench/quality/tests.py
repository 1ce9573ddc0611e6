"""Tests of what the figures rest on: in `bench`, `quality/target/venv/bin/python -m unittest quality.tests`."""

import unittest

from . import english, figures, floor, references, sql
from .model import Column, Database, ForeignKey, Table, plain

SHOP = Database(
    "shop",
    "",
    [
        Table("customers", [Column("id", "int")], ["id"]),
        Table("order_lines", [Column("id", "int"), Column("buyer", "int"), Column("note", "text")], ["id"]),
        Table("products", [Column("id", "int")], ["id"]),
    ],
)
SHOP.tables[1].foreign_keys.append(ForeignKey(["buyer"], "customers", ["id"]))


class References(unittest.TestCase):
    def test_reads_the_target_in_many_spellings(self):
        for text in (
            "Refers to the customer of the order line.",
            "Refers to the buyer of the order line, a customer (customers.id).",
            "Foreign key to `customers.id`.",
            "The buyer; references customers.",
            "Reference to a row of `shop.customers`.",
        ):
            self.assertEqual(references.targets(text, SHOP), ["customers"], text)
        listed = references.targets("Each row refers to a customer and a product.", SHOP, many=True)
        self.assertEqual(listed, ["customers", "products"])
        self.assertEqual(references.targets("Cross-reference customer. Referred to by products.", SHOP), [])

    def test_a_target_other_than_the_declared_one_is_wrong(self):
        table = SHOP.table("order_lines")
        check = lambda name, text, human=None: references.check(table, table.column(name), text, human, SHOP)
        self.assertEqual(check("buyer", "Refers to the customer."), ([], []))
        self.assertEqual(check("buyer", "Refers to the product."), (["products"], []))
        self.assertEqual(check("note", "Refers to the product."), ([], ["products"]))
        self.assertEqual(check("note", "Refers to the product.", "Key of products."), ([], []))


class Words(unittest.TestCase):
    def test_names_and_abbreviations_are_no_words(self):
        known = {"name", "of", "the", "and"}
        unknown = lambda text: english.unknown(text, {"uniquename"}, known)
        self.assertEqual(unknown("Uniquename of the `xyzzy`, ID x_y and USA (uniquename)."), ["uniquename"])
        self.assertEqual(english.foreign("The cell phone of the watch list.", set(), {"cell", "watchlist"}), ["phone"])
        self.assertEqual(unknown("Name. Referred to by abcde and uniquename. One of qwert or asdfg."), [])

    def test_the_floor_takes_names_apart(self):
        self.assertEqual(floor.text("order_lineItemID2"), "Order line item id2")

    def test_comments_become_plain(self):
        comment = "See <b>[this](http://x)</b><br>and\n :ref:`that` &amp; more"
        self.assertEqual(plain(comment), "See this and that & more")
        self.assertIsNone(plain("NA"))


class Sql(unittest.TestCase):
    def test_reads_tables_and_comments(self):
        script = """CREATE TABLE a ( id bigserial not null, primary key (id), -- the key
            n numeric(10,2) default '1,2' unique, constraint a_fk foreign key (n) references b (id) on delete cascade );
            COMMENT ON COLUMN a.n IS 'It''s n; really.'; COMMENT ON TABLE a IS NULL;"""
        (table,) = sql.tables(script)
        self.assertEqual([(one.name, one.type, one.nullable) for one in table.columns], [
            ("id", "bigint", False), ("n", "numeric(10,2)", True)])
        self.assertEqual((table.primary_key, table.columns[1].unique), (["id"], True))
        self.assertEqual(table.foreign_keys, [ForeignKey(["n"], "b", ["id"])])
        self.assertEqual(list(sql.comments(script)), [("column", ["a", "n"], "It's n; really.")])


class Likeness(unittest.TestCase):
    def test_an_equal_text_is_worth_100(self):
        self.assertEqual(figures.likeness("Name of the customer.", "Name of the customer."), (100, 100))


if __name__ == "__main__":
    unittest.main()
