/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a TLS client has shown a certificate that the server trusts. */
#ifndef CLIENT_CERT_H
#define CLIENT_CERT_H
#include <stdbool.h>

/* session is the gnutls_session_t of a connection, after its handshake. */
bool client_cert_trusted(void *session);

#endif
