# Writes a C program of `functions` functions, and at its end what it must print: every function is computed here too.
# All arithmetic is modulo 2^31 and below 2^53, so that awk's numbers are exact.
function random(n) {
  state = (state * 16807) % 2147483647
  return state % n
}

function modulo(x) {
  return x - int(x / 2147483648) * 2147483648
}

BEGIN {
  state = 20240229
  print "#include <stdint.h>\n#include <stdio.h>\n#include <string.h>\n"
  print "struct record { uint64_t number; char name[24]; uint32_t counts[8]; };\n"
  total = 0
  for (f = 0; f < functions; f++) {
    start = random(1000000)
    expected = start
    printf "static __attribute__((noinline)) uint64_t f%d(struct record* r, uint64_t x) {\n", f
    printf "  char name[24];\n  snprintf(name, sizeof name, \"record %%d\", %d);\n", f
    print "  memcpy(r->name, name, sizeof name);"
    for (i = 0; i < 2; i++) {
      a = random(4095) + 1
      b = random(1000000)
      rounds = random(6) + 2
      printf "  for (unsigned i = 0; i < %du; i++) {\n", rounds
      printf "    x = (x * %du + %du + i) & 0x7fffffff;\n", a, b
      printf "    r->counts[(x >> 3) & 7] += (uint32_t)x;\n"
      printf "    if (x & 1u) x = (x + %du) & 0x7fffffff; else r->number ^= x;\n  }\n", b
      for (k = 0; k < rounds; k++) {
        expected = modulo(expected * a + b + k)
        if (expected % 2 == 1) expected = modulo(expected + b)
      }
    }
    printf "  return strcmp(r->name, \"record %d\") == 0 ? x : 0;\n}\n\n", f
    starts[f] = start
    total = modulo(total + expected)
  }
  print "int main(void) {\n  struct record r = {0};\n  uint64_t total = 0;"
  for (f = 0; f < functions; f++) printf "  total = (total + f%d(&r, %d)) & 0x7fffffff;\n", f, starts[f]
  print "  printf(\"%llu\\n\", (unsigned long long)total);\n  return 0;\n}"
  printf "/* prints %d */\n", total
}
