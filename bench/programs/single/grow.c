/* Vectors grown by realloc, many at once and in random turns; what was written must still be there after each move.
   ARGS: half (from 16 bytes to 1 MiB by half of the size each time) or append (by 16 to 512 bytes each time, up to
   64 KiB). */
#include "single.h"

#define VECTORS 64
#define STRIDE 256 /* a word is written at every multiple, and verified at the end */

typedef struct {
  const char* name;
  uint64_t steps_per_amount;
  uint32_t first, most; /* bytes */
  bool by_half;
} Growth;

static const Growth growths[2] = {
  {"half", 800, 16, 1 << 20, true},
  {"append", 28000, 32, 64 << 10, false},
};

typedef struct {
  unsigned char* at;
  uint32_t size;
  uint32_t tag;
} Vector;

static Vector vectors[VECTORS];

static uint32_t next_stride(uint32_t size) { return (size + STRIDE - 1) / STRIDE * STRIDE; }

/* Writes the words of the bytes from `old` on, and the last word, which tells the size. */
static void fill(Vector* vector, uint32_t old) {
  for (uint32_t i = next_stride(old); i + 8 <= vector->size; i += STRIDE) {
    store_word(vector->at + i, word_of(vector->tag, i));
  }
  store_word(vector->at + vector->size - 8, ~word_of(vector->tag, vector->size));
}

/* Whether the last word of the vector's former size came along. */
static void check_moved(const Vector* vector, uint32_t old) {
  if (load_word(vector->at + old - 8) != ~word_of(vector->tag, old)) fail("realloc lost the end of a vector");
}

static uint64_t finish(Vector* vector) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i + 16 <= vector->size; i += STRIDE) {
    uint64_t word = load_word(vector->at + i);
    if (word != word_of(vector->tag, i)) fail("realloc lost a part of a vector");
    sum += word;
  }
  check_moved(vector, vector->size);
  give(vector->at);
  vector->at = NULL;
  return sum;
}

/* A multiple of 8, and such that the last word is not where a stride's word is. */
static uint32_t grown(const Growth* growth, uint32_t size, Random* random) {
  uint32_t next = growth->by_half ? (size + size / 2 + 7) / 8 * 8 : size + 16 + 8 * random_below(random, 63);
  if (next > growth->most) next = growth->most;
  return next % STRIDE == 8 ? next + 8 : next;
}

static uint64_t run(const Growth* growth, uint64_t steps) {
  Random random = random_from(3);
  uint64_t sum = 0;
  for (uint64_t i = 0; i < steps; i++) {
    Vector* vector = &vectors[random_below(&random, VECTORS)];
    if (vector->at != NULL && vector->size >= growth->most) sum += finish(vector);
    uint32_t old = vector->at == NULL ? 0 : vector->size;
    if (old == 0) vector->tag = (uint32_t)i;
    vector->size = old == 0 ? growth->first : grown(growth, old, &random);
    vector->at = (unsigned char*)checked_block(realloc(vector->at, vector->size), vector->size);
    if (old != 0) check_moved(vector, old);
    fill(vector, old);
  }
  for (unsigned i = 0; i < VECTORS; i++) {
    if (vectors[i].at != NULL) sum += finish(&vectors[i]);
  }
  return sum;
}

int main(int argc, char** argv) {
  Arguments arguments = read_single(argc, argv);
  const Growth* growth = NULL;
  for (int i = 0; i < 2; i++) {
    if (has_word(&arguments, growths[i].name)) growth = &growths[i];
  }
  if (growth == NULL) fail("ARGS: half|append");
  uint64_t steps = arguments.amount * growth->steps_per_amount;

  double start = seconds_now();
  uint64_t sum = run(growth, steps);
  report_time(steps, seconds_now() - start);
  report_checked(sum);
}
