/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "lifecycle/compression.h"

enum ingot_code compression_choose(const char *name, int level, struct compression *ret_compression,
                                   struct ingot_error *err)
{
        struct compression chosen = compression_default;
        struct deflater *probe = NULL;
        enum ingot_code r;

        if (name && !compression_parse(name, &chosen))
                return ingot_fail(
                        err, INGOT_E_USAGE,
                        "'%s' is no compressor; libdeflate, zlib and isal are, each with or without a "
                        "level: libdeflate-6",
                        name);
        if (level >= 0)
                chosen.level = level;
        r = deflater_new(&chosen, &probe, err); /* knows which levels there are */
        deflater_free(probe);
        if (r)
                return r;
        *ret_compression = chosen;
        return INGOT_OK;
}
