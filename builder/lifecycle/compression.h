/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_COMPRESSION_H
#define LIFECYCLE_COMPRESSION_H

/* builder/lifecycle/compression.h
 * compression: what a caller asked for, as image/deflate knows it.
 */
#include "image/deflate.h"

/*
 * name         "libdeflate", "zlib", "isal" or "libdeflate-6"; NULL: the default
 * level        -1: the name's own
 * Fails with   INGOT_E_USAGE  no such compressor or level
 */
enum ingot_code compression_choose(const char *name, int level, struct compression *ret_compression,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

#endif
