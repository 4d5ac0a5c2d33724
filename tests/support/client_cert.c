/* SPDX-License-Identifier: Apache-2.0 */
#include "client_cert.h"

#include <gnutls/gnutls.h>

bool client_cert_trusted(void *session)
{
    unsigned status = 1;

    return gnutls_certificate_verify_peers2(session, &status) == GNUTLS_E_SUCCESS && status == 0;
}
