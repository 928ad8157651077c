/* SPDX-License-Identifier: Apache-2.0 */
#define ZLIB_CONST /* its input is const then */
#include <isa-l.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/own.h"
#include "image/deflate.h"

/* RFC 1950, 2.2: deflate with a window of 32 KiB; "fastest algorithm", and the check bits that follow. */
enum { ZLIB_FIRST_BYTE = 0x78, ZLIB_FAST_BYTE = 0x01 };

struct deflater {
        enum compressor compressor;
        union {
                z_stream zlib;
                struct libdeflate_compressor *libdeflate;
                struct {
                        struct isal_zstream *stream;
                        uint8_t *level_buf;
                        uint32_t level_buf_bytes;
                        uint32_t level;
                } isal;
        } with;
};

struct inflater {
        struct libdeflate_decompressor *libdeflate;
};

static const struct {
        const char *name;
        int first_level, last_level, usual_level;
} libraries[COMPRESSOR_COUNT] = {
        [COMPRESSOR_ZLIB] = { "zlib", 1, 9, 6 },
        [COMPRESSOR_LIBDEFLATE] = { "libdeflate", 1, 12, 6 },
        [COMPRESSOR_ISAL] = { "isal", 1, 3, 1 },
};

const struct compression compression_default = { COMPRESSOR_ZLIB, 1 };

static bool compression_is_known(const struct compression *compression)
{
        return (unsigned)compression->compressor < COMPRESSOR_COUNT &&
               compression->level >= libraries[compression->compressor].first_level &&
               compression->level <= libraries[compression->compressor].last_level;
}

void compression_print(const struct compression *compression, char out[COMPRESSION_TEXT_CHARS + 1])
{
        (void)snprintf(out, COMPRESSION_TEXT_CHARS + 1, "%s-%d", libraries[compression->compressor].name,
                       compression->level);
}

bool compression_parse(const char *text, struct compression *ret_compression)
{
        for (int i = 0; i < COMPRESSOR_COUNT; i++) {
                size_t length = strlen(libraries[i].name);
                struct compression found = { (enum compressor)i, libraries[i].usual_level };

                if (strncmp(text, libraries[i].name, length) != 0)
                        continue;
                text += length;
                if (*text == '-') {
                        found.level = 0;
                        for (text++; *text >= '0' && *text <= '9' && found.level < 100; text++)
                                found.level = 10 * found.level + (*text - '0');
                        if (text[-1] == '-')
                                return false;
                }
                if (*text || !compression_is_known(&found))
                        return false;
                *ret_compression = found;
                return true;
        }
        return false;
}

/* Which of its code paths ISA-L takes: its bytes depend on that, as far as we know on nothing finer. */
static const char *isal_code_path(void)
{
#if defined(__x86_64__)
        return __builtin_cpu_supports("sse4.2") ? "sse4.2" : "base";
#elif defined(__aarch64__)
        return "aarch64";
#else
        return "base";
#endif
}

void compression_print_version(const struct compression *compression, char out[COMPRESSION_TEXT_CHARS + 1])
{
        switch (compression->compressor) {
        case COMPRESSOR_ZLIB:
                (void)snprintf(out, COMPRESSION_TEXT_CHARS + 1, "zlib %s", zlibVersion());
                break;
        case COMPRESSOR_LIBDEFLATE:
                (void)snprintf(out, COMPRESSION_TEXT_CHARS + 1, "libdeflate %s", LIBDEFLATE_VERSION_STRING);
                break;
        case COMPRESSOR_ISAL:
                (void)snprintf(out, COMPRESSION_TEXT_CHARS + 1, "isa-l %d.%d.%d %s", ISAL_MAJOR_VERSION,
                               ISAL_MINOR_VERSION, ISAL_PATCH_VERSION, isal_code_path());
                break;
        case COMPRESSOR_COUNT: out[0] = '\0'; break;
        }
}

