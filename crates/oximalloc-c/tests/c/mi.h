// The whole C interface.
#ifndef MI_H
#define MI_H
#include <mimalloc.h>
#if __has_include(<mimalloc-stats.h>)
#include <mimalloc-stats.h>
#elif !defined(MI_HAS_ALL)
#include "mi_all.h"
#endif
#endif
