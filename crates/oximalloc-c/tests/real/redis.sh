# A Redis server, asked by its benchmark over a socket; then what it answers.
# needs: redis-server redis-cli redis-benchmark
set -eu

socket="$PWD/s"
redis-server --port 0 --unixsocket "$socket" --save '' --appendonly no --io-threads 2 >server.log 2>server.err &
server=$!
ask() { redis-cli -s "$socket" "$@"; }
tries=0
until [ "$(ask ping 2>/dev/null)" = PONG ]; do
    tries=$((tries + 1))
    if [ $tries -gt 2000 ]; then
        cat server.log server.err >&2
        exit 1
    fi
    sleep 0.05
done

requests=$((60000 * SCALE / 100))
redis-benchmark -s "$socket" -q -n $requests -c 20 -P 8 -r 20000 -d 100 \
    -t set,get,incr,lpush,rpop,sadd,hset,zadd,mset >benchmark.log
echo "benchmark ends with $?"

ask flushall
ask set key "some value"
ask append key " and more"
ask get key
i=0
while [ $i -lt 20 ]; do
    ask rpush list "element $i" >/dev/null
    ask hset hash "field $i" "$i" >/dev/null
    ask zadd sorted $((i * 37 % 20)) "member $i" >/dev/null
    i=$((i + 1))
done
ask lrange list 0 -1
ask hgetall hash | sort
ask zrange sorted 0 -1 withscores
ask eval 'local t = {} for i = 1, 5000 do t[i] = i .. "x" end return #table.concat(t)' 0
ask debug reload 2>/dev/null >/dev/null || true
ask dbsize
ask shutdown nosave || true
code=0
wait $server || code=$?
echo "server ends with $code"
cat server.err >&2
