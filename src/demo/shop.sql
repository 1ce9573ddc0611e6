-- The demo shop. Everything here is made up: no person, address or company is real, mail goes to example.com,
-- telephone numbers and IP addresses are from the ranges that are kept free for examples.
-- Rows come from recursive counters and remainders, never from chance: the file is the same every time.
-- The older part of the shop (orders' lines, warehouse, segments) keeps the cryptic names of the system it came from.

CREATE TABLE cust_seg (
  cust_seg_cd TEXT PRIMARY KEY,
  seg_nm      TEXT NOT NULL,
  disc_pct    REAL NOT NULL DEFAULT 0
);
INSERT INTO cust_seg VALUES ('RTL', 'Retail', 0), ('B2B', 'Business', 0.05), ('VIP', 'Very important', 0.1), ('EDU', 'Education', 0.08);

CREATE TABLE customers (
  id                INTEGER PRIMARY KEY,
  first_name        TEXT NOT NULL,
  last_name         TEXT NOT NULL,
  email             TEXT NOT NULL UNIQUE,
  phone             TEXT,
  birth_date        TEXT,
  cust_seg_cd       TEXT NOT NULL REFERENCES cust_seg (cust_seg_cd),
  preferred_language TEXT NOT NULL,
  newsletter_opt_in INTEGER NOT NULL DEFAULT 0,
  loyalty_points    INTEGER NOT NULL DEFAULT 0,
  created_at        TEXT NOT NULL,
  last_login_at     TEXT
);
WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 240),
  named AS (
    SELECT n,
      json_extract('["Alba","Bruno","Celia","Dario","Elin","Farid","Greta","Hugo","Ines","Jonas","Kaya","Luca","Mira","Nils","Olga","Pavel","Rosa","Sven","Tara","Yusuf"]', '$[' || (n * 7 % 20) || ']') AS first_name,
      json_extract('["Abbott","Berger","Castell","Dumont","Eklund","Ferrow","Gallant","Hollis","Ivarsen","Janssen","Kestrel","Lindqvist","Marlow","Nordin","Okell","Pereda","Quill","Rosten","Sandoval","Tremlett","Ullman","Vance","Westby"]', '$[' || (n * 11 % 23) || ']') AS last_name
    FROM counter
  )
INSERT INTO customers
SELECT n, first_name, last_name, lower(first_name || '.' || last_name) || n || '@example.com',
  CASE WHEN n % 4 <> 0 THEN '+1 202 555 01' || printf('%02d', n % 100) END,
  CASE WHEN n % 3 <> 0 THEN date('1950-01-15', (n * 97 % 18250) || ' days') END,
  CASE WHEN n % 17 = 0 THEN 'VIP' WHEN n % 6 = 0 THEN 'B2B' WHEN n % 11 = 0 THEN 'EDU' ELSE 'RTL' END,
  CASE n % 5 WHEN 0 THEN 'de' WHEN 1 THEN 'fr' WHEN 2 THEN 'sv' ELSE 'en' END,
  n * 5 % 3 = 0, n * 37 % 900,
  datetime('2023-01-02 08:00:00', (n * 3) || ' days', (n * 47 % 600) || ' minutes'),
  CASE WHEN n % 7 <> 0 THEN datetime('2026-09-01 06:30:00', (n * 13 % 80) || ' days', (n * 31 % 900) || ' minutes') END
FROM named;

CREATE TABLE addresses (
  id           INTEGER PRIMARY KEY,
  customer_id  INTEGER NOT NULL REFERENCES customers (id),
  kind         TEXT NOT NULL CHECK (kind IN ('billing', 'shipping')),
  street       TEXT NOT NULL,
  city         TEXT NOT NULL,
  postal_code  TEXT NOT NULL,
  country_code TEXT NOT NULL,
  is_default   INTEGER NOT NULL DEFAULT 0
);
WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 320)
INSERT INTO addresses
SELECT n, CASE WHEN n <= 240 THEN n ELSE n * 3 % 240 + 1 END, CASE WHEN n <= 240 THEN 'shipping' ELSE 'billing' END,
  (n * 7 % 98 + 1) || ' ' || json_extract('["Harbour Street","Mill Lane","Station Road","Orchard Way","Castle Square","Bridge Street","Garden Row"]', '$[' || (n % 7) || ']'),
  json_extract('["Northwick","Ostbruck","Valmere","Lindhaven","Sorrento Bay","Kastelby","Montclair"]', '$[' || (n * 3 % 7) || ']'),
  printf('%05d', n * 3571 % 90000 + 10000),
  json_extract('["GB","DE","FR","SE","IT","DK","US"]', '$[' || (n * 3 % 7) || ']'),
  n <= 240
