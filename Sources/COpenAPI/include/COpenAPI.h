#pragma once
#include <stddef.h>

/// The bytes of one file that is part of the program.
typedef struct {
    const unsigned char *_Nonnull bytes;
    size_t count;
} copenapi_file;

copenapi_file copenapi_yaml(void);
