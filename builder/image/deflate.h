/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_DEFLATE_H
#define IMAGE_DEFLATE_H

/* builder/image/deflate.h
 * deflate: zlib streams (RFC 1950) by one of three libraries behind one function.
 *
 * Rules    (1) zlib and libdeflate: equal input, level and library version give equal bytes, whatever was
 *              packed before.  ISA-L does not promise that (c).
 *          (2) A deflater or inflater belongs to one thread at a time.
 *          (3) Unpacking never writes past the room it is given, whatever the input says.
 *          (4) The default is zlib level 1: the only one whose bytes are the same for every library version,
 *              processor and run that was tried, which is what a build promises.  It is still five times as
 *              fast as qemu-img on two cores.  Figures for the 7,940 grains of 64 KiB that are not zero of a
 *              Debian 12 root in ext4 (496 MiB), on one core of an EPYC with AVX-512; "versions" compares the
 *              libraries of Debian 12 and 13 (ISA-L 2.30 and 2.31, libdeflate 1.14 and 1.23, zlib 1.2.13 and
 *              1.3.1), "processors" emulated Nehalem and Haswell with the real one:
 *
 *                              MB/s    bytes      versions             processors
 *              isal-1          480     192.5 M    same (a)             same from SSE4.2 on (b)
 *              isal-2          470     191.1 M    same (a)             same from SSE4.2 on (b)
 *              isal-3          280     188.8 M    same (a)             differs
 *              libdeflate-1    219     186.5 M    2 grains differ      same
 *              libdeflate-2    148     178.8 M    29 grains differ     not tried
 *              libdeflate-5     94     172.8 M    26 grains differ     same
 *              libdeflate-6     79     171.9 M    differs              not tried
 *              zlib-1           96     189.0 M    same                 same
 *              zlib-6           34     174.4 M    same                 not tried
 *
 *              (a) in stateless calls, and once its zlib header is set by us: 2.31 writes another second byte.
 *              (b) differs on x86-64 without SSE4.2, and is not known on other architectures: the code path
 *              is therefore part of the printed version.
 *              (c) about one grain in 8,000 comes out some bytes longer or shorter from run to run (ISA-L 2.30;
 *              never with address space randomisation switched off): it is the choice where time is everything
 *              and nobody compares containers.
 *              Where size matters, libdeflate-5 is smaller than zlib-6 at almost thrice its speed, and its
 *              version must be pinned.
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
        int level; /* zlib 1..9, libdeflate 1..12, ISA-L 1..3 */
};

extern const struct compression compression_default;

enum { COMPRESSION_TEXT_CHARS = 31 };

/* Prints "libdeflate-6": what the command line takes and the plan says. */
void compression_print(const struct compression *compression, char out[COMPRESSION_TEXT_CHARS + 1]);
/* Reads what compression_print() prints, or a library's name alone for its usual level; false otherwise. */
bool compression_parse(const char *text, struct compression *ret_compression);
/* Prints the library and the version this program runs with: "libdeflate 1.14", "isa-l 2.30.0 sse4.2".  libdeflate
 * and ISA-L tell only the version they were compiled against. */
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
