#pragma once

// A compiler builtin: Swift has no name for it.
static inline void cprefetch_read(const void *address) { __builtin_prefetch(address, 0, 3); }