FROM counter;

CREATE TABLE categories (
  id         INTEGER PRIMARY KEY,
  parent_id  INTEGER REFERENCES categories (id),
  name       TEXT NOT NULL,
  slug       TEXT NOT NULL UNIQUE,
  sort_order INTEGER NOT NULL
);
INSERT INTO categories VALUES
  (1, NULL, 'Kitchen', 'kitchen', 1), (2, NULL, 'Garden', 'garden', 2), (3, NULL, 'Office', 'office', 3),
  (4, 1, 'Cookware', 'cookware', 1), (5, 1, 'Knives', 'knives', 2), (6, 1, 'Coffee', 'coffee', 3),
  (7, 2, 'Tools', 'tools', 1), (8, 2, 'Planters', 'planters', 2), (9, 2, 'Lighting', 'lighting', 3),
  (10, 3, 'Paper', 'paper', 1), (11, 3, 'Pens', 'pens', 2), (12, 3, 'Desks', 'desks', 3);

CREATE TABLE suppliers (
  id             INTEGER PRIMARY KEY,
  company_name   TEXT NOT NULL,
  contact_email  TEXT NOT NULL,
  website_url    TEXT,
  country_code   TEXT NOT NULL,
  lead_time_days INTEGER NOT NULL,
  vat_no         TEXT
);
WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 14)
INSERT INTO suppliers
SELECT n, json_extract('["Amber","Birch","Cobalt","Delta","Ember","Fjord","Granite","Hazel","Indigo","Juniper","Keel","Larch","Maple","North"]', '$[' || (n - 1) || ']') || ' Goods',
  'orders@supplier' || n || '.example.com', CASE WHEN n % 5 <> 0 THEN 'https://supplier' || n || '.example.com' END,
  json_extract('["SE","DE","NL","PT","PL"]', '$[' || (n % 5) || ']'), n * 5 % 21 + 2,
  CASE WHEN n % 4 <> 0 THEN 'EU' || printf('%09d', n * 7654321) END
FROM counter;

CREATE TABLE products (
  id              INTEGER PRIMARY KEY,
  sku             TEXT NOT NULL UNIQUE,
  name            TEXT NOT NULL,
  description     TEXT,
  category_id     INTEGER NOT NULL REFERENCES categories (id),
  supplier_id     INTEGER REFERENCES suppliers (id),
  price_cents     INTEGER NOT NULL,
  vat_rate        REAL NOT NULL,
  weight_g        INTEGER,
  attributes      TEXT,
  image_url       TEXT,
  is_active       INTEGER NOT NULL DEFAULT 1,
  created_at      TEXT NOT NULL,
  discontinued_at TEXT
);
WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 160),
  named AS (
    SELECT n,
      json_extract('["Oak","Steel","Linen","Copper","Stone","Glass","Bamboo","Slate"]', '$[' || (n % 8) || ']') AS material,
      json_extract('["Pan","Knife","Kettle","Trowel","Planter","Lantern","Notebook","Pen","Lamp","Shelf","Bowl"]', '$[' || (n * 5 % 11) || ']') AS thing
    FROM counter
  )
INSERT INTO products
SELECT n, 'SKU-' || printf('%05d', n * 137), material || ' ' || thing || ' No. ' || n,
  CASE WHEN n % 6 <> 0 THEN 'A ' || lower(thing) || ' of ' || lower(material) || ', made to be used every day.' END,
  n % 9 + 4, CASE WHEN n % 13 <> 0 THEN n % 14 + 1 END, (n * 311 % 9000) + 295, CASE WHEN n % 9 = 0 THEN 0.07 ELSE 0.2 END,
  CASE WHEN n % 10 <> 0 THEN n * 83 % 4000 + 40 END,
  json_object('material', lower(material), 'color', json_extract('["green","grey","white","black"]', '$[' || (n % 4) || ']')),
  CASE WHEN n % 8 <> 0 THEN 'https://img.example.com/p/' || n || '.jpg' END,
  n % 12 <> 0, datetime('2023-01-01 09:00:00', (n * 5) || ' days'),
  CASE WHEN n % 12 = 0 THEN datetime('2026-01-10 17:00:00', n || ' days') END
