/// libLaminaTorch's exports: each function of `CTorchFunctions.h` as `laminatorch_x`. Nobody links them: `CTorch` looks
/// them up by name.
#ifndef LAMINATORCH_H
#define LAMINATORCH_H

#include "CTorch.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LAMINATORCH_DECLARE(result, name, parameters, arguments) result laminatorch_##name parameters;
CTORCH_FUNCTIONS(LAMINATORCH_DECLARE)
#undef LAMINATORCH_DECLARE

#ifdef __cplusplus
}
#endif

#endif
