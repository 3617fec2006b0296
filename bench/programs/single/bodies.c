/* Bodies that attract each other, moved step by step; far ones act together through the cells of a tree (after
   J. Barnes, P. Hut, A hierarchical O(N log N) force-calculation algorithm, Nature 324, 1986). The tree is made anew in
   each step, a block of 120 bytes per cell; most of the time goes into arithmetic. Each step compares one body's force
   with the sum over all others. */
#include "single.h"

#define BODIES 1000
#define STEPS_PER_AMOUNT 2
#define OPENING 0.6 /* a cell acts as a whole if its width is less than this part of its distance */
#define SOFTENING 0.0025
#define TIME_STEP 0.001
#define DEEPEST 60

typedef struct {
  double at[3], velocity[3], force[3], mass;
} Body;

typedef struct Cell Cell;
struct Cell {
  Cell* parts[8];
  const Body* body; /* the only one inside, NULL if the cell is divided */
  double centre[3]; /* of mass: the sum of mass times place until `settle` */
  double mass;
  uint32_t tag, depth;
  uint64_t bodies;
};

static Body bodies[BODIES];
static uint32_t cells;

static double absolute(double x) { return x < 0 ? -x : x; }

static Cell* cell_new(const Body* body, uint32_t depth) {
  Cell* cell = (Cell*)take(sizeof(Cell));
  memset(cell, 0, sizeof(*cell));
  cell->body = body;
  cell->depth = depth;
  cell->tag = ++cells;
  return cell;
}

/* Which eighth of the cube around `middle` the place is in; `middle` becomes that of the eighth. */
static unsigned eighth(const double* at, double* middle, double half) {
  unsigned part = 0;
  for (int k = 0; k < 3; k++) {
    bool upper = at[k] >= middle[k];
    part |= (unsigned)upper << k;
    middle[k] += upper ? half / 2 : -half / 2;
  }
  return part;
}

static void insert(Cell* cell, const Body* body, const double* start, double half) {
  double middle[3] = {start[0], start[1], start[2]};
  for (;; half /= 2) {
    if (cell->depth == DEEPEST) fail("two bodies are at one place");
    if (cell->body != NULL) {
      double other[3] = {middle[0], middle[1], middle[2]};
      cell->parts[eighth(cell->body->at, other, half)] = cell_new(cell->body, cell->depth + 1);
      cell->body = NULL;
    }
    Cell** part = &cell->parts[eighth(body->at, middle, half)];
    if (*part == NULL) {
      *part = cell_new(body, cell->depth + 1);
      return;
    }
    cell = *part;
  }
}

static void settle(Cell* cell) {
  if (cell->body != NULL) {
    cell->mass = cell->body->mass;
    cell->bodies = 1;
    memcpy(cell->centre, cell->body->at, sizeof(cell->centre));
    return;
  }
  for (int i = 0; i < 8; i++) {
    const Cell* part = cell->parts[i];
    if (part == NULL) continue;
    settle(cell->parts[i]);
    cell->mass += part->mass;
    cell->bodies += part->bodies;
    for (int k = 0; k < 3; k++) cell->centre[k] += part->mass * part->centre[k];
  }
  for (int k = 0; k < 3; k++) cell->centre[k] /= cell->mass;
}

/* 1 / sqrt(square), by Newton's method from a guess that halves the exponent: the program needs no library for it. */
static double inverse_root(double square) {
  uint64_t bits = 0x5fe6eb50c7b537a9u - (load_word(&square) >> 1);
  double root;
  memcpy(&root, &bits, sizeof(root));
  for (int i = 0; i < 4; i++) root *= 1.5 - 0.5 * square * root * root;
  return root;
}

static void attract(const double* at, const double* centre, double mass, double* force) {
  double away[3], square = SOFTENING;
  for (int k = 0; k < 3; k++) {
    away[k] = centre[k] - at[k];
    square += away[k] * away[k];
  }
  double root = inverse_root(square);
  double strength = mass * root * root * root;
  for (int k = 0; k < 3; k++) force[k] += strength * away[k];
}

