/* Binary trees of many shapes, built and dropped, while one large tree stays: a node is a block of 32 bytes. Each
   tree's nodes are counted and their numbers added up when it is dropped. */
#include "single.h"

#define NODES_PER_AMOUNT 160000
#define LASTING 100000 /* nodes of the tree that stays */
#define LEAST 16       /* nodes of the others: log-uniform up to 16 * 2^10 */
#define OCTAVES 10

typedef struct Node Node;
struct Node {
  Node* left;
  Node* right;
  uint64_t number;
  uint64_t nodes; /* in the tree below and including this one */
};

/* A tree whose nodes have the numbers `first`, `first` + 1, ... from left to right, split at random. */
static Node* build(Random* random, uint64_t first, uint64_t nodes) {
  if (nodes == 0) return NULL;
  uint64_t left = nodes / 4 + random_below(random, (uint32_t)(nodes / 2 + 1));
  if (left == nodes) left--;
  Node* node = (Node*)take(sizeof(Node));
  node->number = first + left;
  node->nodes = nodes;
  node->left = build(random, first, left);
  node->right = build(random, first + left + 1, nodes - 1 - left);
  return node;
}

/* The sum of the numbers. */
static uint64_t demolish(Node* node, uint64_t first, uint64_t nodes) {
  if (node == NULL) {
    if (nodes != 0) fail("nodes are missing");
    return 0;
  }
  uint64_t left = node->number - first;
  if (node->nodes != nodes || left >= nodes) fail("a node was changed by somebody else");
  uint64_t sum = node->number;
  sum += demolish(node->left, first, left);
  sum += demolish(node->right, first + left + 1, nodes - 1 - left);
  give(node);
  return sum;
}

static uint64_t sum_from(uint64_t first, uint64_t count) { return count * first + count * (count - 1) / 2; }

int main(int argc, char** argv) {
  Arguments arguments = read_single(argc, argv);
  uint64_t wanted = arguments.amount * NODES_PER_AMOUNT;
  Random random = random_from(9);
  Node* lasting = build(&random, 1, LASTING);
  uint64_t sum = 0, made = 0;

  double start = seconds_now();
  while (made < wanted) {
    uint64_t nodes = random_size(&random, LEAST, OCTAVES);
    Node* tree = build(&random, made, nodes);
    uint64_t found = demolish(tree, made, nodes);
    if (found != sum_from(made, nodes)) fail("the sum of a tree is wrong");
    sum = mix(sum, found);
    made += nodes;
  }
  double seconds = seconds_now() - start;

  if (demolish(lasting, 1, LASTING) != sum_from(1, LASTING)) fail("the sum of the large tree is wrong");
  report_time(made, seconds);
  report_checked(sum);
}
