# Hundreds of short processes: each loads the library, allocates a little and ends.
# needs: awk sort sed tr cksum seq grep
set -eu

processes=$((400 * SCALE / 100 + 1))
i=0
while [ $i -lt $processes ]; do
    seq $i $((i + 20)) | sed "s/\$/ line $i/" | tr 'a-z' 'A-Z' | grep -c LINE
    i=$((i + 4))
done | sort | uniq -c

seq $((200000 * SCALE / 100)) | awk '{ count[$1 % 9973]++; text[$1 % 997] = text[$1 % 997] "x" }
    END { for (key in count) print key, count[key]; for (key in text) print key, length(text[key]) }' | sort | cksum
seq $((300000 * SCALE / 100)) | sort -r --parallel=4 -S 8M | cksum

# A background job and a pipe that is closed early.
(sleep 0.05; echo background) >later &
yes | head -n 3
wait
cat later
