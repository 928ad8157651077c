/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_DEFLATE_H
#define IMAGE_DEFLATE_H

/* builder/image/deflate.h
 * deflate: zlib streams (RFC 1950) by one of three libraries behind one function.
 *
 * Rules    (1) Equal input, compression and library version give equal bytes, whatever was packed before:
 *              a deflater keeps memory, never history.
 *          (2) A deflater or inflater belongs to one thread at a time.
 *          (3) Unpacking never writes past the room it is given, whatever the input says.
 * Source   RFC 1950, RFC 1951.
 * Tests    tests/unit/image/test_deflate.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

enum compressor { COMPRESSOR_ZLIB, COMPRESSOR_LIBDEFLATE, COMPRESSOR_ISAL, COMPRESSOR_COUNT };

struct compression {
        enum compressor compressor;
        int level; /* zlib 1..9, libdeflate 1..12, ISA-L 0..3 */
};

extern const struct compression compression_default;

enum { COMPRESSION_TEXT_CHARS = 31 };

/* Prints "libdeflate-6": what the command line takes and the plan says. */
void compression_print(const struct compression *compression, char out[COMPRESSION_TEXT_CHARS + 1]);
/* Reads what compression_print() prints, or a library's name alone for its usual level; false otherwise. */
bool compression_parse(const char *text, struct compression *ret_compression);
/* Prints the library and the version this program runs with: "libdeflate 1.14". */
void compression_print_version(const struct compression *compression, char out[COMPRESSION_TEXT_CHARS + 1]);

struct deflater;

/*
 * Fails with   INGOT_E_MEMORY; INGOT_E_USAGE  the library has no such level
 */
enum ingot_code deflater_new(const struct compression *compression, struct deflater **ret_deflater,
                             struct ingot_error *err) INGOT_MUST_CHECK;
void deflater_free(struct deflater *deflater);
void deflater_drop(struct deflater **deflater);

/* How many bytes the packed form of size_bytes can take at most, by any of the three. */
size_t deflate_bound(size_t size_bytes);

/*
 * Packs bytes into one zlib stream.
 *
 * out            has room for deflate_bound(size_bytes)
 * Fails with     INGOT_E_BUG  the library refused
 */
enum ingot_code deflate_pack(struct deflater *deflater, const void *bytes, size_t size_bytes, void *out,
                             size_t *ret_packed_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

struct inflater;

/*
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code inflater_new(struct inflater **ret_inflater, struct ingot_error *err) INGOT_MUST_CHECK;
void inflater_free(struct inflater *inflater);
void inflater_drop(struct inflater **inflater);

/*
 * Unpacks the zlib stream at the start of packed; bytes behind its end are not looked at.
 *
 * ret_size_bytes how many of the room_bytes at out were filled
 * Fails with     INGOT_E_FORMAT  not a zlib stream, or it does not fit room_bytes
 */
enum ingot_code inflate_unpack(struct inflater *inflater, const void *packed, size_t packed_bytes, void *out,
                               size_t room_bytes, size_t *ret_size_bytes,
                               struct ingot_error *err) INGOT_MUST_CHECK;

#endif
