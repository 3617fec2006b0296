# SQLite: a table in memory, with indexes, joins, sorting and text.
# needs: sqlite3
set -eu

rows=$((200000 * SCALE / 100))
sqlite3 :memory: <<SQL
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, grp INTEGER, weight REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $rows)
INSERT INTO item SELECT i, 'name ' || (i * 7919 % 10007) || substr('abcdefghijklmnopqrstuvwxyz', i % 20), i % 97, i * 0.5 FROM n;
CREATE INDEX by_name ON item(name);
CREATE INDEX by_group ON item(grp, weight);
SELECT count(*), sum(id), min(name), max(name) FROM item;
SELECT grp, count(*), sum(weight), length(group_concat(name)) FROM item GROUP BY grp ORDER BY 3 DESC LIMIT 7;
SELECT count(*) FROM item a JOIN item b ON a.name = b.name AND a.id < b.id;
SELECT id, name FROM item ORDER BY name || id LIMIT 5 OFFSET 100;
UPDATE item SET name = upper(name) WHERE grp % 3 = 0;
DELETE FROM item WHERE grp % 5 = 1;
VACUUM;
PRAGMA integrity_check;
SELECT count(*), sum(length(name)) FROM item;
SQL
