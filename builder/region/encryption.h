/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_ENCRYPTION_H
#define REGION_ENCRYPTION_H

/* builder/region/encryption.h
 * encryption: whether what is made in a region is encrypted though nobody asked for it.
 *
 * Rules    (1) It is a setting of account and region, kept in the catalogue; off at first.  Chaos may turn it on.
 * Source   facts/aws-api.md 2.4
 * Tests    tests/unit/region/test_encryption.c
 */
#include "region/store.h"

/* region: as the catalogue names it.  Fails with INGOT_E_SYSTEM, INGOT_E_FORMAT. */
enum ingot_code encryption_is_default(struct region_store *store, const char *region, bool *ret_is,
                                      struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code encryption_set_default(struct region_store *store, const char *region, bool is_default,
                                       struct ingot_error *err) INGOT_MUST_CHECK;

#endif
