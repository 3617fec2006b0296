# Starts and ends a dynamic program 4 x AMOUNT times, one after another.
set -eu
runs=$(($2 * 4))
"$BENCH_BIN/repeat" $runs said "$BENCH_BIN/hello" > figures
lines=$(sort said | uniq -c | awk '{ print $1, $2, $3 }')
if [ "$lines" != "$runs hello, world" ]; then
  echo "hello: $runs runs said: $lines" >&2
  exit 1
fi
echo "operations $runs"
cat figures
echo "checked said-$runs"
