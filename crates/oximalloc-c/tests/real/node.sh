# Node.js: a garbage-collected heap beside native buffers, compression and worker threads.
# needs: node
set -eu

node "$HERE/work.js" "$SCALE"
