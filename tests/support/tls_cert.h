/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates for tests of TLS, made on the spot so that none can expire. */
#ifndef TLS_CERT_H
#define TLS_CERT_H

/*
 * Write a self-signed certificate for 127.0.0.1, which is its own authority, and its private key as
 * PEM files. The test fails where that cannot be.
 */
void tls_cert_make(const char *cert_path, const char *key_path);

#endif
