/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "wire/fault.h"

void fault_set_text(char *out, unsigned chars, const char *text)
{
        size_t used = 0;

        for (; text && *text && used < chars; text++) {
                out[used] = *text;
                if ((unsigned char)*text < ' ' || *text == 0x7f)
                        out[used] = ' ';
                used++;
        }
        out[used] = '\0';
}
