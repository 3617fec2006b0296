// build: static
// secure: 0
// timeout: 120
// misuse_bounds.c with the static library, where something else comes of a row than at the level before.
#define LINKED
#include "misuse_bounds.c"