FROM named;

CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE);
INSERT INTO tags VALUES (1, 'new'), (2, 'bestseller'), (3, 'handmade'), (4, 'sale'), (5, 'organic'), (6, 'gift'), (7, 'limited'), (8, 'recycled');

CREATE TABLE product_tags (
  product_id INTEGER NOT NULL REFERENCES products (id),
  tag_id     INTEGER NOT NULL REFERENCES tags (id),
  PRIMARY KEY (product_id, tag_id)
);
INSERT INTO product_tags SELECT p.id, t.id FROM products p JOIN tags t ON (p.id * 3 + t.id * 5) % 7 = 0;

CREATE TABLE orders (
  id                  INTEGER PRIMARY KEY,
  order_number        TEXT NOT NULL UNIQUE,
  customer_id         INTEGER NOT NULL REFERENCES customers (id),
  shipping_address_id INTEGER NOT NULL REFERENCES addresses (id),
  status              TEXT NOT NULL CHECK (status IN ('new', 'paid', 'shipped', 'delivered', 'cancelled')),
  currency            TEXT NOT NULL,
  total_cents         INTEGER NOT NULL DEFAULT 0,
  item_count          INTEGER NOT NULL DEFAULT 0,
  gift_message        TEXT,
  notes               TEXT,
  placed_at           TEXT NOT NULL,
  shipped_at          TEXT,
  cancelled_at        TEXT
);
WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 700),
  placed AS (
    SELECT n, n * 17 % 240 + 1 AS customer_id,
      CASE WHEN n % 19 = 0 THEN 'cancelled' WHEN n > 690 THEN 'new' WHEN n > 670 THEN 'paid' WHEN n > 640 THEN 'shipped' ELSE 'delivered' END AS status,
      datetime('2024-12-23 07:00:00', (n - 1) || ' days', (n * 53 % 840) || ' minutes') AS placed_at
    FROM counter
  )
INSERT INTO orders
SELECT n, 'W' || printf('%06d', 100000 + n), customer_id, customer_id, status,
  CASE WHEN n % 10 = 0 THEN 'SEK' WHEN n % 4 = 0 THEN 'USD' ELSE 'EUR' END, 0, 0,
  CASE WHEN n % 23 = 0 THEN 'Happy birthday!' END, CASE WHEN n % 15 = 0 THEN 'Please leave it at the side door.' END, placed_at,
  CASE WHEN status IN ('shipped', 'delivered') THEN datetime(placed_at, (n % 4 + 1) || ' days') END,
  CASE WHEN status = 'cancelled' THEN datetime(placed_at, '5 hours') END
FROM placed;

CREATE TABLE ord_ln (
  ord_id       INTEGER NOT NULL REFERENCES orders (id),
  ln_no        INTEGER NOT NULL,
  prod_id      INTEGER NOT NULL REFERENCES products (id),
  qty          INTEGER NOT NULL,
  unit_prc_cts INTEGER NOT NULL,
  disc_pct     REAL NOT NULL DEFAULT 0,
  ln_sts_cd    TEXT NOT NULL,
  PRIMARY KEY (ord_id, ln_no)
);
INSERT INTO ord_ln
SELECT o.id, l.n, (o.id * 29 + l.n * 41) % 160 + 1, (o.id + l.n) % 4 + 1,
  (SELECT price_cents FROM products WHERE id = (o.id * 29 + l.n * 41) % 160 + 1),
  CASE WHEN (o.id + l.n) % 9 = 0 THEN 0.1 WHEN (o.id + l.n) % 14 = 0 THEN 0.25 ELSE 0 END,
  CASE o.status WHEN 'cancelled' THEN 'X' WHEN 'delivered' THEN 'C' ELSE 'O' END
FROM orders o JOIN (SELECT 1 AS n UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) l ON l.n <= o.id * 7 % 4 + 1;
UPDATE orders SET
  total_cents = (SELECT CAST(round(sum(qty * unit_prc_cts * (1 - disc_pct))) AS INTEGER) FROM ord_ln WHERE ord_id = orders.id),
  item_count = (SELECT sum(qty) FROM ord_ln WHERE ord_id = orders.id);

