#pragma once
#include <stddef.h>

/// The bytes of one file that is part of the program.
typedef struct {
    const unsigned char *_Nonnull bytes;
    size_t count;
} cassets_file;

cassets_file cassets_app_css(void);
cassets_file cassets_app_js(void);
cassets_file cassets_inter_ttf(void);
