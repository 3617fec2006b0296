# redis-server, without persistence and on a socket in this folder, under redis-benchmark: 200 x AMOUNT each of SET,
# GET, LPUSH and LRANGE (100 elements), 20 connections, no pipelining. `seconds` is the client's whole run.
set -eu
requests=$(($2 * 200))
keys=1000
bytes=200
socket=$PWD/redis.socket
server=
stop() {
  if [ -n "$server" ]; then
    kill "$server" 2> /dev/null || true
    wait "$server" 2> /dev/null || true
  fi
}
trap stop EXIT
trap 'exit 1' HUP INT TERM

fail() {
  echo "redis: $1" >&2
  exit 1
}
ask() {
  redis-cli -s "$socket" "$@"
}

# Debian's server is linked with jemalloc: the C library in front of it is what "without a library" has to mean.
library=$BENCH_PRELOAD
if [ -z "$library" ]; then
  library=$(ldd "$(command -v redis-server)" | awk '$1 == "libc.so.6" { print $3 }')
fi
# If this script is killed, the server goes too.
setpriv --pdeathsig KILL env LD_PRELOAD="$library" redis-server --port 0 --unixsocket "$socket" \
  --save '' --appendonly no --daemonize no --jemalloc-bg-thread no \
  --dir "$PWD" --loglevel warning > server.log 2>&1 &
server=$!
tries=0
until [ "$(ask ping 2> /dev/null)" = PONG ]; do
  tries=$((tries + 1))
  if [ $tries -gt 100 ] || ! kill -0 $server 2> /dev/null; then
    fail "the server does not answer: $(tail -n 1 server.log)"
  fi
  sleep 0.05
done

# Every key is there before, and some others that the benchmark leaves alone.
awk -v keys=$keys 'BEGIN {
  for (i = 0; i < keys; i++) printf "SET key:%012d old\n", i
  for (i = 0; i < 500; i++) { printf "SET kept:%d value-", i; for (k = 0; k < i % 40; k++) printf "%d", i; print "" }
  print "SET kept:last", "end"
}' | ask > answers
if [ "$(grep -c '^OK' answers)" != 1501 ]; then fail "the server did not take the keys"; fi

BENCH_PRELOAD= "$BENCH_BIN/repeat" 1 benchmark redis-benchmark -s "$socket" -c 20 -n $requests -r $keys -d $bytes \
  --precision 3 -t set,get,lpush,lrange_100 > figures

peak=$(awk '/^VmHWM/ { print $2 }' /proc/$server/status)
[ "$(ask dbsize)" = $((keys + 501 + 1)) ] || fail "DBSIZE is $(ask dbsize), not $((keys + 502))"
# LRANGE has a list pushed first, once more as long.
length=$(ask llen mylist)
[ "$length" = $((requests * 2)) ] || fail "the list has $length elements, not $((requests * 2))"
for i in 0 1 39 499; do
  value=$(awk -v i=$i 'BEGIN { printf "value-"; for (k = 0; k < i % 40; k++) printf "%d", i }')
  [ "$(ask get kept:$i)" = "$value" ] || fail "kept:$i is not what was set"
done
values=$(ask lrange mylist 0 -1 | sort -u)
[ ${#values} = $bytes ] || fail "the list's elements are not all the one that was pushed"

echo "operations $((requests * 4))"
grep '^seconds' figures
echo "peak_kib $peak"
if [ "${BENCH_LATENCY:-}" = 1 ]; then
  # The client's list of percentiles, in ms: of each of the seven the first listed that is not below it (50, 93.75,
  # 99.22, 99.90, 99.994, 99.9992, 100), or the largest if the list ends before.
  tr '\r' '\n' < benchmark | awk '
    /^====== / {
      name = $2
      if (name ~ /\(/ || $0 ~ /LRANGE/) name = $0 ~ /needed/ ? "" : "LRANGE"
      delete at; count = 0
    }
    /^[0-9.]+% <= [0-9.]+ milliseconds \(cumulative/ && !ended { count++; share[count] = $1 + 0; ms[count] = $3 }
    /^Latency by percentile/ { ended = 0; count = 0 }
    /^Cumulative distribution/ {
      ended = 1
      if (name != "") {
        line = "latency " tolower(name)
        wanted = split("50 90 99 99.9 99.99 99.999 100", w, " ")
        for (i = 1; i <= wanted; i++) {
          for (k = 1; k < count && share[k] < w[i] + 0; k++) continue
          line = line sprintf(" %d", ms[k] * 1000000)
        }
        print line
      }
    }'
fi
echo "checked $length-$(echo "$values" | cksum | cut -d ' ' -f 1)"