CREATE TABLE payments (
  id           INTEGER PRIMARY KEY,
  order_id     INTEGER NOT NULL REFERENCES orders (id),
  method       TEXT NOT NULL,
  amount_cents INTEGER NOT NULL,
  txn_ref      TEXT NOT NULL UNIQUE,
  is_refund    INTEGER NOT NULL DEFAULT 0,
  paid_at      TEXT NOT NULL
);
INSERT INTO payments (order_id, method, amount_cents, txn_ref, is_refund, paid_at)
SELECT id, CASE id % 4 WHEN 0 THEN 'invoice' WHEN 1 THEN 'wallet' ELSE 'card' END, total_cents,
  printf('%08x-%04x-4%03x-8%03x-%012x', id * 2654435761 % 4294967296, id * 40503 % 65536, id * 97 % 4096, id * 61 % 4096, id * 11400714819 % 281474976710656),
  0, datetime(placed_at, '12 minutes')
FROM orders WHERE status <> 'new';
INSERT INTO payments (order_id, method, amount_cents, txn_ref, is_refund, paid_at)
SELECT o.id, p.method, -p.amount_cents, substr(p.txn_ref, 1, 14) || '5' || substr(p.txn_ref, 16), 1, datetime(o.cancelled_at, '1 day')
FROM orders o JOIN payments p ON p.order_id = o.id WHERE o.status = 'cancelled';

CREATE TABLE wh (
  wh_cd TEXT PRIMARY KEY,
  wh_nm TEXT NOT NULL,
  lat   REAL NOT NULL,
  lon   REAL NOT NULL,
  tz    TEXT NOT NULL
);
INSERT INTO wh VALUES ('N1', 'North', 59.33, 18.06, 'Europe/Stockholm'), ('C1', 'Central', 52.37, 4.89, 'Europe/Amsterdam'), ('S1', 'South', 41.15, -8.61, 'Europe/Lisbon');

CREATE TABLE shipments (
  id              INTEGER PRIMARY KEY,
  order_id        INTEGER NOT NULL REFERENCES orders (id),
  wh_cd           TEXT NOT NULL REFERENCES wh (wh_cd),
  carrier         TEXT NOT NULL,
  tracking_number TEXT NOT NULL,
  weight_kg       REAL NOT NULL,
  dispatched_at   TEXT NOT NULL,
  delivered_at    TEXT
);
INSERT INTO shipments
SELECT o.id, o.id, CASE o.id % 3 WHEN 0 THEN 'N1' WHEN 1 THEN 'C1' ELSE 'S1' END,
  CASE o.id % 3 WHEN 0 THEN 'Harrier' WHEN 1 THEN 'Swiftpost' ELSE 'Bluebox' END, 'TRK' || printf('%010d', o.id * 7919),
  round(coalesce((SELECT sum(l.qty * p.weight_g) FROM ord_ln l JOIN products p ON p.id = l.prod_id WHERE l.ord_id = o.id), 0) / 1000.0 + 0.2, 2),
  o.shipped_at, CASE o.status WHEN 'delivered' THEN datetime(o.shipped_at, (o.id % 5 + 1) || ' days') END
FROM orders o WHERE o.shipped_at IS NOT NULL;

CREATE TABLE inv_mv (
  mv_id   INTEGER PRIMARY KEY,
  prod_id INTEGER NOT NULL REFERENCES products (id),
  wh_cd   TEXT NOT NULL REFERENCES wh (wh_cd),
  mv_typ  TEXT NOT NULL,
  qty_dlt INTEGER NOT NULL,
  mv_ts   INTEGER NOT NULL,
  ref_no  TEXT,
  usr_cd  TEXT NOT NULL,
  xq7     INTEGER
);
WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 1200)
INSERT INTO inv_mv
SELECT n, n * 29 % 160 + 1, CASE n % 3 WHEN 0 THEN 'N1' WHEN 1 THEN 'C1' ELSE 'S1' END,
  CASE WHEN n % 50 = 0 THEN 'ADJ' WHEN n % 5 = 0 THEN 'RCV' WHEN n % 31 = 0 THEN 'RTN' ELSE 'PCK' END,
  CASE WHEN n % 50 = 0 THEN -(n % 7) - 1 WHEN n % 5 = 0 THEN n * 3 % 80 + 20 WHEN n % 31 = 0 THEN 1 ELSE -(n % 4) - 1 END,
  1734900000 + n * 50000, CASE WHEN n % 5 <> 0 THEN 'W' || printf('%06d', 100000 + n * 7 % 700 + 1) END, 'u' || printf('%02d', n % 12), n * 5 % 13
