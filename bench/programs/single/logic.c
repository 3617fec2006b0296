/* Simplifies logic functions given as sums of products, as programmable logic arrays need it: each product is a small
   set of bits in a block of its own, and the work is made of splitting, joining and comparing such sets (the method is
   in R. K. Brayton et al., Logic Minimization Algorithms for VLSI Synthesis, 1984). The results are compared with the
   function at random points. */
#include "single.h"

#define FUNCTIONS_PER_AMOUNT 60
#define USED 10 /* of the 16 to 79 variables, so many are in the function */
#define WORD_VARIABLES 32 /* two bits each: the product allows 0, allows 1 */
#define EVEN 0x5555555555555555u
#define POINTS 32
#define MOST_WORDS 4

/* A product of variables or their opposites: `words` words, of a function of `variables` variables. */
typedef uint64_t* Cube;

typedef struct {
  Cube* cubes;
  uint32_t count, room;
} Cover;

typedef struct {
  uint32_t variables, words;
} Space;

static uint64_t operations; /* sets made */

static Cube cube_new(const Space* space) {
  operations++;
  return (Cube)take(space->words * sizeof(uint64_t));
}

/* The product of nothing: it allows all. Bits beyond the variables are set everywhere. */
static Cube cube_full(const Space* space) {
  Cube cube = cube_new(space);
  memset(cube, 0xff, space->words * sizeof(uint64_t));
  return cube;
}

static Cube cube_copy(const Space* space, const uint64_t* from) {
  Cube cube = cube_new(space);
  memcpy(cube, from, space->words * sizeof(uint64_t));
  return cube;
}

static bool cube_is_full(const Space* space, const uint64_t* cube) {
  for (uint32_t i = 0; i < space->words; i++) {
    if (cube[i] != ~(uint64_t)0) return false;
  }
  return true;
}

/* Whether all that b allows is allowed by a. */
static bool contains(const Space* space, const uint64_t* a, const uint64_t* b) {
  for (uint32_t i = 0; i < space->words; i++) {
    if ((b[i] & ~a[i]) != 0) return false;
  }
  return true;
}

static bool same(const Space* space, const uint64_t* a, const uint64_t* b) {
  return memcmp(a, b, space->words * sizeof(uint64_t)) == 0;
}

/* Whether some point is allowed by both: every variable has a value left. */
static bool meet(const Space* space, const uint64_t* a, const uint64_t* b) {
  for (uint32_t i = 0; i < space->words; i++) {
    uint64_t both = a[i] & b[i];
    if (((both | both >> 1) & EVEN) != EVEN) return false;
  }
  return true;
}

/* 1: must be 0; 2: must be 1; 3: either. */
static unsigned literal(const uint64_t* cube, uint32_t variable) {
  return cube[variable / WORD_VARIABLES] >> (2 * (variable % WORD_VARIABLES)) & 3;
}

static void set_literal(uint64_t* cube, uint32_t variable, unsigned value) {
  uint64_t* word = &cube[variable / WORD_VARIABLES];
  unsigned shift = 2 * (variable % WORD_VARIABLES);
  *word = (*word & ~((uint64_t)3 << shift)) | (uint64_t)value << shift;
}

static void cover_push(Cover* cover, Cube cube) {
  if (cover->count == cover->room) {
    cover->room = cover->room == 0 ? 4 : cover->room * 2;
    cover->cubes = (Cube*)checked_block(realloc(cover->cubes, cover->room * sizeof(Cube)), cover->room * sizeof(Cube));
  }
  cover->cubes[cover->count++] = cube;
}

static void cover_remove(Cover* cover, uint32_t index) {
  give(cover->cubes[index]);
  cover->cubes[index] = cover->cubes[--cover->count];
}

static void cover_drop(Cover* cover) {
  for (uint32_t i = 0; i < cover->count; i++) give(cover->cubes[i]);
  give(cover->cubes);
}

/* Leaves out the cubes that another one contains. */
static void absorb(const Space* space, Cover* cover) {
  for (uint32_t i = 0; i < cover->count; i++) {
    for (uint32_t k = i + 1; k < cover->count;) {
      if (contains(space, cover->cubes[i], cover->cubes[k])) {
        cover_remove(cover, k);
      } else if (contains(space, cover->cubes[k], cover->cubes[i])) {
        Cube larger = cover->cubes[k];
        cover->cubes[k] = cover->cubes[i];
        cover->cubes[i] = larger;
        cover_remove(cover, k);
        k = i + 1;
      } else {
        k++;
      }
    }
  }
}

/* What is left of the cover where the variable has the value (1: 0, 2: 1). */
static Cover cofactor(const Space* space, const Cover* cover, uint32_t variable, unsigned value) {
  Cover result = {NULL, 0, 0};
  for (uint32_t i = 0; i < cover->count; i++) {
    if ((literal(cover->cubes[i], variable) & value) == 0) continue;
    Cube cube = cube_copy(space, cover->cubes[i]);
    set_literal(cube, variable, 3);
    cover_push(&result, cube);
  }
  return result;
}

/* The variable in which the cubes differ most; `variables` if there is none in any. */
static uint32_t split_variable(const Space* space, const Cover* cover) {
  uint32_t best = space->variables;
  uint64_t most = 0;
  for (uint32_t variable = 0; variable < space->variables; variable++) {
    uint64_t seen[4] = {0, 0, 0, 0};
    for (uint32_t i = 0; i < cover->count; i++) seen[literal(cover->cubes[i], variable)]++;
    uint64_t worth = seen[1] * seen[2] * 1000 + seen[1] + seen[2];
    if (worth > most) {
      most = worth;
      best = variable;
    }
  }
  return best;
}

