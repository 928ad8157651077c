/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_CATALOGUE_SCHEMA_H
#define REGION_CATALOGUE_SCHEMA_H

/* builder/region/catalogue_schema.h
 * catalogue_schema: the tables of a catalogue, and the steps that take an older one's to them.
 *
 * Rules    (1) user_version counts the steps that were taken.  A step that was ever released is not changed: a
 *              change of the schema is one more step at the end of the list.
 *          (2) A new catalogue takes all steps, so that old and new have the same tables.
 *          (3) All steps that are missing are taken, or none.
 * Tests    tests/unit/region/test_catalogue_schema.c
 */
#include "region/catalogue.h"

/*
 * Takes the steps that are missing.  Foreign keys must be off meanwhile.
 *
 * Fails with   INGOT_E_FORMAT  more steps were taken than we know
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code catalogue_make_schema(struct catalogue *catalogue, struct ingot_error *err) INGOT_MUST_CHECK;

/* The number of steps. */
int catalogue_schema_version(void);

#endif
