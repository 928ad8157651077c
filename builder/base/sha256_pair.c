/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/sha256_pair.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

enum { LANES = 2, CHUNK_BYTES = 64, LENGTH_BYTES = 8, TAIL_BYTES = 2 * CHUNK_BYTES };

#define SHA_INSTRUCTIONS __attribute__((target("sha,ssse3,sse4.1")))

_Alignas(16) static const uint32_t round_constants[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* As the instructions want it: the words a, b, e, f of FIPS 180-4 in one register, c, d, g, h in the other. */
struct lane {
        __m128i abef, cdgh;
};

bool sha256_pair_is_supported(void)
{
        unsigned eax, ebx, ecx, edx;

        if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_SSSE3) || !(ecx & bit_SSE4_1))
                return false;
        return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & bit_SHA);
}

/* Four rounds, and the words of sixteen rounds on; number is known to the compiler once all is unrolled. */
SHA_INSTRUCTIONS static inline void four_rounds(struct lane *lane, __m128i words[4], unsigned number)
{
        __m128i *now = &words[number % 4], *last = &words[(number + 3) % 4], sum;
        __m128i input = _mm_add_epi32(*now, _mm_load_si128((const __m128i *)round_constants + number));

        lane->cdgh = _mm_sha256rnds2_epu32(lane->cdgh, lane->abef, input);
        lane->abef = _mm_sha256rnds2_epu32(lane->abef, lane->cdgh, _mm_shuffle_epi32(input, 0x0e));
        if (number >= 12)
                return;
        sum = _mm_alignr_epi8(*last, words[(number + 2) % 4], 4);
        sum = _mm_add_epi32(sum, _mm_sha256msg1_epu32(*now, words[(number + 1) % 4]));
        *now = _mm_sha256msg2_epu32(sum, *last);
}

SHA_INSTRUCTIONS static inline void load_words(const uint8_t *in, __m128i words[4])
{
        const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203); /* big-endian */

        for (unsigned i = 0; i < 4; i++)
                words[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i_u *)in + i), swap);
}

SHA_INSTRUCTIONS static void compress(struct lane lanes[LANES], const uint8_t *const in[LANES],
                                      size_t size_bytes)
{
        struct lane first = lanes[0], second = lanes[1];

        for (size_t at = 0; at < size_bytes; at += CHUNK_BYTES) {
                const struct lane first_before = first, second_before = second;
                __m128i first_words[4], second_words[4];

                load_words(in[0] + at, first_words);
                load_words(in[1] + at, second_words);
#pragma GCC unroll 16
                for (unsigned i = 0; i < 16; i++) {
                        four_rounds(&first, first_words, i);
                        four_rounds(&second, second_words, i);
                }
                first.abef = _mm_add_epi32(first.abef, first_before.abef);
                first.cdgh = _mm_add_epi32(first.cdgh, first_before.cdgh);
                second.abef = _mm_add_epi32(second.abef, second_before.abef);
                second.cdgh = _mm_add_epi32(second.cdgh, second_before.cdgh);
        }
        lanes[0] = first;
        lanes[1] = second;
}

/* FIPS 180-4, 5.1.1: what is left of a message, a one bit, zeros, and its length in bits.  Returns its size. */
static size_t pad(const uint8_t *message, size_t size_bytes, uint8_t tail[TAIL_BYTES])
{
        size_t left_bytes = size_bytes % CHUNK_BYTES;
        size_t tail_bytes = left_bytes + 1 + LENGTH_BYTES <= CHUNK_BYTES ? CHUNK_BYTES : TAIL_BYTES;
        uint64_t bits = __builtin_bswap64((uint64_t)size_bytes * 8);

        memset(tail, 0, TAIL_BYTES);
        memcpy(tail, message + size_bytes - left_bytes, left_bytes);
        tail[left_bytes] = 0x80;
        memcpy(tail + tail_bytes - LENGTH_BYTES, &bits, LENGTH_BYTES);
        return tail_bytes;
}

static void print_digest(const struct lane *lane, struct digest *ret_digest)
{
        uint32_t feba[4], hgdc[4], out[8];

        memcpy(feba, &lane->abef, sizeof(feba));
        memcpy(hgdc, &lane->cdgh, sizeof(hgdc));
        for (unsigned i = 0; i < 2; i++) {
                out[i] = __builtin_bswap32(feba[3 - i]);
                out[2 + i] = __builtin_bswap32(hgdc[3 - i]);
                out[4 + i] = __builtin_bswap32(feba[1 - i]);
                out[6 + i] = __builtin_bswap32(hgdc[1 - i]);
        }
        memcpy(ret_digest->bytes, out, DIGEST_BYTES);
}

enum ingot_code sha256_pair(const void *first, const void *second, size_t size_bytes,
                            struct digest *ret_first, struct digest *ret_second, struct ingot_error *err)
{
        const uint8_t *const messages[LANES] = { first, second };
        uint8_t tails[LANES][TAIL_BYTES];
        const uint8_t *const ends[LANES] = { tails[0], tails[1] };
        size_t tail_bytes = pad(first, size_bytes, tails[0]);
        struct lane lanes[LANES];

        (void)err; /* nothing here can fail */
        (void)pad(second, size_bytes, tails[1]);
        for (unsigned l = 0; l < LANES; l++) {
                lanes[l].abef = _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c);
                lanes[l].cdgh = _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19);
        }
        compress(lanes, messages, size_bytes - size_bytes % CHUNK_BYTES);
        compress(lanes, ends, tail_bytes);
        print_digest(&lanes[0], ret_first);
        print_digest(&lanes[1], ret_second);
        return INGOT_OK;
}

#else

bool sha256_pair_is_supported(void)
{
        return false;
}

enum ingot_code sha256_pair(const void *first, const void *second, size_t size_bytes,
                            struct digest *ret_first, struct digest *ret_second, struct ingot_error *err)
{
        struct digest made;
        enum ingot_code r = digest_of(first, size_bytes, &made, err);

        if (!r)
                r = digest_of(second, size_bytes, ret_second, err);
        if (!r)
                *ret_first = made;
        return r;
}

#endif
