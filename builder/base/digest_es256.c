/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/digest.h"
#include "base/digest_es256.h"

enum { DER_BYTES_MAX = 80, PEM_BYTES_MAX = 16384 };

struct es256_key {
        EVP_PKEY *key;
};

void es256_key_free(struct es256_key *key)
{
        if (!key)
                return;
        EVP_PKEY_free(key->key);
        free(key);
}

void es256_key_drop(struct es256_key **key)
{
        es256_key_free(*key);
        *key = NULL;
}

/* Answers for a key that wants a password: there is none to ask. */
static int no_password(char *out, int room, int writing, void *context)
{
        (void)out;
        (void)room;
        (void)writing;
        (void)context;
        return -1;
}

static EVP_PKEY *read_pem(const char *pem)
{
        size_t chars = strlen(pem);
        BIO *bio = chars < PEM_BYTES_MAX ? BIO_new_mem_buf(pem, (int)chars) : NULL;
        EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;

        BIO_free(bio);
        return key;
}

enum ingot_code es256_key_of_pem(const char *pem, struct es256_key **ret_key, struct ingot_error *err)
{
        struct es256_key *made = calloc(1, sizeof(*made));
        char curve[32] = "";

        if (!made)
                return ingot_fail_memory(err, sizeof(*made));
        made->key = read_pem(pem);
        if (made->key && EVP_PKEY_get_group_name(made->key, curve, sizeof(curve), NULL) == 1 &&
            strcmp(curve, "prime256v1") == 0) {
                *ret_key = made;
                return INGOT_OK;
        }
        es256_key_free(made);
        return ingot_fail(err, INGOT_E_FORMAT, "this is no private key of the curve P-256");
}

enum ingot_code es256_public(const struct es256_key *key, uint8_t out[ES256_BYTES], struct ingot_error *err)
{
        BIGNUM *x = NULL, *y = NULL;
        int ok = EVP_PKEY_get_bn_param(key->key, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
                 EVP_PKEY_get_bn_param(key->key, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 &&
                 BN_bn2binpad(x, out, ES256_HALF_BYTES) == ES256_HALF_BYTES &&
                 BN_bn2binpad(y, out + ES256_HALF_BYTES, ES256_HALF_BYTES) == ES256_HALF_BYTES;

        BN_free(x);
        BN_free(y);
        return ok ? INGOT_OK : ingot_fail(err, INGOT_E_BUG, "OpenSSL refused to show a public key");
}

/* OpenSSL's signature is a DER sequence of r and s. */
static int flatten(const unsigned char *der, size_t size_bytes, uint8_t out[ES256_BYTES])
{
        ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)size_bytes);
        int ok = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, ES256_HALF_BYTES) == ES256_HALF_BYTES &&
                 BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + ES256_HALF_BYTES, ES256_HALF_BYTES) ==
                         ES256_HALF_BYTES;

        ECDSA_SIG_free(pair);
        return ok;
}

enum ingot_code es256_sign(const struct es256_key *key, const void *bytes, size_t size_bytes,
                           uint8_t out[ES256_BYTES], struct ingot_error *err)
{
        unsigned char der[DER_BYTES_MAX];
        size_t der_bytes = sizeof(der);
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        int ok = context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key->key) == 1 &&
                 EVP_DigestSign(context, der, &der_bytes, bytes, size_bytes) == 1 &&
                 flatten(der, der_bytes, out);

        EVP_MD_CTX_free(context);
        return ok ? INGOT_OK : ingot_fail(err, INGOT_E_BUG, "OpenSSL refused to sign by ECDSA");
}

void base64url_encode(const void *bytes, size_t size_bytes, char *out)
{
        base64_encode(bytes, size_bytes, out);
        for (; *out && *out != '='; out++) {
                if (*out == '+')
                        *out = '-';
                else if (*out == '/')
                        *out = '_';
        }
        *out = '\0';
}
