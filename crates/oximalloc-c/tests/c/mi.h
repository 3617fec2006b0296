// The whole C interface.
#ifndef MI_H
#define MI_H
#include <mimalloc.h>
#include <mimalloc-stats.h>
#endif
