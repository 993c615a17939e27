// The description of the API, put into the program by the compiler (`#embed`, C23).
// `#embed` also works in the C17 that packages are compiled as; say so only once, here.
#pragma clang diagnostic ignored "-Wc23-extensions"

#include "COpenAPI.h"

static const unsigned char openapi_yaml[] = {
#embed "openapi.yaml"
};

copenapi_file copenapi_yaml(void) { return (copenapi_file){openapi_yaml, sizeof openapi_yaml}; }
