# Python writes and reads 4 x AMOUNT JSON documents; with the argument `malloc` every object is asked from malloc,
# without it Python takes blocks of up to 512 bytes from arenas of its own.
set -eu
documents=$(($2 * 4))
# The interpreter itself: `python3` may be a script that looks for it.
python=$(python3 -c 'import sys; print(sys.executable)')
export PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
if [ "${3:-}" = malloc ]; then export PYTHONMALLOC=malloc; fi
"$BENCH_BIN/repeat" 1 printed "$python" "$BENCH_PROGRAMS/whole/json_documents.py" $documents > figures
echo "operations $documents"
cat figures
echo "checked $(cat printed)"
