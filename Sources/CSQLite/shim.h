#pragma once
#include <sqlite3.h>

// A macro that casts to a function pointer: Swift cannot import it.
static inline sqlite3_destructor_type csqlite_transient(void) { return SQLITE_TRANSIENT; }
