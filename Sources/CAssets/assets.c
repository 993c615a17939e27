// Files that the portal serves, put into the program by the compiler (`#embed`, C23), so that one
// binary is all there is to install. Inter is read where Debian 12 installs it.
// `#embed` also works in the C17 that packages are compiled as; say so only once, here.
#pragma clang diagnostic ignored "-Wc23-extensions"

#include "CAssets.h"

#define INTER "/usr/share/fonts/truetype/inter-vf/Inter-roman.var.ttf"

static const unsigned char app_css[] = {
#embed "app.css"
};

static const unsigned char app_js[] = {
#embed "app.js"
};

static const unsigned char inter_ttf[] = {
#if __has_embed(INTER)
#embed INTER
#else
#error "Inter is missing: apt-get install fonts-inter-variable"
#endif
};

cassets_file cassets_app_css(void) { return (cassets_file){app_css, sizeof app_css}; }
cassets_file cassets_app_js(void) { return (cassets_file){app_js, sizeof app_js}; }
cassets_file cassets_inter_ttf(void) { return (cassets_file){inter_ttf, sizeof inter_ttf}; }
