/* SPDX-License-Identifier: Apache-2.0 */
#include <ingot/ingot.h>

const char *ingot_version(void)
{
        return INGOT_VERSION;
}
