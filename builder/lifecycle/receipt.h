/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_RECEIPT_H
#define LIFECYCLE_RECEIPT_H

/* builder/lifecycle/receipt.h
 * receipt: what a release did in one region, kept beside the build.
 *
 * Tests    tests/fault/test_lifecycle_fault.c
 */
#include <ingot/publish.h>

#include "base/json.h"

/*
 * Writes FOLDER/receipt-REGION.json, whole.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code receipt_write(const char *folder, const struct ingot_receipt *receipt,
                              struct ingot_error *err) INGOT_MUST_CHECK;

/* Puts what was done for one snapshot into object; which device it is for is the caller's to say. */
void receipt_put_snapshot(struct json_doc *doc, struct json_value *object,
                          const struct ingot_snapshot_receipt *one);

#endif