/* Moves the cubes of `part`, with the variable bound to the value, to `all`; one that is in `other` too stays unbound
   there, and is left out here. */
static void join(const Space* space, Cover* all, Cover* part, Cover* other, uint32_t variable, unsigned value) {
  for (uint32_t i = 0; i < part->count; i++) {
    Cube cube = part->cubes[i];
    uint32_t k = 0;
    while (k < other->count && !same(space, cube, other->cubes[k])) k++;
    if (k < other->count) {
      cover_remove(other, k);
    } else {
      set_literal(cube, variable, value);
    }
    cover_push(all, cube);
  }
  part->count = 0;
}

/* Products for all that the cover does not allow. */
static Cover complement(const Space* space, const Cover* cover) {
  Cover result = {NULL, 0, 0};
  if (cover->count == 0) {
    cover_push(&result, cube_full(space));
    return result;
  }
  for (uint32_t i = 0; i < cover->count; i++) {
    if (cube_is_full(space, cover->cubes[i])) return result;
  }
  if (cover->count == 1) {
    for (uint32_t variable = 0; variable < space->variables; variable++) {
      unsigned value = literal(cover->cubes[0], variable);
      if (value == 3) continue;
      Cube cube = cube_full(space);
      set_literal(cube, variable, 3 - value);
      cover_push(&result, cube);
    }
    return result;
  }
  uint32_t variable = split_variable(space, cover);
  if (variable == space->variables) fail("a product was changed by somebody else");
  Cover halves[2];
  for (unsigned i = 0; i < 2; i++) {
    Cover part = cofactor(space, cover, variable, i + 1);
    absorb(space, &part);
    halves[i] = complement(space, &part);
    cover_drop(&part);
  }
  join(space, &result, &halves[0], &halves[1], variable, 1);
  join(space, &result, &halves[1], &halves[0], variable, 2);
  cover_drop(&halves[0]);
  cover_drop(&halves[1]);
  return result;
}

/* Frees each product of as many variables as it can do without: it must not meet what is not allowed. */
static Cover expand(const Space* space, const Cover* cover, const Cover* forbidden) {
  Cover result = {NULL, 0, 0};
  for (uint32_t i = 0; i < cover->count; i++) {
    Cube cube = cube_copy(space, cover->cubes[i]);
    for (uint32_t variable = 0; variable < space->variables; variable++) {
      if (literal(cube, variable) == 3) continue;
      Cube wider = cube_copy(space, cube);
      set_literal(wider, variable, 3);
      uint32_t k = 0;
      while (k < forbidden->count && !meet(space, wider, forbidden->cubes[k])) k++;
      give(k == forbidden->count ? cube : wider);
      if (k == forbidden->count) cube = wider;
    }
    cover_push(&result, cube);
  }
  absorb(space, &result);
  return result;
}

static bool allows(const Space* space, const Cover* cover, const uint64_t* point) {
  for (uint32_t i = 0; i < cover->count; i++) {
    if (contains(space, cover->cubes[i], point)) return true;
  }
  return false;
}

static void random_point(const Space* space, Random* random, uint64_t* point) {
  for (uint32_t i = 0; i < space->words; i++) point[i] = ~(uint64_t)0;
  for (uint32_t variable = 0; variable < space->variables; variable++) {
    set_literal(point, variable, 1 + random_below(random, 2));
  }
}

static Cover random_cover(const Space* space, Random* random, uint32_t count, uint32_t literals) {
  Cover cover = {NULL, 0, 0};
  for (uint32_t i = 0; i < count; i++) {
    Cube cube = cube_full(space);
    for (uint32_t k = 0; k < literals; k++) {
      uint32_t variable = random_below(random, USED) * (space->variables / USED);
      set_literal(cube, variable, 1 + random_below(random, 2));
    }
    cover_push(&cover, cube);
  }
  return cover;
}

static uint64_t simplify(Random* random) {
  Space space = {.variables = 16 + random_below(random, 64)};
  space.words = (space.variables + WORD_VARIABLES - 1) / WORD_VARIABLES;
  Cover cover = random_cover(&space, random, 10 + random_below(random, 20), 4);
  Cover outside = complement(&space, &cover);
  Cover simple = expand(&space, &cover, &outside);
  Cover outside_simple = complement(&space, &simple);
  uint64_t sum = mix(cover.count, outside.count);
  for (unsigned i = 0; i < POINTS; i++) {
    uint64_t point[MOST_WORDS];
    random_point(&space, random, point);
    bool in = allows(&space, &cover, point);
    if (allows(&space, &simple, point) != in) fail("the simplified function is another one");
    if (allows(&space, &outside, point) == in || allows(&space, &outside_simple, point) == in) {
      fail("the complement is not the complement");
    }
    sum = mix(sum, in);
  }
  sum = mix(mix(sum, simple.count), outside_simple.count);
  cover_drop(&cover);
  cover_drop(&outside);
  cover_drop(&simple);
  cover_drop(&outside_simple);
  return sum;
}

int main(int argc, char** argv) {
  Arguments arguments = read_single(argc, argv);
  uint64_t functions = arguments.amount * FUNCTIONS_PER_AMOUNT, sum = 0;
  Random random = random_from(11);
  double start = seconds_now();
  for (uint64_t i = 0; i < functions; i++) sum = mix(sum, simplify(&random));
  report_time(operations, seconds_now() - start);
  report_checked(sum);
}
