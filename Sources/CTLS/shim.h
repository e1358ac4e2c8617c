// OpenSSL's libssl. Swift cannot see its macros, so this header wraps those that the target TLS uses in functions.
#pragma once
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

// Options that disable a version of the protocol.
static const uint64_t apus_tls_no_1_0 = SSL_OP_NO_TLSv1;
static const uint64_t apus_tls_no_1_1 = SSL_OP_NO_TLSv1_1;
static const uint64_t apus_tls_no_1_2 = SSL_OP_NO_TLSv1_2;
static const uint64_t apus_tls_no_1_3 = SSL_OP_NO_TLSv1_3;
/// The server's order of ciphers takes precedence over the client's.
static const uint64_t apus_tls_prefer_own = SSL_OP_CIPHER_SERVER_PREFERENCE;

/// Creates a context for TLS 1.0 to 1.3 that frees the buffers of idle connections and never renegotiates; NULL if memory is exhausted.
static inline SSL_CTX *_Nullable apus_tls_context(void) {
  SSL_CTX *context = SSL_CTX_new(TLS_method());
  if (!context) return NULL;
  SSL_CTX_set_options(context, SSL_OP_NO_SSLv3 | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_SINGLE_DH_USE |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_dh_auto(context, 1);
  return context;
}

/// Caches up to `count` client sessions for `seconds`; disables the cache if `count` is negative.
static inline void apus_tls_keep_sessions(SSL_CTX *_Nonnull context, long count, long seconds) {
  SSL_CTX_set_session_cache_mode(context, count < 0 ? SSL_SESS_CACHE_OFF : SSL_SESS_CACHE_SERVER);
  if (count < 0) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    return;
  }
  SSL_CTX_sess_set_cache_size(context, count);
  SSL_CTX_set_timeout(context, seconds);
  SSL_CTX_set_session_id_context(context, (const unsigned char *)"apus", 4);
}

static inline int apus_tls_give_password(char *_Nonnull buffer, int size, int writes, void *_Nullable password) {
  (void)writes;
  int count = password ? (int)strlen((const char *)password) : 0;
  if (count > size) return -1;
  memcpy(buffer, password, (size_t)count);
  return count;
}

/// Sets the private key's password; it must outlive the loading of files into the context.
static inline void apus_tls_set_password(SSL_CTX *_Nonnull context, const char *_Nullable password) {
  SSL_CTX_set_default_passwd_cb(context, apus_tls_give_password);
  SSL_CTX_set_default_passwd_cb_userdata(context, (void *)password);
}

/// Loads the parameters for ephemeral Diffie-Hellman key exchange; false if the file has none.
static inline int apus_tls_load_dh(SSL_CTX *_Nonnull context, const char *_Nonnull path) {
  BIO *file = BIO_new_file(path, "r");
  EVP_PKEY *key = file ? PEM_read_bio_Parameters(file, NULL) : NULL;
  BIO_free(file);
  if (!key) return 0;
  if (SSL_CTX_set0_tmp_dh_pkey(context, key)) return 1;
  EVP_PKEY_free(key);
  return 0;
}

/// Creates a connection that reads and writes memory instead of a socket; NULL if memory is exhausted.
static inline SSL *_Nullable apus_tls_stream(SSL_CTX *_Nonnull context) {
  SSL *stream = SSL_new(context);
  BIO *input = BIO_new(BIO_s_mem());
  BIO *output = BIO_new(BIO_s_mem());
  if (!stream || !input || !output) {
    BIO_free(input);
    BIO_free(output);
    SSL_free(stream);
    return NULL;
  }
  SSL_set_bio(stream, input, output);
  return stream;
}

/// Passes in bytes that the peer sent; false if memory is exhausted.
static inline int apus_tls_feed(SSL *_Nonnull stream, const void *_Nonnull bytes, int count) {
  return BIO_write(SSL_get_rbio(stream), bytes, count) == count;
}

/// The number of bytes waiting to be sent to the peer.
static inline size_t apus_tls_output_count(SSL *_Nonnull stream) { return BIO_ctrl_pending(SSL_get_wbio(stream)); }

static inline int apus_tls_take_output(SSL *_Nonnull stream, void *_Nonnull bytes, int count) {
  return BIO_read(SSL_get_wbio(stream), bytes, count);
}

static inline int apus_tls_set_host(SSL *_Nonnull stream, const char *_Nonnull name) {
  return (int)SSL_set_tlsext_host_name(stream, name);
}

/// Writes the common name of the peer's certificate, zero-terminated; 0 if there is none.
static inline int apus_tls_peer_name(SSL *_Nonnull stream, char *_Nonnull buffer, int size) {
  X509 *certificate = SSL_get0_peer_certificate(stream);
  if (!certificate) return 0;
  int count = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, buffer, size);
  // A truncated name, or one that contains a zero byte, must not pass for a shorter one.
  return count > 0 && count < size - 1 && strlen(buffer) == (size_t)count;
}

/// The number of seconds until a certificate expires; 0 if unknown.
static inline long apus_tls_seconds_left(const X509 *_Nonnull certificate) {
  int days = 0, seconds = 0;
  if (!ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate))) return 0;
  return days * 86400L + seconds;
}

/// Writes the serial number of a certificate in hexadecimal, terminated, at most `size` bytes.
static inline void apus_tls_serial(const X509 *_Nonnull certificate, char *_Nonnull buffer, size_t size) {
  BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
  char *digits = number ? BN_bn2hex(number) : NULL;
  snprintf(buffer, size, "%s", digits ? digits : "");
  OPENSSL_free(digits);
  BN_free(number);
}

/// Counts the CA certificates loaded from a file, and returns the one that expires first; NULL if there are none.
static inline const X509 *_Nullable apus_tls_first_authority_to_expire(SSL_CTX *_Nonnull context, int *_Nonnull count) {
  STACK_OF(X509_OBJECT) *trusted = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
  const X509 *first = NULL;
  *count = 0;
  for (int i = 0; i < sk_X509_OBJECT_num(trusted); i++) {
    const X509 *next = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(trusted, i));
    if (!next) continue;
    ++*count;
    if (!first || ASN1_TIME_compare(X509_get0_notAfter(next), X509_get0_notAfter(first)) < 0) first = next;
  }
  return first;
}
