# Python at work, with its small-object allocator and without it: then every object comes from the library.
# needs: python3
set -eu

python3 "$HERE/work.py" "$SCALE"
PYTHONMALLOC=malloc python3 "$HERE/work.py" "$SCALE"