static enum ingot_code open_isal(struct deflater *deflater, int level, struct ingot_error *err)
{
        static const uint32_t level_buf_bytes[] = { 0, ISAL_DEF_LVL1_DEFAULT, ISAL_DEF_LVL2_DEFAULT,
                                                    ISAL_DEF_LVL3_DEFAULT };

        deflater->with.isal.level = (uint32_t)level;
        deflater->with.isal.level_buf_bytes = level_buf_bytes[level];
        deflater->with.isal.stream = calloc(1, sizeof(struct isal_zstream));
        deflater->with.isal.level_buf = calloc(1, level_buf_bytes[level]);
        if (!deflater->with.isal.stream || !deflater->with.isal.level_buf)
                return ingot_fail_memory(err, sizeof(struct isal_zstream) + level_buf_bytes[level]);
        return INGOT_OK;
}

enum ingot_code deflater_new(const struct compression *compression, struct deflater **ret_deflater,
                             struct ingot_error *err)
{
        OWNED(deflater_drop) struct deflater *deflater = NULL;
        enum ingot_code r;

        if (!compression_is_known(compression))
                return ingot_fail(err, INGOT_E_USAGE, "compressor %u has no level %d",
                                  (unsigned)compression->compressor, compression->level);
        deflater = calloc(1, sizeof(*deflater));
        if (!deflater)
                return ingot_fail_memory(err, sizeof(*deflater));
        deflater->compressor = compression->compressor;
        switch (compression->compressor) {
        case COMPRESSOR_ZLIB:
                if (deflateInit(&deflater->with.zlib, compression->level) != Z_OK) {
                        memset(&deflater->with.zlib, 0, sizeof(deflater->with.zlib));
                        return ingot_fail_memory(err, 1 << 18);
                }
                break;
        case COMPRESSOR_LIBDEFLATE:
                deflater->with.libdeflate = libdeflate_alloc_compressor(compression->level);
                if (!deflater->with.libdeflate)
                        return ingot_fail_memory(err, 1 << 18);
                break;
        case COMPRESSOR_ISAL:
                r = open_isal(deflater, compression->level, err);
                if (r)
                        return r;
                break;
        case COMPRESSOR_COUNT: break;
        }
        *ret_deflater = TAKE(deflater);
        return INGOT_OK;
}

void deflater_free(struct deflater *deflater)
{
        if (!deflater)
                return;
        switch (deflater->compressor) {
        case COMPRESSOR_ZLIB: (void)deflateEnd(&deflater->with.zlib); break;
        case COMPRESSOR_LIBDEFLATE: libdeflate_free_compressor(deflater->with.libdeflate); break;
        case COMPRESSOR_ISAL:
                free(deflater->with.isal.stream);
                free(deflater->with.isal.level_buf);
                break;
        case COMPRESSOR_COUNT: break;
        }
        free(deflater);
}

void deflater_drop(struct deflater **deflater)
{
        deflater_free(*deflater);
        *deflater = NULL;
}

size_t deflate_bound(size_t size_bytes)
{
        return size_bytes + size_bytes / 128 + 256;
}

/* Each returns the packed size, 0 when the library refused or the room did not do. */
static size_t pack_zlib(z_stream *stream, const void *bytes, size_t size_bytes, void *out, size_t room_bytes)
{
        if (deflateReset(stream) != Z_OK)
                return 0;
        stream->next_in = bytes;
        stream->avail_in = (uInt)size_bytes;
        stream->next_out = out;
        stream->avail_out = (uInt)room_bytes;
        return deflate(stream, Z_FINISH) == Z_STREAM_END ? (size_t)stream->total_out : 0;
}

