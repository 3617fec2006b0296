# sqlite3 fills a database in memory with 2000 x AMOUNT rows, indexes, joins, groups and changes it.
set -eu
rows=$(($2 * 2000))
people=$((rows / 20))
cat > script.sql <<END
PRAGMA temp_store = memory;
CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, town TEXT);
CREATE TABLE sale (id INTEGER PRIMARY KEY, person INTEGER, amount INTEGER, note TEXT);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $people)
  INSERT INTO person SELECT i, 'person ' || i, 'town ' || (i * 7919 % 97) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $rows)
  INSERT INTO sale SELECT i, 1 + i * 7919 % $people, i * 31 % 1000,
    substr('a note of some length, longer for some than for others', 1, 5 + i % 50) || i FROM n;
COMMIT;
CREATE INDEX sale_person ON sale(person);
CREATE INDEX sale_note ON sale(note);
SELECT count(*), sum(amount), sum(length(note)) FROM sale;
SELECT count(*), sum(total) FROM
  (SELECT person.town, sum(sale.amount) AS total FROM sale JOIN person ON person.id = sale.person GROUP BY person.town);
SELECT count(*), sum(length(notes)) FROM (SELECT group_concat(upper(note), ', ') AS notes FROM sale GROUP BY person);
UPDATE sale SET note = note || ' changed' WHERE id % 3 = 0;
DELETE FROM sale WHERE id % 5 = 0;
SELECT count(*), sum(amount), sum(length(note)) FROM sale;
SELECT count(DISTINCT note) FROM sale;
PRAGMA integrity_check;
END
"$BENCH_BIN/repeat" 1 printed sqlite3 -batch -bail :memory: < script.sql > figures
# What arithmetic says of every line but the number of towns.
awk -v rows=$rows -v people=$people 'BEGIN {
  for (i = 1; i <= rows; i++) {
    letters = 5 + i % 50 + length(i)
    sum += i * 31 % 1000
    all += letters
    if (i % 5) { kept++; kept_sum += i * 31 % 1000; kept_letters += letters + (i % 3 ? 0 : 8) }
  }
  print rows "|" sum "|" all
  print "towns|" sum
  print people "|" all + 2 * (rows - people)
  print kept "|" kept_sum "|" kept_letters
  print kept
  print "ok"
}' > expected
if ! sed '2s/^[0-9]*/towns/' printed | cmp -s - expected; then
  echo "sqlite: it printed $(tr '\n' ' ' < printed), not $(tr '\n' ' ' < expected)" >&2
  exit 1
fi
echo "operations $rows"
cat figures
echo "checked $(cksum < printed | cut -d ' ' -f 1)"
