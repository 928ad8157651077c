/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_FIT_H
#define FILESYSTEM_EXT4_FIT_H

/* builder/filesystem/ext4_fit.h
 * ext4_fit: how large a file system must be for a tree, and with which geometry it fits.
 *
 * Rules    (1) What fits by ext4_inventory_bound() is certain to fit; what does not, may.
 * Tests    tests/unit/filesystem/test_ext4_writer.c, test_ext4_stress.c
 */
#include "filesystem/ext4_inventory.h"

/*
 * Finds the smallest multiple of 1 MiB that is certain to hold it.
 *
 * Fails with   INGOT_E_LAYOUT  no ext4 file system that we make can
 */
enum ingot_code ext4_fit_measure(const struct ext4_inventory *inventory, uint64_t *ret_fit_bytes,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Plans the geometry of a given size, with a shorter journal where only that makes it do.
 *
 * Fails with   INGOT_E_LAYOUT  it does not fit: what is needed and what is there are told
 */
enum ingot_code ext4_fit_geometry(const struct ext4_inventory *inventory, uint64_t size_bytes,
                                  struct ext4_geometry *ret_geometry,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

#endif
