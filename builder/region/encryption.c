/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "region/chaos.h"
#include "region/encryption.h"

enum { KEY_CHARS = 160 };

static void print_key(const char *region, char out[KEY_CHARS])
{
        (void)snprintf(out, KEY_CHARS, "ebs-encryption-by-default %s", region);
}

enum ingot_code encryption_is_default(struct region_store *store, const char *region, bool *ret_is,
                                      struct ingot_error *err)
{
        char key[KEY_CHARS], value[CATALOGUE_VALUE_BYTES] = "off";
        enum ingot_code r;

        if (store->chaos && chaos_plan_of(store->chaos)->is_encrypted_by_default) {
                *ret_is = true;
                return INGOT_OK;
        }
        print_key(region, key);
        r = catalogue_find_value(store->catalogue, key, value, err);
        if (r && r != INGOT_E_NOT_FOUND)
                return r;
        *ret_is = strcmp(value, "on") == 0;
        return INGOT_OK;
}

enum ingot_code encryption_set_default(struct region_store *store, const char *region, bool is_default,
                                       struct ingot_error *err)
{
        char key[KEY_CHARS];

        print_key(region, key);
        return catalogue_set_value(store->catalogue, key, is_default ? "on" : "off", err);
}