FROM counter;

CREATE TABLE reviews (
  id                INTEGER PRIMARY KEY,
  product_id        INTEGER NOT NULL REFERENCES products (id),
  customer_id       INTEGER NOT NULL REFERENCES customers (id),
  rating            INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
  title             TEXT,
  body              TEXT,
  verified_purchase INTEGER NOT NULL,
  helpful_cnt       INTEGER NOT NULL DEFAULT 0,
  created_at        TEXT NOT NULL,
  UNIQUE (product_id, customer_id)
);
WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 360)
INSERT INTO reviews
SELECT n, n * 7 % 160 + 1, n * 13 % 240 + 1, json_extract('[5,4,5,3,4,5,2,4,1,5]', '$[' || (n * 3 % 10) || ']'), CASE WHEN n % 4 <> 0 THEN json_extract('["Does what it should","Better than I thought","Would buy again","Not for me"]', '$[' || (CASE WHEN n * 3 % 10 IN (6, 8) THEN 3 ELSE n % 3 END) || ']') END,
  CASE WHEN n % 3 <> 0 THEN 'Used it for ' || (n % 11 + 1) || ' weeks now.' END, n % 6 <> 0, n * 3 % 17,
  datetime('2025-02-01 10:00:00', n || ' days')
FROM counter;

CREATE TABLE web_evt (
  evt_id     TEXT PRIMARY KEY,
  sess_id    TEXT NOT NULL,
  cust_id    INTEGER REFERENCES customers (id),
  evt_typ    TEXT NOT NULL,
  pg_url     TEXT NOT NULL,
  ip_addr    TEXT NOT NULL,
  ua_str     TEXT NOT NULL,
  evt_ts_ms  INTEGER NOT NULL,
  load_ms    INTEGER,
  props_json TEXT
);
WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 800)
INSERT INTO web_evt
SELECT printf('%08x-%04x-4%03x-9%03x-%012x', n * 2246822519 % 4294967296, n * 30011 % 65536, n * 89 % 4096, n * 53 % 4096, n * 9876543211 % 281474976710656),
  printf('%016x', (n / 4 + 1) * 881726454631), CASE WHEN n % 3 <> 0 THEN n * 11 % 240 + 1 END,
  CASE WHEN n % 20 = 0 THEN 'checkout' WHEN n % 6 = 0 THEN 'add_to_cart' WHEN n % 4 = 0 THEN 'search' ELSE 'view' END,
  'https://shop.example.com/p/' || (n * 29 % 160 + 1), CASE WHEN n % 2 = 0 THEN '192.0.2.' ELSE '198.51.100.' END || (n * 37 % 254 + 1),
  CASE n % 3 WHEN 0 THEN 'Mozilla/5.0 (X11; Linux x86_64)' WHEN 1 THEN 'Mozilla/5.0 (Macintosh)' ELSE 'Mozilla/5.0 (iPhone)' END,
  1767225600000 + n * 987654, CASE WHEN n % 9 <> 0 THEN n * 17 % 2400 + 60 END,
  CASE WHEN n % 4 = 0 THEN json_object('query', 'lamp', 'results', n % 30) END
FROM counter;

CREATE INDEX orders_customer ON orders (customer_id, placed_at);
CREATE INDEX inv_mv_product ON inv_mv (prod_id, mv_ts);

CREATE VIEW customer_totals AS
SELECT c.id AS customer_id, c.first_name || ' ' || c.last_name AS customer_name, count(o.id) AS order_count,
  coalesce(sum(o.total_cents), 0) AS lifetime_value_cents, max(o.placed_at) AS last_order_at
FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.status <> 'cancelled'
GROUP BY c.id;

CREATE VIEW v_sales_by_month AS
SELECT strftime('%Y-%m', o.placed_at) AS month, cat.name AS category_name, sum(l.qty) AS units_sold,
  CAST(round(sum(l.qty * l.unit_prc_cts * (1 - l.disc_pct))) AS INTEGER) AS revenue_cents
FROM orders o JOIN ord_ln l ON l.ord_id = o.id JOIN products p ON p.id = l.prod_id JOIN categories cat ON cat.id = p.category_id
WHERE o.status <> 'cancelled'
GROUP BY 1, 2;
