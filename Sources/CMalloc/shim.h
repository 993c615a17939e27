#pragma once

#include <malloc.h>

// Swift's module of glibc leaves malloc.h out.
static inline void cmalloc_trim(void) { malloc_trim(0); }