static void add_force(const Cell* cell, const Body* body, double width, double* force) {
  if (cell->body == body) return;
  double square = 0;
  for (int k = 0; k < 3; k++) square += (cell->centre[k] - body->at[k]) * (cell->centre[k] - body->at[k]);
  if (cell->body != NULL || width * width < OPENING * OPENING * square) {
    attract(body->at, cell->centre, cell->mass, force);
    return;
  }
  for (int i = 0; i < 8; i++) {
    if (cell->parts[i] != NULL) add_force(cell->parts[i], body, width / 2, force);
  }
}

/* Frees the tree; the result is the sum of the cells' tags. */
static uint64_t demolish(Cell* cell, uint32_t depth) {
  if (cell->depth != depth) fail("a cell was changed by somebody else");
  uint64_t sum = cell->tag;
  for (int i = 0; i < 8; i++) {
    if (cell->parts[i] != NULL) sum += demolish(cell->parts[i], depth + 1);
  }
  give(cell);
  return sum;
}

static void check_force(const Body* body) {
  double exact[3] = {0, 0, 0}, error = 0, size = 0;
  for (int i = 0; i < BODIES; i++) {
    if (&bodies[i] != body) attract(body->at, bodies[i].at, bodies[i].mass, exact);
  }
  for (int k = 0; k < 3; k++) {
    error += (exact[k] - body->force[k]) * (exact[k] - body->force[k]);
    size += exact[k] * exact[k];
  }
  if (!(error < 0.04 * (size + 1))) fail("a force is not what the bodies' sum says");
}

static void move_all(uint64_t number) {
  double half = 0, middle[3] = {0, 0, 0};
  for (int i = 0; i < BODIES; i++) {
    for (int k = 0; k < 3; k++) {
      double far = absolute(bodies[i].at[k]);
      if (far > half) half = far;
    }
  }
  half *= 1.001;
  cells = 0;
  Cell* root = cell_new(&bodies[0], 0);
  for (int i = 1; i < BODIES; i++) insert(root, &bodies[i], middle, half);
  settle(root);
  if (root->bodies != BODIES || absolute(root->mass - 1) > 1e-9) fail("bodies are missing in the tree");
  for (int i = 0; i < BODIES; i++) {
    memset(bodies[i].force, 0, sizeof(bodies[i].force));
    add_force(root, &bodies[i], 2 * half, bodies[i].force);
  }
  check_force(&bodies[number % BODIES]);
  uint64_t made = cells;
  if (demolish(root, 0) != made * (made + 1) / 2) fail("cells are missing in the tree");
  for (int i = 0; i < BODIES; i++) {
    for (int k = 0; k < 3; k++) {
      bodies[i].velocity[k] += TIME_STEP * bodies[i].force[k];
      bodies[i].at[k] += TIME_STEP * bodies[i].velocity[k];
    }
  }
}

static double random_part(Random* random) { return (double)(random_next(random) >> 11) * 0x1p-53; }

/* A ball, denser towards the middle, with small random velocities. */
static void place_all(void) {
  Random random = random_from(10);
  for (int i = 0; i < BODIES; i++) {
    double square;
    do {
      square = 0;
      for (int k = 0; k < 3; k++) {
        bodies[i].at[k] = 2 * random_part(&random) - 1;
        square += bodies[i].at[k] * bodies[i].at[k];
      }
    } while (square > 1);
    for (int k = 0; k < 3; k++) {
      bodies[i].at[k] *= square;
      bodies[i].velocity[k] = random_part(&random) - 0.5;
    }
    bodies[i].mass = 1.0 / BODIES;
  }
}

int main(int argc, char** argv) {
  Arguments arguments = read_single(argc, argv);
  uint64_t steps = arguments.amount * STEPS_PER_AMOUNT, made = 0, sum = 0;
  place_all();

  double start = seconds_now();
  for (uint64_t i = 0; i < steps; i++) {
    move_all(i);
    made += cells;
  }
  report_time(made, seconds_now() - start);

  for (int i = 0; i < BODIES; i++) {
    for (int k = 0; k < 3; k++) sum = mix(sum, load_word(&bodies[i].at[k]));
  }
  report_checked(sum);
}
