# gcc -O2 compiles a generated C program of AMOUNT functions; the program is then run and must print what its generator
# computed. Compiler and assembler have the library.
set -eu
awk -v functions="$2" -f "$BENCH_PROGRAMS/whole/generate_c.awk" > program.c
"$BENCH_BIN/repeat" 1 printed gcc -O2 -c -o program.o program.c > figures
gcc -o program program.o
expected=$(awk '/^\/\* prints / { print $3 }' program.c)
printed=$(./program)
if [ "$printed" != "$expected" ]; then
  echo "gcc: the compiled program prints $printed, not $expected" >&2
  exit 1
fi
echo "operations $2"
cat figures
# The object's bytes too: the compiler's choices must not depend on where its memory is.
echo "checked $printed-$(cksum < program.o | cut -d ' ' -f 1)"