/* Level 0 is not offered: it has no way to store what cannot be packed, and grows it by a fifth. */
static size_t pack_isal(struct deflater *deflater, const void *bytes, size_t size_bytes, uint8_t *out,
                        size_t room_bytes)
{
        struct isal_zstream *stream = deflater->with.isal.stream;

        isal_deflate_stateless_init(stream);
        stream->level = deflater->with.isal.level;
        stream->level_buf = deflater->with.isal.level_buf;
        stream->level_buf_size = deflater->with.isal.level_buf_bytes;
        stream->gzip_flag = IGZIP_ZLIB;
        stream->end_of_stream = 1;
        stream->flush = NO_FLUSH;
        stream->next_in = (uint8_t *)bytes; /* ISA-L only reads it, and forgot to say so */
        stream->avail_in = (uint32_t)size_bytes;
        stream->next_out = out;
        stream->avail_out = (uint32_t)room_bytes;
        if (isal_deflate_stateless(stream) != COMP_OK || stream->avail_in)
                return 0;
        out[0] =
                ZLIB_FIRST_BYTE; /* 2.30 and 2.31 differ in the second byte, and in nothing else at level 1 */
        out[1] = ZLIB_FAST_BYTE;
        return stream->total_out;
}

enum ingot_code deflate_pack(struct deflater *deflater, const void *bytes, size_t size_bytes, void *out,
                             size_t *ret_packed_bytes, struct ingot_error *err)
{
        size_t room_bytes = deflate_bound(size_bytes), packed_bytes = 0;

        switch (deflater->compressor) {
        case COMPRESSOR_ZLIB:
                packed_bytes = pack_zlib(&deflater->with.zlib, bytes, size_bytes, out, room_bytes);
                break;
        case COMPRESSOR_LIBDEFLATE:
                packed_bytes = libdeflate_zlib_compress(deflater->with.libdeflate, bytes, size_bytes, out,
                                                        room_bytes);
                break;
        case COMPRESSOR_ISAL: packed_bytes = pack_isal(deflater, bytes, size_bytes, out, room_bytes); break;
        case COMPRESSOR_COUNT: break;
        }
        if (packed_bytes == 0)
                return ingot_fail(err, INGOT_E_BUG, "%s did not pack %zu bytes into %zu",
                                  libraries[deflater->compressor].name, size_bytes, room_bytes);
        *ret_packed_bytes = packed_bytes;
        return INGOT_OK;
}

enum ingot_code inflater_new(struct inflater **ret_inflater, struct ingot_error *err)
{
        OWNED(inflater_drop) struct inflater *inflater = calloc(1, sizeof(*inflater));

        if (!inflater)
                return ingot_fail_memory(err, sizeof(*inflater));
        inflater->libdeflate = libdeflate_alloc_decompressor();
        if (!inflater->libdeflate)
                return ingot_fail_memory(err, 1 << 14);
        *ret_inflater = TAKE(inflater);
        return INGOT_OK;
}

void inflater_free(struct inflater *inflater)
{
        if (!inflater)
                return;
        libdeflate_free_decompressor(inflater->libdeflate);
        free(inflater);
}

void inflater_drop(struct inflater **inflater)
{
        inflater_free(*inflater);
        *inflater = NULL;
}

enum ingot_code inflate_unpack(struct inflater *inflater, const void *packed, size_t packed_bytes, void *out,
                               size_t room_bytes, size_t *ret_size_bytes, struct ingot_error *err)
{
        size_t taken_bytes, size_bytes;

        switch (libdeflate_zlib_decompress_ex(inflater->libdeflate, packed, packed_bytes, out, room_bytes,
                                              &taken_bytes, &size_bytes)) {
        case LIBDEFLATE_SUCCESS: *ret_size_bytes = size_bytes; return INGOT_OK;
        case LIBDEFLATE_INSUFFICIENT_SPACE:
                return ingot_fail(err, INGOT_E_FORMAT, "a zlib stream holds more than %zu bytes", room_bytes);
        case LIBDEFLATE_BAD_DATA:
        case LIBDEFLATE_SHORT_OUTPUT:
        default: return ingot_fail(err, INGOT_E_FORMAT, "%zu bytes are not a zlib stream", packed_bytes);
        }
}
